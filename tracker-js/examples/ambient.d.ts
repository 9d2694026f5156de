// As much of the frameworks as the examples use: they are type-checked without installing them.
declare module 'react' {
  export function useEffect(work: () => void, dependencies: readonly unknown[]): void;
}
declare module 'vue' {
  export interface App {
    config: { globalProperties: Record<string, unknown> };
  }
}
declare module '#app' {
  export function defineNuxtPlugin<T>(plugin: () => T): T;
}
declare namespace JSX {
  interface IntrinsicElements {
    button: { onClick?: () => void; children?: unknown };
  }
}
