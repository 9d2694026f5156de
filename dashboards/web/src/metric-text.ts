/** A metric's value as text: a count, a share, or a time. */
import type { Metric } from "./address";
import type { Formats } from "./formats";

export function metricText(metric: Metric, value: number | null, formats: Formats): string {
  if (value === null) return "–";
  switch (metric) {
    case "bounce_rate":
      return formats.percent(value);
    case "visit_duration":
    case "engaged_time":
      return formats.duration(value);
    default:
      return formats.number(value);
  }
}

/** The same, short enough for an axis. */
export function axisText(metric: Metric, value: number, formats: Formats): string {
  return metric === "visitors" || metric === "visits" || metric === "pageviews"
    ? formats.compact(value)
    : metricText(metric, value, formats);
}
