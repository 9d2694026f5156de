// Measures how the page felt to load and to use, by Google's library, and says so once, when the page is first hidden.
// In whole milliseconds, the layout shift in thousandths. Loaded by vitals.ts, or through npm.

import { onCLS, onFCP, onINP, onLCP, onTTFB, type Metric } from 'web-vitals';

/** Begins to measure; once per document. In a prerendered or restored page the library knows what to leave out. */
export const measure = (): void => {
  const props: Record<string, number> = {};
  // The page that was loaded: later ones of a single-page application were not.
  const u = location.origin + location.pathname;
  const tell = (): void => {
    if (document.visibilityState == 'hidden' && 'ttfb' in props) {
      removeEventListener('visibilitychange', tell);
      const details = { u, props, interactive: false };
      window.sanaq?.('vitals', details);
    }
  };
  for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) {
    on(({ name, value }: Metric) => {
      props[name.toLowerCase()] = Math.round(name == 'CLS' ? value * 1000 : value);
    });
  }
  // After the library's own listeners, which hand over the last values: those are for the capture phase.
  addEventListener('visibilitychange', tell);
};
