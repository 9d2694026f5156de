// Entry: decides whether this page is counted, counts it when it is first seen, and answers `sanaq(…)`.

import { followAttention, report, watch } from './engage';
import { listen, safely } from './guard';
import { followNavigation, followReturn } from './navigate';
import { followLinks } from './outbound';
import { isElsewhere, send, turnPage } from './send';
import { attributes, log } from './tag';

const RUNNING = 'already running';
type Call = Parameters<Sanaq>;

/** Why this page is not counted; empty when it is. */
const skipReason = (): string =>
  window.sanaq?.on
    ? RUNNING
    : !/^http/.test(location.protocol)
      ? 'not a web page'
      : /^(localhost|127\.[\d.]+|\[::1\])$/.test(location.hostname) && !('local' in attributes)
        ? 'local address'
        : '';

const viewPage = (): void => {
  turnPage();
  watch();
  send('pageview');
};

const countEvent = (name: string, { props, revenue, interactive }: SanaqDetails = {}): void =>
  // Interactive is what the collector takes for granted.
  send(name, { p: props, $: revenue, i: interactive && undefined });

// Calls made before this script had loaded; later ones join them until the page has been seen.
const queue = window.sanaq?.q || [];
let take = (...call: Call): unknown => queue.push(call);
let started = false;

const sanaq: Sanaq = safely((...call: Call) => take(...call));

/** A page that is prerendered or opened in the background counts when it is first shown. */
const startWhenSeen = (): void => {
  if (started || document.hidden) return;
  started = true;
  viewPage();
  followAttention();
  followReturn(viewPage);
  followNavigation(() => {
    if (isElsewhere()) {
      report();
      viewPage();
    }
  });
  followLinks();
  take = countEvent;
  for (const call of queue) sanaq(...call);
};

const reason = skipReason();
if (reason != RUNNING) {
  sanaq.on = true;
  window.sanaq = sanaq;
}
if (reason) {
  take = () => log('not counted:', reason);
  sanaq('');
} else {
  listen('visibilitychange', startWhenSeen);
  startWhenSeen();
}
