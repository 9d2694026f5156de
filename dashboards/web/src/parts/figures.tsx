/** A table of several figures for each row, the first with its bar. */
import { type Answer, type AnswerRow, numberOf } from "../api";
import { changeOf } from "../comparison";
import type { Dimension } from "../dimensions";
import { dimensionName } from "../filter-text";
import { formats, t } from "../language";
import { readRows } from "../list-rows";
import { metricText } from "../metric-text";
import type { AnyMetric } from "../metrics";
import { ChangeMark } from "./change-mark";
import { RowName } from "./list-panel";

interface Props {
  answer: Answer;
  dimensions: readonly Dimension[];
  metrics: readonly AnyMetric[];
  /** The heading of a column, where it does something. */
  heading?: (metric: AnyMetric) => preact.ComponentChildren;
  /** Which column the rows are ordered by, and how. */
  sorted?: { metric: string; ascending: boolean };
}

export function Figures({ answer, dimensions, metrics, heading, sorted }: Props) {
  const rows = readRows(answer, dimensions, null);
  if (rows.length === 0) return <p class="deeper-empty quiet">{t("list.empty")}</p>;
  const order = (metric: string) =>
    sorted?.metric === metric ? (sorted.ascending ? ("ascending" as const) : ("descending" as const)) : undefined;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which the keyboard must be able to do
    <div class="figures" tabIndex={0} role="group" aria-label={dimensions.map(dimensionName).join(", ")}>
      <table style={{ "--columns": String(metrics.length) }}>
        <thead>
          <tr>
            <th scope="col">{dimensions.map(dimensionName).join(", ")}</th>
            {metrics.map((metric) => (
              <th
                key={metric}
                scope="col"
                class={metric.endsWith("revenue") ? "money" : undefined}
                aria-sort={order(metric)}
              >
                {heading ? heading(metric) : t(`metric.${metric}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={row.key} data-key={row.key} data-value={row.visitors}>
              <th scope="row">
                <span class="panel-name">
                  <RowName row={row} dimensions={dimensions} />
                </span>
                <span class="panel-bar" style={{ width: `${row.barPercent}%` }} />
              </th>
              {metrics.map((metric, column) => (
                <td key={metric}>
                  {metricText(metric, answer.results[index]?.metrics[column] ?? null, formats())}
                  <Beside row={answer.results[index]} metric={metric} column={column} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What has become of a figure since the period compared with; nothing where there is none. */
function Beside({ row, metric, column }: { row: AnswerRow | undefined; metric: AnyMetric; column: number }) {
  if (!row?.comparison) return null;
  const before = numberOf(row.comparison.metrics[column]);
  const now = numberOf(row.metrics[column]);
  if (now === null || before === null) return null;
  return <ChangeMark metric={metric} change={changeOf(metric, now, before)} before={before} />;
}
