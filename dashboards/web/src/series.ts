/** A time series as the chart draws it: what is complete, what is still running, what is to come. */
import { METRICS, type Metric } from "./address";
import type { Answer } from "./api";

export type PointState = "complete" | "running" | "to-come";

export interface Point {
  /** `2026-11-22` or `2026-11-22 14:00:00`, in the site's zone. */
  label: string;
  value: number | null;
  state: PointState;
}

/** Metrics that are a mean or a share: without visits there is no value, which is not the same as 0. */
const OF_VISITS: ReadonlySet<Metric> = new Set(["bounce_rate", "visit_duration", "engaged_time"]);

export function isOfVisits(metric: Metric): boolean {
  return OF_VISITS.has(metric);
}

export function readSeries(answer: Answer, metric: Metric, wallNow: string): Point[] {
  const column = METRICS.indexOf(metric);
  const visits = METRICS.indexOf("visits");
  const rows = new Map(answer.results.map((row) => [row.dimensions[0] ?? "", row.metrics]));
  const labels = answer.meta.time_labels ?? [...rows.keys()].sort();
  return labels.map((label) => {
    const state = pointState(label, wallNow);
    const row = rows.get(label);
    const value = OF_VISITS.has(metric) && !row?.[visits] ? null : (row?.[column] ?? 0);
    return { label, value: state === "to-come" ? null : value, state };
  });
}

/** Labels and `wallNow` are both wall-clock texts of one zone, so they compare as texts. */
export function pointState(label: string, wallNow: string): PointState {
  const length = label.includes(":") ? 13 : 10;
  const [start, now] = [label.replace("T", " ").slice(0, length), wallNow.slice(0, length)];
  return start < now ? "complete" : start === now ? "running" : "to-come";
}
