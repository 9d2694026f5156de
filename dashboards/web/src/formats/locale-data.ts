/** What `scripts/cldr/generate.mjs` takes from CLDR for one language. */

/** Texts by plural form; forms equal to `other` are left out. */
export interface PluralForms {
  other: string;
  one?: string;
  few?: string;
  many?: string;
}

export interface Relative {
  /** Own words for near distances: `{"-1": "кеше", "0": "бүгін"}`. */
  words: Record<string, string>;
  past: PluralForms;
  future: PluralForms;
}

export type RelativeUnit = "second" | "minute" | "hour" | "day";
export type DurationUnit = "second" | "minute" | "hour";

/** Names of date patterns: CLDR skeletons, and its long and full styles. */
export type DatePattern = "MMMd" | "MMMEd" | "yMMMd" | "yMMMEd" | "yMMM" | "yMMMM" | "long" | "full" | "Hm";

export interface LocaleData {
  decimal: string;
  group: string;
  minus: string;
  /** Digits before the decimal mark from which groups are separated. */
  groupFrom: number;
  /** What follows the number: `%` or ` %`. */
  percent: string;
  /** For 10³ to 10¹⁴: integer digits left, and the text after them. */
  compact: [digits: number, suffix: string][];
  months: { format: Record<"MMM" | "MMMM", string[]>; alone: Record<"LLL" | "LLLL", string[]> };
  /** From Sunday, as `Date.getUTCDay` counts. */
  weekdays: Record<"E" | "EEEE" | "ccc" | "cccccc", string[]>;
  dates: Record<DatePattern, string>;
  intervals: { MMMd: Record<"d" | "M", string>; yMMMd: Record<"d" | "M" | "y", string> };
  relative: Record<RelativeUnit, Relative>;
  units: Record<DurationUnit, PluralForms>;
}
