/** How a figure has changed, short enough for a cell; what it was before is its title, and is said to a screen reader. */
import type { Change } from "../comparison";
import { formats, t } from "../language";
import { changeText, metricText } from "../metric-text";
import type { AnyMetric } from "../metrics";

export function ChangeMark({ metric, change, before }: { metric: AnyMetric; change: Change; before: number | null }) {
  const tone = change.good === null ? "quiet" : change.good ? "better" : "worse";
  const then = t("compare.before", { value: metricText(metric, before, formats()) });
  return (
    <span class={`change ${tone}`} title={then} data-value={change.amount ?? ""}>
      {changeText(change, formats())}
      <span class="unseen"> ({then})</span>
    </span>
  );
}
