/** The period that numbers are compared with, and how a change is told. */
import type { Metric } from "./metrics";

export type Comparison =
  | { kind: "previous" | "year"; weekdays: boolean }
  | { kind: "custom"; from: string; to: string; weekdays: boolean };

export const COMPARISONS = ["previous", "year", "custom"] as const;

export interface ApiComparison {
  mode: "previous_period" | "year_over_year" | "custom";
  date_range?: [string, string];
  match_day_of_week?: boolean;
}

export function toApiComparison(comparison: Comparison): ApiComparison {
  const days = comparison.weekdays ? { match_day_of_week: true } : {};
  switch (comparison.kind) {
    case "previous":
      return { mode: "previous_period", ...days };
    case "year":
      return { mode: "year_over_year", ...days };
    case "custom":
      return { mode: "custom", date_range: [comparison.from, comparison.to], ...days };
  }
}

/** Metrics that are shares of a hundred: their change is a difference of points. */
const SHARES: ReadonlySet<string> = new Set([
  "bounce_rate",
  "conversion_rate",
  "exit_rate",
  "percentage",
  "scroll_depth",
]);

export interface Change {
  /** Percent, or points of a share; `null` where one of the two is not known. */
  amount: number | null;
  points: boolean;
  direction: "up" | "down" | "same" | "unknown";
  /** Whether it is good news; a bounce more is not. */
  good: boolean | null;
}

/** The change from `before` to `now`. From nothing to something is 100 %. */
export function changeOf(metric: Metric | string, now: number | null, before: number | null): Change {
  const points = SHARES.has(metric);
  if (now === null || before === null) return { amount: null, points, direction: "unknown", good: null };
  const amount = points
    ? Math.round((now - before) * 10) / 10
    : before === 0
      ? now === 0
        ? 0
        : 100
      : Math.round(((now - before) / before) * 100);
  const direction = amount > 0 ? "up" : amount < 0 ? "down" : "same";
  const better = metric === "bounce_rate" || metric === "exit_rate" ? "down" : "up";
  return { amount, points, direction, good: direction === "same" ? null : direction === better };
}
