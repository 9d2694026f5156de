/** What the numbers are grouped and filtered by: short names for the address bar, and what the API calls them. */
import type { WordKey } from "./languages/files";

export const DIMENSIONS = {
  page: "event:page",
  entry_page: "visit:entry_page",
  exit_page: "visit:exit_page",
  hostname: "event:hostname",
  source: "visit:source",
  channel: "visit:channel",
  referrer: "visit:referrer",
  utm_source: "visit:utm_source",
  utm_medium: "visit:utm_medium",
  utm_campaign: "visit:utm_campaign",
  utm_content: "visit:utm_content",
  utm_term: "visit:utm_term",
  country: "visit:country",
  region: "visit:region",
  device: "visit:device",
  browser: "visit:browser",
  browser_version: "visit:browser_version",
  os: "visit:os",
  os_version: "visit:os_version",
  screen: "visit:screen",
  language: "visit:language",
  event: "event:name",
  goal: "event:goal",
} as const;

export type NamedDimension = keyof typeof DIMENSIONS;
/** `prop:plan` is the custom property `plan`. */
export type Dimension = NamedDimension | `prop:${string}`;

export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as NamedDimension[];

/** A property's key takes at most so many bytes (`aggregator/src/question/names.rs`). */
const KEY_BYTES = 100;

export function isProperty(dimension: Dimension): dimension is `prop:${string}` {
  return dimension.startsWith("prop:");
}

export function readDimension(name: string | null | undefined): Dimension | null {
  if (!name) return null;
  if (name.startsWith("prop:")) {
    const length = new TextEncoder().encode(name.slice(5)).length;
    return length > 0 && length <= KEY_BYTES ? (name as Dimension) : null;
  }
  return Object.hasOwn(DIMENSIONS, name) ? (name as NamedDimension) : null;
}

export function apiDimension(dimension: Dimension): string {
  return isProperty(dimension) ? `event:props:${dimension.slice(5)}` : DIMENSIONS[dimension];
}

export function fromApiDimension(name: string): Dimension | null {
  if (name.startsWith("event:props:")) return readDimension(`prop:${name.slice(12)}`);
  return DIMENSION_NAMES.find((known) => DIMENSIONS[known] === name) ?? null;
}

/** Whether each event has its own value, so that a visit can be asked whether one of its events had it. */
export function isOfEvent(dimension: Dimension): boolean {
  return apiDimension(dimension).startsWith("event:");
}

/** The key of its name; properties are called by their own key. */
export function dimensionWord(dimension: NamedDimension): WordKey {
  return `dimension.${dimension}`;
}
