/** One of the four lists: values with their visitors and their share, a bar of counted strokes under each. */
import { DEVICE_TABS, dashboardPath, type List, type View } from "../address";
import { type Answer, isRefusal, type Refusal } from "../api";
import { formats, t } from "../language";
import { type Row, readRows } from "../list-rows";
import { SHORT_LIST } from "../questions";
import "./list-panel.css";
import { Notice } from "./notice";

interface Props {
  list: List;
  domain: string;
  view: View;
  answer: Answer | Refusal | null;
  /** All visitors of the period, which the shares are of. */
  visitors: number | null;
}

export function ListPanel({ list, domain, view, answer, visitors }: Props) {
  const id = `list-${list}`;
  const column = list === "devices" && view.devices !== "device" ? view.devices : list;
  return (
    <section class="panel sheet" aria-labelledby={id} data-testid={id}>
      <div class="panel-head">
        <h2 id={id}>{t(`list.${list}`)}</h2>
        {list === "devices" && (
          <nav class="panel-tabs" aria-label={t("list.devices")}>
            {DEVICE_TABS.map((devices) => (
              <a
                key={devices}
                href={dashboardPath(domain, { ...view, devices })}
                aria-current={devices === view.devices ? "true" : undefined}
                data-testid={`devices-${devices}`}
              >
                {t(`tab.${devices}`)}
              </a>
            ))}
          </nav>
        )}
      </div>
      {answer === null ? (
        <div class="panel-room" />
      ) : isRefusal(answer) ? (
        <div class="panel-room">
          <Notice code={answer.code} />
        </div>
      ) : (
        <Rows rows={readRows(answer, column, visitors)} heading={t(`column.${column}`)} coded={list === "countries"} />
      )}
      {answer && !isRefusal(answer) && (
        <More list={list} domain={domain} view={view} total={answer.meta.total_rows ?? answer.results.length} />
      )}
    </section>
  );
}

function Rows({ rows, heading, coded }: { rows: Row[]; heading: string; coded: boolean }) {
  if (rows.length === 0) return <p class="panel-room panel-empty quiet">{t("list.empty")}</p>;
  return (
    <div class="panel-room">
      <table>
        <thead>
          <tr>
            <th scope="col">{heading}</th>
            <th scope="col">{t("column.visitors")}</th>
            <th scope="col">{t("column.share")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} data-key={row.key} data-value={row.visitors}>
              <th scope="row">
                <span class="panel-name">
                  {coded && row.key && <span class="panel-code">{row.key}</span>}
                  <span>{row.name}</span>
                </span>
                <span class="panel-bar" style={{ width: `${row.barPercent}%` }} />
              </th>
              <td>{formats().number(row.visitors)}</td>
              <td class="quiet">{row.share}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function More({ list, domain, view, total }: { list: List; domain: string; view: View; total: number }) {
  const unfolded = view.more === list;
  if (total <= SHORT_LIST) return null;
  return (
    <p class="panel-more">
      <a href={dashboardPath(domain, { ...view, more: unfolded ? null : list })}>
        {unfolded ? t("list.fewer") : t("list.more", { n: total - SHORT_LIST })}
      </a>
    </p>
  );
}
