/** All formats of one language, from our own tables: the browser's Intl gives plural rules only. */
import * as dates from "./formats/dates";
import type { DatePattern, LocaleData } from "./formats/locale-data";
import * as numbers from "./formats/numbers";

export interface Formats {
  number(value: number): string;
  decimal(value: number, fraction: number): string;
  compact(value: number): string;
  percent(value: number, fraction?: number): string;
  duration(seconds: number): string;
  /** `text` is `2026-11-22` or `2026-11-22 14:00:00` in the site's zone. */
  date(text: string, pattern: DatePattern): string;
  dateRange(from: string, to: string, withYear: boolean): string;
  ago(seconds: number): string;
  plural: numbers.PluralRule;
  /** The name of a country by its alpha-2 code; the code itself when there is none. */
  country(code: string): string;
  /** Monday first, short. */
  weekdays: string[];
}

/** `"ADАндорра|AE…"` → code → name. */
export function unpackCountries(packed: string): Map<string, string> {
  return new Map(packed.split("|").map((entry) => [entry.slice(0, 2), entry.slice(2)]));
}

export function makeFormats(locale: string, data: LocaleData, countries: string): Formats {
  const rules = new Intl.PluralRules(locale);
  const plural: numbers.PluralRule = (value) => rules.select(value);
  let names: Map<string, string> | null = null;
  const wall = (text: string): dates.Wall => {
    const parsed = dates.parseWall(text);
    if (!parsed) throw new Error(`not a date: ${text}`);
    return parsed;
  };
  return {
    number: (value) => numbers.decimal(value, data),
    decimal: (value, fraction) => numbers.decimal(value, data, fraction),
    compact: (value) => numbers.compact(value, data),
    percent: (value, fraction = 0) => numbers.percent(value, data, fraction),
    duration: (seconds) => numbers.duration(seconds, data, plural),
    date: (text, pattern) => dates.date(wall(text), pattern, data),
    dateRange: (from, to, withYear) => dates.dateRange(wall(from), wall(to), withYear, data),
    ago: (seconds) => dates.ago(seconds, data, plural),
    plural,
    country: (code) => {
      names ??= unpackCountries(countries);
      return names.get(code) ?? code;
    },
    weekdays: [...data.weekdays.cccccc.slice(1), ...data.weekdays.cccccc.slice(0, 1)],
  };
}
