/** The key figures. Each is a link that charts it, and explains itself in a sentence. */
import { dashboardPath, METRICS, type Metric, type View } from "../address";
import { formats, t } from "../language";
import { metricText } from "../metric-text";
import { Disclosure } from "./disclosure";
import { Icon } from "./icon";
import "./tiles.css";

interface Props {
  domain: string;
  view: View;
  totals: Record<Metric, number | null> | null;
}

/** From here on the tile shortens the number; the exact one is in its title and its `data-value`. */
const SHORTEN_FROM = 1_000_000;

function valueClass(pending: boolean, text: string): string {
  return `tile-value${pending ? " pending" : ""}${text.length > 11 ? " long" : ""}`;
}

export function Tiles({ domain, view, totals }: Props) {
  return (
    <ul class="tiles">
      {METRICS.map((metric, index) => {
        const value = totals?.[metric] ?? null;
        const exact = totals === null ? "" : metricText(metric, value, formats());
        const short = value !== null && value >= SHORTEN_FROM ? formats().compact(value) : exact;
        const name = t(`metric.${metric}`);
        const charted = metric === view.metric;
        return (
          <li key={metric} class={charted ? "tile charted" : "tile"}>
            <a
              href={dashboardPath(domain, { ...view, metric })}
              aria-current={charted ? "true" : undefined}
              title={exact === short ? undefined : exact}
              data-testid={`tile-${metric}`}
              data-value={value ?? ""}
            >
              <span class="tile-name">{name}</span>
              <span class={valueClass(totals === null, short)}>{short || "0"}</span>
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
