// What a page may call, and what browsers have that TypeScript's `dom` library does not know.

/** What goes with an event. Sent as it stands: the collector knows these keys. */
interface SanaqDetails {
  /** Custom properties, at most 30: short texts, numbers or booleans. Nothing that says who the visitor is. */
  props?: Record<string, string | number | boolean>;
  /** Money; `currency` is an ISO 4217 code. */
  revenue?: { amount: number | string; currency: string };
  /** False when the event must not count against a bounce. */
  interactive?: boolean;
}

interface Sanaq {
  (name: string, details?: SanaqDetails): void;
  /** Calls made before the script had loaded. */
  q?: [name: string, details?: SanaqDetails][];
  /** Set by the script itself, so that a second copy of it on the page keeps still. */
  on?: 1;
}

interface Window {
  readonly Temporal?: { Now: { timeZoneId(): string } };
  sanaq?: Sanaq;
}

declare let sanaq: Sanaq | undefined;

interface Navigator {
  readonly globalPrivacyControl?: boolean;
}
