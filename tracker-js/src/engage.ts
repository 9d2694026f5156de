// How long the page was visible and focused, and how far down it was seen.

import { listen } from './guard';
import { optedOut, send } from './send';

/** A second report about the same page must be worth a request. */
const WORTH_REPORTING_MS = 3000;

let engagedMs: number;
let activeSince: number;
/** Lower edge of the furthest view, in pixels. */
let furthest: number;
/** In percent; below 0 as long as nothing was reported about this page. */
let reportedDepth: number;

/** Stops the clock, and starts it again if the visitor is looking. */
const tick = (): void => {
  const now = performance.now();
  if (activeSince) engagedMs += now - activeSince;
  // With the focus in an embedded frame, `hasFocus` still says yes.
  activeSince = document.hidden || !document.hasFocus() ? 0 : now;
};

const look = (): void => {
  furthest = Math.max(furthest, scrollY + innerHeight);
};

/** Forgets the page before and begins to watch this one. */
export const watch = (): void => {
  engagedMs = activeSince = furthest = 0;
  reportedDepth = -1;
  tick();
};

/** Reports on the page when it is hidden or left: always once, then only when there is something new to say. */
export const report = (): void => {
  tick();
  look();
  // Rounded by `| 0`, which turns the Infinity and NaN of a page without height into 0.
  const depth = Math.min(100, ((100 * furthest) / document.documentElement.scrollHeight + 0.5) | 0);
  // A visitor who opted out is one tally: there is nothing to attach a report to.
  if (!optedOut && (depth > reportedDepth || engagedMs > WORTH_REPORTING_MS)) {
    send('engagement', { e: engagedMs | 0, sd: depth || null });
    engagedMs = 0;
    reportedDepth = depth;
  }
};

/** Follows focus, visibility and scrolling. */
export const followAttention = (): void => {
  listen('focus', tick);
  listen('blur', tick);
  listen('scroll', look);
  listen('pagehide', report);
  listen('visibilitychange', () => (document.hidden ? report() : tick()));
};
