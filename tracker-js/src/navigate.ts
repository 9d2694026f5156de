// Ways to another page that don't load this script again.

import { listen, safely } from './guard';

/** Calls back after every change of the address within this document. */
export const followNavigation = (changed: () => void): void => {
  if (window.navigation) {
    listen('currententrychange', changed, window.navigation);
  } else {
    for (const method of ['pushState', 'replaceState'] as const) {
      const original = history[method];
      history[method] = function (...given) {
        original.apply(this, given);
        safely(changed)();
      };
    }
    listen('popstate', changed);
  }
};

/** Calls back when the whole page comes back out of the back/forward cache. */
export const followReturn = (returned: () => void): void =>
  listen('pageshow', (event: PageTransitionEvent) => {
    if (event.persisted) returned();
  });
