// Keeps our errors away from the page.

import { log } from './tag';

/** The same work, but what it throws ends here. */
export const safely =
  <A extends unknown[]>(work: (...given: A) => void) =>
  (...given: A): void => {
    try {
      work(...given);
    } catch (error) {
      log(error);
    }
  };

/** Listens in the capture phase, so that a page that stops an event on its way doesn't hide it from us. */
export const listen = <E extends Event>(type: string, work: (event: E) => void, target: EventTarget = window): void =>
  target.addEventListener(type, safely(work) as EventListener, true);
