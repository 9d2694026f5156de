/** Periods: presets with their keys, custom days, and the intervals a period can be drawn in. */
import { addDays, dayCount, today } from "./site-clock";

export const PRESETS = [
  "live",
  "day",
  "yesterday",
  "7d",
  "28d",
  "30d",
  "91d",
  "month",
  "last_month",
  "year",
  "12mo",
  "all",
] as const;
export type Preset = (typeof PRESETS)[number];
export type Range = { kind: Preset } | { kind: "custom"; from: string; to: string };

/** Presets that stand in the open; the others are in the menu. */
export const OPEN_PRESETS = ["day", "yesterday", "7d", "30d"] as const satisfies readonly Preset[];

/** Plausible's keys, where it has one. */
export const PRESET_KEYS: Record<Preset, string> = {
  live: "r",
  day: "d",
  yesterday: "e",
  "7d": "w",
  "28d": "f",
  "30d": "t",
  "91d": "n",
  month: "m",
  last_month: "p",
  year: "y",
  "12mo": "l",
  all: "a",
};
export const CUSTOM_KEY = "c";
export const COMPARE_KEY = "x";

export const INTERVALS = ["minute", "hour", "day", "week", "month"] as const;
export type Interval = (typeof INTERVALS)[number];

export type ApiRange = string | [string, string];

/** "Yesterday" and "last month" need the site's zone: the server knows the other presets by name. */
export function needsZone(range: Range): boolean {
  return range.kind === "yesterday" || range.kind === "last_month";
}

function lastMonth(day: string): [string, string] {
  const end = addDays(`${day.slice(0, 7)}-01`, -1);
  return [`${end.slice(0, 7)}-01`, end];
}

export function dateRange(range: Range, zone: string, now: number): ApiRange {
  switch (range.kind) {
    case "custom":
      return [range.from, range.to];
    case "yesterday": {
      const day = addDays(today(zone, now), -1);
      return [day, day];
    }
    case "last_month":
      return lastMonth(today(zone, now));
    case "live":
      return "realtime_30m";
    default:
      return range.kind;
  }
}

/** Days of the period, roughly where it depends on when it is asked: enough to choose an interval. */
function daysOf(range: Range): number {
  switch (range.kind) {
    case "live":
    case "day":
    case "yesterday":
      return 1;
    case "custom":
      return dayCount(range.from, range.to);
    case "month":
    case "last_month":
      return 31;
    case "year":
    case "12mo":
      return 365;
    case "all":
      return 3650;
    default:
      return Number.parseInt(range.kind, 10);
  }
}

/** The intervals a period can be drawn in, the usual one first named by {@link usualInterval}. */
export function intervalsOf(range: Range): Interval[] {
  if (range.kind === "live") return ["minute"];
  if (range.kind === "day") return ["minute", "hour"];
  const days = daysOf(range);
  if (days === 1) return ["hour"];
  if (days <= 7) return ["hour", "day"];
  if (days <= 31) return ["day", "week"];
  return ["day", "week", "month"];
}

export function usualInterval(range: Range): Interval {
  const days = daysOf(range);
  if (range.kind === "live") return "minute";
  if (days <= 2) return "hour";
  if (days <= 40) return "day";
  return days < 365 ? "week" : "month";
}

/** The chosen interval where the period can be drawn in it, else the usual one. */
export function intervalOf(range: Range, chosen: Interval | null, fitting = intervalsOf(range)): Interval {
  return chosen && fitting.includes(chosen) ? chosen : usualInterval(range);
}

/** Whether the period contains the site's present day, so that a new event changes its numbers. */
export function includesToday(range: Range, zone: string, now: number): boolean {
  switch (range.kind) {
    case "live":
    case "day":
    case "month":
    case "year":
    case "all":
      return true;
    case "custom": {
      const day = today(zone, now);
      return range.from <= day && day <= range.to;
    }
    default:
      return false;
  }
}

/** Whether the server leaves out the present day (or month), which is worth a word. */
export function endsBeforeToday(range: Range): boolean {
  return /^\d+(d|mo)$/.test(range.kind);
}
