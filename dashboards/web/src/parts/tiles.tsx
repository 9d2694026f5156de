/** The key figures. Each is a link that charts it, explains itself in a sentence, and tells its change. */
import { changeOf } from "../comparison";
import { formats, t } from "../language";
import { changeText, metricText } from "../metric-text";
import { METRICS, type Metric } from "../metrics";
import { usePlace } from "../place";
import type { Read } from "../questions";
import { Disclosure } from "./disclosure";
import { Icon } from "./icon";
import "./tiles.css";

/** From here on the tile shortens the number; the exact one is in its title and its `data-value`. */
const SHORTEN_FROM = 1_000_000;

function valueClass(pending: boolean, text: string): string {
  return `tile-value${pending ? " pending" : ""}${text.length > 11 ? " long" : ""}`;
}

export function Tiles({ read }: { read: Read | null }) {
  const { view, link } = usePlace();
  return (
    <ul class="tiles">
      {METRICS.map((metric, index) => {
        const value = read?.now[metric] ?? null;
        const exact = read === null ? "" : metricText(metric, value, formats());
        const short = value !== null && value >= SHORTEN_FROM ? formats().compact(value) : exact;
        const name = t(`metric.${metric}`);
        const charted = metric === view.metric;
        return (
          <li key={metric} class={charted ? "tile charted" : "tile"}>
            <a
              href={link({ metric })}
              aria-current={charted ? "true" : undefined}
              title={exact === short ? undefined : exact}
              data-testid={`tile-${metric}`}
              data-value={value ?? ""}
            >
              <span class="tile-name">{name}</span>
              <span class={valueClass(read === null, short)}>{short || "0"}</span>
              {read?.before && <TileChange metric={metric} now={value} before={read.before[metric]} />}
            </a>
            <Disclosure
              label={<Icon name="question" />}
              name={t("definition.label", { metric: name })}
              buttonClass="tile-ask"
              align={index % 6 > 2 ? "end" : "start"}
            >
              {() => <p class="tile-definition">{t(`definition.${metric}`)}</p>}
            </Disclosure>
          </li>
        );
      })}
    </ul>
  );
}

function TileChange({ metric, now, before }: { metric: Metric; now: number | null; before: number | null }) {
  const change = changeOf(metric, now, before);
  const tone = change.good === null ? "quiet" : change.good ? "better" : "worse";
  const amount = changeText(change, formats());
  const then = metricText(metric, before, formats());
  return (
    <span class="tile-change" data-testid={`change-${metric}`} data-value={change.amount ?? ""}>
      <span class={tone}>
        {change.points && change.amount !== null ? t("compare.points", { amount, n: Math.abs(change.amount) }) : amount}
      </span>{" "}
      <span class="quiet">{t("compare.before", { value: then })}</span>
    </span>
  );
}
