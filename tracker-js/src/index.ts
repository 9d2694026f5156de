// The npm package: the same tracker, started by a call. Importing it does nothing, on a server calling it does nothing either.

import { start } from './tracker';

/** What {@link init} takes. Only `site` and `api` are needed. */
export interface Options {
  /** The site's domain as registered in Sanaq; several, separated by commas, count for each. */
  site: string;
  /** Where beacons go: `https://stats.example.org/api/event`. */
  api: string;
  /** The fragment tells pages apart (hash routing). */
  hash?: boolean;
  /** A selector of the link that has the page's own address: `link[rel=canonical]`. */
  canonical?: string;
  /** Names of events that are not wanted: `['File Download', '404']`. */
  off?: readonly string[];
  /** Count on `localhost` and in automated browsers too. */
  local?: boolean;
  /** Print every decision to the console. */
  debug?: boolean;
}

/** What goes with an event. */
export interface Details {
  /** Custom properties, at most 30: short texts, numbers or booleans. Nothing that says who the visitor is. */
  props?: Record<string, string | number | boolean>;
  /** Money; `currency` is an ISO 4217 code. */
  revenue?: { amount: number | string; currency: string };
  /** False when the event must not count against a bounce. */
  interactive?: boolean;
}

const inBrowser = (): boolean => typeof document != 'undefined';

/** Starts counting this page and those that follow it. A second call does nothing; neither does one on a server. */
export const init = ({ site, api, hash, canonical, off, local, debug }: Options): void => {
  if (!inBrowser()) return;
  const attributes: Record<string, string | undefined> = { site, canonical, off: off?.join() };
  for (const [name, wanted] of Object.entries({ hash, local, debug })) if (wanted) attributes[name] = '';
  try {
    start(attributes, api);
  } catch {
    // A page whose browser lacks what we need is not counted, and not harmed.
  }
};

/** Counts an event. Before {@link init} it waits. */
export const track = (name: string, details?: Details): void => {
  if (!inBrowser()) return;
  window.sanaq ??= function (...call: [string, Details?]): void {
    (window.sanaq!.q ??= []).push(call);
  };
  window.sanaq(name, details);
};

/** Whether this browser is left out of the count. */
export const isIgnored = (): boolean => {
  try {
    return !!localStorage.sanaq_ignore;
  } catch {
    return false;
  }
};

/** Leaves this browser out of the count, or takes it in again: for the visitor's own button, and nothing else. From the next page on. */
export const ignore = (ignored: boolean): void => {
  if (ignored) localStorage.sanaq_ignore = '1';
  else delete localStorage.sanaq_ignore;
};
