/** The wall clock of a site. Chromium's zone data is sound; only its Kazakh words are not. */

const clocks = new Map<string, Intl.DateTimeFormat>();

function clock(zone: string): Intl.DateTimeFormat {
  let found = clocks.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    clocks.set(zone, found);
  }
  return found;
}

/** `2026-11-22 14:05:09`: comparable as text with the labels of a series. */
export function wallTime(zone: string, now: number): string {
  const parts: Record<string, string> = {};
  for (const { type, value } of clock(zone).formatToParts(now)) parts[type] = value;
  const {
    year = "",
    month = "",
    day = "",
    hour = "",
    minute = "",
    second = "",
  } = parts as Partial<Record<Intl.DateTimeFormatPartTypes, string>>;
  return `${year}-${month}-${day} ${hour}:${minute}:${second}`;
}

export const today = (zone: string, now: number): string => wallTime(zone, now).slice(0, 10);

/** The day `count` days after `day`. */
export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

/** Days from `from` to `to`, both counted. */
export function dayCount(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000) + 1;
}

/** `GMT+5`, as the zone stands now. */
export function offsetName(zone: string, now: number): string {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "shortOffset" });
  return format.formatToParts(now).find((part) => part.type === "timeZoneName")?.value ?? "";
}
