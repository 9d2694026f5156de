/** A metric's value as text: a count, a share, a time, or an amount of money. */
import type { Figure } from "./api";
import type { Change } from "./comparison";
import type { Formats } from "./formats";
import type { AnyMetric, Metric } from "./metrics";

export function metricText(metric: AnyMetric, figure: Figure, formats: Formats): string {
  if (figure === null) return "–";
  if (typeof figure !== "number") return `${formats.number(Math.round(figure.value))}\u00a0${figure.currency}`;
  switch (metric) {
    case "bounce_rate":
    case "scroll_depth":
      return formats.percent(figure);
    case "exit_rate":
    case "conversion_rate":
      return formats.percent(figure, 1);
    case "visit_duration":
    case "engaged_time":
    case "time_on_page":
      return formats.duration(figure);
    default:
      return formats.number(figure);
  }
}

/** The same, short enough for an axis. */
export function axisText(metric: Metric, value: number, formats: Formats): string {
  return metric === "visitors" || metric === "visits" || metric === "pageviews"
    ? formats.compact(value)
    : metricText(metric, value, formats);
}

/** `↑ 12%`; of shares the difference in points: `↓ 3`. */
export function changeText({ amount, points, direction }: Change, formats: Formats): string {
  if (amount === null) return "–";
  const arrow = direction === "up" ? "↑ " : direction === "down" ? "↓ " : "";
  const size = Math.abs(amount);
  return arrow + (points ? formats.decimal(size, 1) : formats.percent(size));
}
