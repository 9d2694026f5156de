/** The chart's twin: the same values as a table, filled once it is unfolded. */
import { useState } from "preact/hooks";
import type { Metric } from "../address";
import { t } from "../language";
import type { Point } from "../series";
import "./chart-table.css";
import { isHourLabel, pointName, pointText } from "./time-chart";

export function ChartTable({ points, metric }: { points: Point[]; metric: Metric }) {
  const [open, setOpen] = useState(false);
  const name = t(`metric.${metric}`);
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
              </tr>
            </thead>
            <tbody>
              {points
                .filter((point) => point.state !== "to-come")
                .map((point) => (
                  <tr key={point.label} data-key={point.label} data-value={point.value ?? ""}>
                    <th scope="row">{pointName(point.label)}</th>
                    <td>{pointText(point, metric)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
