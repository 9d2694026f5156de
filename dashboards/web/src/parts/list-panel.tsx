/** One of the panels: values with their visitors and their share, a bar of counted strokes under each. */
import { useRef } from "preact/hooks";
import { type Answer, isRefusal, type Refusal } from "../api";
import type { Dimension } from "../dimensions";
import { rowFilters, withFilters } from "../filters";
import { formats, t } from "../language";
import { lazy } from "../lazy";
import { type Row, readRows } from "../list-rows";
import { type Panel, tabDimensions } from "../panels";
import { usePlace } from "../place";
import { SHORT_LIST } from "../questions";
import { ChangeMark } from "./change-mark";
import "./list-panel.css";
import { Notice } from "./notice";
import { PanelTabs } from "./panel-tabs";

const WorldMap = lazy(async () => (await import("../charts/world-map")).WorldMap);
const RegionTiles = lazy(async () => (await import("../charts/region-tiles")).RegionTiles);

interface Props {
  panel: Panel;
  answer: Answer | Refusal | null;
  /** All visitors of the period, which the shares are of. */
  visitors: number | null;
}

/** Stable names for tests: what a panel is a list of by default. */
const TEST_IDS: Record<Panel, string> = {
  pages: "list-pages",
  sources: "list-sources",
  locations: "list-countries",
  devices: "list-devices",
};

/** So many rows or fewer leave no room for more, which would look forgotten. What comes next decides, not the wait for it. */
const FEW = 4;

export function ListPanel({ panel, answer, visitors }: Props) {
  const { view, link } = usePlace();
  const tab = view.tabs[panel];
  const dimensions = tabDimensions(tab);
  const dimension = dimensions.at(-1) ?? "page";
  const id = TEST_IDS[panel];
  const count = useRef(SHORT_LIST);
  const rows = answer && !isRefusal(answer) ? readRows(answer, dimensions, visitors) : null;
  if (rows) count.current = rows.length;
  const folds = answer && !isRefusal(answer) ? answer.meta.folded_below : undefined;
  return (
    <section class="panel sheet" aria-labelledby={id} data-testid={id}>
      <div class="panel-head">
        <h2 id={id}>{t(`list.${panel}`)}</h2>
        <PanelTabs panel={panel} />
      </div>
      <div class={count.current > FEW || tab === "map" || tab === "region" ? "panel-room" : "panel-room few"}>
        {answer && isRefusal(answer) && <Notice code={answer.code} />}
        {rows?.length === 0 && <p class="panel-empty quiet">{t("list.empty")}</p>}
        {rows && rows.length > 0 && tab === "map" && (
          <WorldMap rows={rows} waiting={<p class="panel-empty quiet">{t("app.loading")}</p>} />
        )}
        {rows && tab === "region" && rows.some((row) => row.key.startsWith("KZ-")) && <RegionTiles rows={rows} />}
        {rows && rows.length > 0 && tab !== "map" && <Rows rows={rows} dimensions={dimensions} />}
      </div>
      <p class="panel-more">
        {rows?.some((row) => row.folded) && folds !== undefined && (
          <span class="quiet panel-folds">{t("list.folded", { n: folds })}</span>
        )}
        {rows && rows.length > 0 && (
          <a href={link({ details: { dimension, search: "", order: null, page: 1 } })} data-testid={`details-${panel}`}>
            {t("list.details")}
          </a>
        )}
      </p>
    </section>
  );
}

export function Rows({ rows, dimensions }: { rows: Row[]; dimensions: readonly Dimension[] }) {
  const coded = dimensions[0] === "country";
  const last = dimensions.at(-1) ?? "page";
  const compared = rows.some((row) => row.before);
  return (
    <table class={compared ? "compared" : undefined}>
      <thead>
        <tr>
          <th scope="col">{last.startsWith("prop:") ? last.slice(5) : t(`dimension.${last as "page"}`)}</th>
          <th scope="col">{t("column.visitors")}</th>
          <th scope="col">{t(compared ? "column.change" : "column.share")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key} data-key={row.key} data-value={row.visitors}>
            <th scope="row">
              <span class="panel-name">
                {coded && row.key && !row.folded && <span class="panel-code">{row.key}</span>}
                <RowName row={row} dimensions={dimensions} />
              </span>
              <span class="panel-bar" style={{ width: `${row.barPercent}%` }} />
            </th>
            <td>{formats().number(row.visitors)}</td>
            {compared ? <RowChange before={row.before} /> : <td class="quiet">{row.share}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RowChange({ before }: { before: Row["before"] }) {
  if (!before) return <td class="quiet">–</td>;
  return (
    <td>
      <ChangeMark metric="visitors" change={before.change} before={before.visitors} />
    </td>
  );
}

/** A row's name, a link that filters by it. */
export function RowName({ row, dimensions }: { row: Row; dimensions: readonly Dimension[] }) {
  const { view, link } = usePlace();
  if (row.folded || view.range.kind === "live") return <span>{row.name}</span>;
  const filters = withFilters(view.filters, rowFilters(dimensions, row.values));
  return (
    <a href={link({ filters, details: null })} title={t("filter.by", { value: row.name })}>
      {row.name}
    </a>
  );
}
