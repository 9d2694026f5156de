// The script element that loaded us: where it came from, and what its attributes switch.

// Null only where the script was loaded in a way we don't support; the error is caught and the page unharmed.
const script = document.currentScript as HTMLScriptElement;

/** `data-site`, `data-api`, `data-hash`, `data-local`, `data-debug`. */
export const attributes = script.dataset;

/** Where beacons go: the origin the script came from, unless the page says otherwise. */
export const api = attributes.api || new URL('/api/event', script.src).href;

/** Says what was decided and why, when `data-debug` asks for it. */
export const log = (...what: unknown[]): void => {
  if ('debug' in attributes) console.log('sanaq', ...what);
};
