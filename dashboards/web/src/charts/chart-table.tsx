/** The chart's twin: the same values as a table, filled once it is unfolded. */
import { useState } from "preact/hooks";
import { formats, t } from "../language";
import { metricText } from "../metric-text";
import type { Metric } from "../metrics";
import type { Interval } from "../ranges";
import type { Point } from "../series";
import "./chart-table.css";
import { isHourLabel, pointName, pointText, spansDays } from "./time-chart";

interface Props {
  points: Point[];
  metric: Metric;
  interval: Interval;
}

export function ChartTable({ points, metric, interval }: Props) {
  const [open, setOpen] = useState(false);
  const name = t(`metric.${metric}`);
  const compared = points.some((point) => point.before);
  const manyDays = spansDays(points);
  const hourly = isHourLabel(points[0]?.label ?? "");
  return (
    <details class="chart-table" data-testid="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("chart.table")}</summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, which the keyboard must be able to do
        <div class="chart-table-room" tabIndex={0} role="group" aria-label={t("chart.table")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t(hourly ? "chart.time" : "chart.day")}</th>
                <th scope="col">{name}</th>
                {compared && <th scope="col">{t("compare.column")}</th>}
              </tr>
            </thead>
            <tbody>
              {points
                .filter((point) => point.state !== "to-come")
                .map((point) => (
                  <tr key={point.label} data-key={point.label} data-value={point.value ?? ""}>
                    <th scope="row">{pointName(point.label, interval, manyDays)}</th>
                    <td>{pointText(point, metric)}</td>
                    {compared && <td>{metricText(metric, point.before?.value ?? null, formats())}</td>}
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
