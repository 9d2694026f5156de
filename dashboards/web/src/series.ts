/** A time series as the chart draws it: what is complete, what is still running, what is to come, and what was before. */
import { type Answer, numberOf } from "./api";
import { METRICS, type Metric, MINUTE_METRICS } from "./metrics";
import type { Interval } from "./ranges";

export type PointState = "complete" | "running" | "to-come";

export interface Point {
  /** `2026-11-22` or `2026-11-22 14:00:00`, in the site's zone; of a week or month its first day. */
  label: string;
  value: number | null;
  state: PointState;
  /** The same interval of the period compared with. */
  before: { label: string; value: number | null } | null;
}

/** Metrics that are a mean or a share: without visits there is no value, which is not the same as 0. */
const OF_VISITS: ReadonlySet<Metric> = new Set(["bounce_rate", "visit_duration", "engaged_time"]);

/** Characters of a label that name its interval. */
const NAMED_BY: Record<Interval, number> = { minute: 16, hour: 13, day: 10, week: 10, month: 10 };

export function readSeries(answer: Answer, metric: Metric, interval: Interval, wallNow: string): Point[] {
  const columns: readonly Metric[] = interval === "minute" ? MINUTE_METRICS : METRICS;
  const column = columns.indexOf(metric);
  const visits = METRICS.indexOf("visits");
  const value = (figures: Answer["results"][number]["metrics"] | undefined) => {
    if (OF_VISITS.has(metric) && !numberOf(figures?.[visits])) return null;
    if (!figures) return 0;
    return numberOf(figures[column]);
  };
  const rows = new Map(answer.results.map((row) => [row.dimensions[0] ?? "", row]));
  const labels = answer.meta.time_labels ?? [...rows.keys()].sort();
  const end = answer.query.date_range[1];
  return labels.map((label, index) => {
    const state = pointState(label, labels[index + 1] ?? null, end, interval, wallNow);
    const row = rows.get(label);
    const before = row?.comparison;
    return {
      label,
      value: state === "to-come" ? null : value(row?.metrics),
      state,
      before: before ? { label: before.dimensions[0] ?? "", value: value(before.metrics) } : null,
    };
  });
}

/** Labels and `wallNow` are wall-clock texts of one zone, so they compare as texts. */
export function pointState(
  label: string,
  next: string | null,
  end: string,
  interval: Interval,
  wallNow: string,
): PointState {
  const length = NAMED_BY[interval];
  const [start, now] = [label.replace("T", " ").slice(0, length), wallNow.slice(0, length)];
  if (start > now) return "to-come";
  if (interval !== "week" && interval !== "month") return start === now ? "running" : "complete";
  return (next === null ? now <= end.slice(0, 10) : now < next) ? "running" : "complete";
}
