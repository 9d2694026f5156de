/** Dates and times of day from a language's CLDR patterns. All values are wall-clock; no zone is applied here. */
import type { DatePattern, LocaleData, RelativeUnit } from "./locale-data";
import { decimal, type PluralRule, pluralForm } from "./numbers";

/** A wall-clock moment. `month` counts from 1. */
export interface Wall {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

/** Reads `2026-11-22`, `2026-11-22 14:00:00` and ISO forms; an offset is left aside. */
export function parseWall(text: string): Wall | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}))?/.exec(text);
  if (!match) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return { year, month, day, hour, minute };
}

export function weekday(wall: Wall): number {
  return new Date(Date.UTC(wall.year, wall.month - 1, wall.day)).getUTCDay();
}

const pad = (value: number): string => String(value).padStart(2, "0");

function field(token: string, wall: Wall, data: LocaleData): string {
  const month = wall.month - 1;
  switch (token) {
    case "y":
      return String(wall.year);
    case "yy":
      return pad(wall.year % 100);
    case "M":
    case "L":
      return String(wall.month);
    case "MM":
      return pad(wall.month);
    case "MMM":
    case "MMMM":
      return data.months.format[token][month] ?? "";
    case "LLL":
    case "LLLL":
      return data.months.alone[token][month] ?? "";
    case "d":
      return String(wall.day);
    case "dd":
      return pad(wall.day);
    case "E":
    case "EEEE":
    case "ccc":
      return data.weekdays[token][weekday(wall)] ?? "";
    case "H":
      return String(wall.hour);
    case "HH":
      return pad(wall.hour);
    case "mm":
      return pad(wall.minute);
    default:
      throw new Error(`date field ${token} is not supported`);
  }
}

/** Splits a CLDR pattern into fields, quoted text and the rest. */
const PARTS = /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g;

export function formatPattern(pattern: string, wall: Wall, data: LocaleData): string {
  return pattern.replace(PARTS, (part, quoted: string | undefined, letter: string | undefined) => {
    if (quoted !== undefined) return quoted === "" ? "'" : quoted.replaceAll("''", "'");
    return letter ? field(part, wall, data) : part;
  });
}

export function date(wall: Wall, name: DatePattern, data: LocaleData): string {
  return formatPattern(data.dates[name], wall, data);
}

/** First and last day as one phrase: `15–21 қар.`, with the year when asked or when the years differ. */
export function dateRange(from: Wall, to: Wall, withYear: boolean, data: LocaleData): string {
  const years = from.year !== to.year;
  const months = years || from.month !== to.month;
  if (!months && from.day === to.day) return date(from, withYear ? "yMMMd" : "MMMd", data);
  const { MMMd, yMMMd } = data.intervals;
  const pattern = years ? yMMMd.y : withYear ? (months ? yMMMd.M : yMMMd.d) : months ? MMMd.M : MMMd.d;
  const [first, second] = splitInterval(pattern);
  return formatPattern(first, from, data) + formatPattern(second, to, data);
}

/** An interval pattern is cut before the first field that occurs a second time. */
export function splitInterval(pattern: string): [string, string] {
  const seen = new Set<string>();
  for (const match of pattern.matchAll(PARTS)) {
    const letter = match[2];
    if (!letter) continue;
    if (seen.has(letter)) return [pattern.slice(0, match.index), pattern.slice(match.index)];
    seen.add(letter);
  }
  return [pattern, ""];
}

/** `-3` days → `3 күн бұрын`; near distances have words of their own (`кеше`). */
export function relative(amount: number, unit: RelativeUnit, data: LocaleData, rule: PluralRule): string {
  const forms = data.relative[unit];
  const word = forms.words[String(amount)];
  if (word !== undefined) return word;
  const size = Math.abs(amount);
  const pattern = pluralForm(amount < 0 ? forms.past : forms.future, size, rule);
  return pattern.replace("{0}", decimal(size, data));
}

/** Seconds ago in the largest unit that fits. */
export function ago(seconds: number, data: LocaleData, rule: PluralRule): string {
  const past = Math.max(0, Math.round(seconds));
  if (past < 60) return relative(-past, "second", data, rule);
  if (past < 3600) return relative(-Math.floor(past / 60), "minute", data, rule);
  if (past < 86_400) return relative(-Math.floor(past / 3600), "hour", data, rule);
  return relative(-Math.floor(past / 86_400), "day", data, rule);
}
