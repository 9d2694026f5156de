/** The last half hour, minute by minute: who is here, on which pages, from where. The stream says when to ask again. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { type Answer, api, codeOf, numberOf, type Refusal } from "../api";
import { formats, t } from "../language";
import { readRows } from "../list-rows";
import { watch } from "../live";
import { usePlace } from "../place";
import { throttle } from "../pulse";
import { refused } from "../together";
import { Rows } from "./list-panel";
import "./live-view.css";
import { Notice } from "./notice";

const PULSE_GAP_MS = 1000;
/** Minutes pass without anybody doing anything. */
const MINUTE_MS = 20_000;
const METRICS = ["visitors", "pageviews"];
const LISTS = ["page", "source", "country"] as const;
const NAMES = { page: "event:page", source: "visit:source", country: "visit:country" } as const;

type Answers = (Answer | Refusal)[];

function useLive(domain: string) {
  const [answers, setAnswers] = useState<Answers | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const renew = useMemo(() => {
    const base = { site_id: domain, date_range: "realtime_30m" };
    const questions = [
      { ...base, metrics: METRICS },
      { ...base, metrics: METRICS, dimensions: ["time:minute"], include: { time_labels: true } },
      ...LISTS.map((list) => ({
        ...base,
        metrics: ["visitors"],
        dimensions: [NAMES[list]],
        pagination: { limit: 10 },
      })),
    ];
    return throttle(async () => {
      try {
        setAnswers((await api.ask(questions)).answers);
        setFailure(null);
      } catch (error) {
        setFailure(codeOf(error));
      }
    }, PULSE_GAP_MS);
  }, [domain]);
  useEffect(() => {
    renew.ask();
    const stop = watch(domain, () => renew.ask());
    const timer = setInterval(() => document.visibilityState === "visible" && renew.ask(), MINUTE_MS);
    return () => {
      clearInterval(timer);
      stop();
      renew.stop();
    };
  }, [renew]);
  return { answers, failure, retry: renew.ask };
}

export function LiveView() {
  const { site } = usePlace();
  const { answers, failure, retry } = useLive(site.domain);
  const [totals, minutes, ...lists] = answers ?? [];
  return (
    <div class="board" data-testid="live-view">
      {failure && <Notice code={failure} retry={retry} />}
      <section class="sheet live-figures" aria-label={t("live.title")}>
        <h2>{t("live.title")}</h2>
        {totals && refused(totals) && <Notice code={totals.code} />}
        {totals && !refused(totals) && (
          <p class="live-totals">
            {(["visitors", "pageviews"] as const).map((metric, index) => (
              <span key={metric}>
                <span class="quiet">{t(`metric.${metric}`)}</span>{" "}
                <strong data-testid={`live-${metric}`} data-value={numberOf(totals.results[0]?.metrics[index]) ?? ""}>
                  {formats().number(numberOf(totals.results[0]?.metrics[index]) ?? 0)}
                </strong>
              </span>
            ))}
          </p>
        )}
        {minutes && !refused(minutes) && <Minutes answer={minutes} />}
      </section>
      <div class="board-lists live-lists">
        {LISTS.map((list, index) => {
          const answer = lists[index];
          return (
            <section key={list} class="panel sheet" aria-labelledby={`live-${list}`} data-testid={`live-list-${list}`}>
              <h2 id={`live-${list}`}>{t(`live.${list}`)}</h2>
              {answer && refused(answer) && <Notice code={answer.code} />}
              {answer && !refused(answer) && <List answer={answer} list={list} />}
            </section>
          );
        })}
      </div>
    </div>
  );
}

function List({ answer, list }: { answer: Answer; list: (typeof LISTS)[number] }) {
  const rows = readRows(
    answer,
    [list],
    answer.results.reduce((sum, row) => sum + (numberOf(row.metrics[0]) ?? 0), 0),
  );
  if (rows.length === 0) return <p class="quiet deeper-empty">{t("live.nobody")}</p>;
  return (
    <>
      <Rows rows={rows} dimensions={[list]} />
      {rows.some((row) => row.folded) && answer.meta.folded_below !== undefined && (
        <p class="quiet panel-more">{t("list.folded", { n: answer.meta.folded_below })}</p>
      )}
    </>
  );
}

/** A stroke for each minute; the table twin has the numbers. */
function Minutes({ answer }: { answer: Answer }) {
  const rows = new Map(answer.results.map((row) => [row.dimensions[0] ?? "", row.metrics]));
  const labels = answer.meta.time_labels ?? [...rows.keys()].sort();
  const minutes = labels.map((label) => ({
    label,
    views: numberOf(rows.get(label)?.[1]) ?? 0,
    visitors: numberOf(rows.get(label)?.[0]) ?? 0,
  }));
  const most = Math.max(1, ...minutes.map(({ views }) => views));
  const [open, setOpen] = useState(false);
  return (
    <>
      <div class="minutes" role="img" aria-label={t("live.minutes")}>
        {minutes.map(({ label, views }, index) => (
          <span
            key={label}
            class={index === minutes.length - 1 ? "minute running" : "minute"}
            style={{ height: `${(views / most) * 100}%` }}
            title={`${formats().date(label, "Hm")}: ${formats().number(views)}`}
          />
        ))}
      </div>
      <p class="minutes-axis quiet" aria-hidden="true">
        <span>{minutes[0] && formats().date(minutes[0].label, "Hm")}</span>
        <span>{formats().ago(0)}</span>
      </p>
      <details class="chart-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t("chart.table")}</summary>
        {open && (
          <table>
            <thead>
              <tr>
                <th scope="col">{t("chart.time")}</th>
                <th scope="col">{t("metric.visitors")}</th>
                <th scope="col">{t("metric.pageviews")}</th>
              </tr>
            </thead>
            <tbody>
              {minutes.map(({ label, views, visitors }) => (
                <tr key={label}>
                  <th scope="row">{formats().date(label, "Hm")}</th>
                  <td>{formats().number(visitors)}</td>
                  <td>{formats().number(views)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </details>
    </>
  );
}
