// Clicks on links that lead to another site.

import { listen } from './guard';
import { send } from './send';

const MIDDLE_BUTTON = 1;

const clicked = (event: MouseEvent): void => {
  if (event.button > MIDDLE_BUTTON) return;
  // The path of the event also leads through shadow trees; only links have a `pathname`.
  const link = event.composedPath().find((node) => (node as HTMLAnchorElement).pathname) as HTMLAnchorElement;
  if (link && /^http/.test(link.protocol) && link.host != location.host) {
    send('Outbound Link: Click', { p: { url: link.host + link.pathname } });
  }
};

/** Counts clicks on links that lead to another site, also with the middle button. */
export const followLinks = (): void => {
  listen('click', clicked);
  listen('auxclick', clicked);
};
