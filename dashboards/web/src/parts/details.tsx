/** The table of one dimension at full length: searched, ordered, page by page, with an address of its own. */
import { useEffect, useRef, useState } from "preact/hooks";
import { go } from "../address";
import type { Answer } from "../api";
import { dimensionName } from "../filter-text";
import { t } from "../language";
import { detailMetrics, tabDimensions } from "../panels";
import { usePlace } from "../place";
import { rowsQuestion } from "../questions";
import { refused, useAnswer } from "../together";
import type { Details as Shown } from "../view";
import { useAsking } from "./asking";
import "./details.css";
import { Export } from "./export";
import { Field } from "./field";
import { Figures } from "./figures";
import { Icon } from "./icon";
import { Notice } from "./notice";

const PAGE = 50;
const PAUSE_MS = 250;
/** Most rows that one question answers (`aggregator/src/question.rs`). */
const EXPORTED = 10_000;

export function Details({ details }: { details: Shown }) {
  const { link, reader } = usePlace();
  const dialog = useRef<HTMLDialogElement>(null);
  const { dimension, order, page } = details;
  const metrics = detailMetrics(dimension);
  const dimensions = tabDimensions(dimension);
  const asking = useAsking(dimension === "goal");
  const sorted =
    order && metrics.some((metric) => metric === order.metric) ? order : { metric: "visitors", ascending: false };
  const shown = {
    search: details.search,
    order: [sorted.metric, sorted.ascending ? "asc" : "desc"] as [string, "asc" | "desc"],
  };
  const answer = useAnswer<Answer>(
    asking &&
      rowsQuestion(asking, dimensions, metrics, { ...shown, limit: PAGE, offset: (page - 1) * PAGE, compared: true }),
  );
  const at = (change: Partial<Shown>) => link({ details: { ...details, page: 1, ...change } });
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => go(link({ details: null }));
  const total = answer && !refused(answer) ? (answer.meta.total_rows ?? 0) : 0;
  const pages = Math.max(1, Math.ceil(total / PAGE));
  return (
    <dialog
      ref={dialog}
      class="details sheet"
      aria-labelledby="details-title"
      data-testid="details"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <div class="details-head">
        <h2 id="details-title">{dimensionName(dimension)}</h2>
        <button
          type="button"
          class="icon-button"
          aria-label={t("app.close")}
          data-testid="details-close"
          onClick={close}
        >
          <Icon name="cross" />
        </button>
      </div>
      {dimension !== "goal" && <Search search={details.search} found={(search) => go(at({ search }), "replace")} />}
      {answer === null ? (
        <p class="quiet">{t("app.loading")}</p>
      ) : refused(answer) ? (
        <Notice code={answer.code} />
      ) : (
        <Figures
          answer={answer}
          dimensions={dimensions}
          metrics={metrics}
          sorted={sorted}
          heading={(metric) => (
            <a
              href={at({ order: { metric, ascending: sorted.metric === metric && !sorted.ascending } })}
              data-testid={`order-${metric}`}
            >
              {t(`metric.${metric}`)}
              {sorted.metric === metric && <span aria-hidden="true">{sorted.ascending ? " ↑" : " ↓"}</span>}
            </a>
          )}
        />
      )}
      {answer && !refused(answer) && (
        <div class="details-foot">
          <span class="quiet" role="status">
            {t("details.rows", { n: total })}
            {answer.meta.folded_below !== undefined && `. ${t("list.folded", { n: answer.meta.folded_below })}`}
          </span>
          {!reader && asking && total > 0 && (
            <Export
              question={rowsQuestion(asking, dimensions, metrics, { ...shown, limit: EXPORTED })}
              headings={[...dimensions.map(dimensionName), ...metrics.map((metric) => t(`metric.${metric}`))]}
              name={`${asking.domain}-${dimension.replace(/[^\p{L}\p{N}_-]+/gu, "-")}`}
            />
          )}
          {pages > 1 && (
            <nav aria-label={t("details.pages")}>
              {page > 1 && (
                <a class="icon-button" href={at({ page: page - 1 })} aria-label={t("details.previous")}>
                  <Icon name="left" />
                </a>
              )}
              <span>{t("details.page", { page, pages })}</span>
              {page < pages && (
                <a
                  class="icon-button"
                  href={at({ page: page + 1 })}
                  aria-label={t("details.next")}
                  data-testid="details-next"
                >
                  <Icon name="right" />
                </a>
              )}
            </nav>
          )}
        </div>
      )}
    </dialog>
  );
}

/** The address follows what is typed, after a moment. */
function Search({ search, found }: { search: string; found: (search: string) => void }) {
  const [typed, setTyped] = useState(search);
  // The order may have changed since the typing began.
  const latest = useRef(found);
  latest.current = found;
  useEffect(() => {
    if (typed === search) return;
    const timer = setTimeout(() => latest.current(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <Field
      label={t("details.search")}
      value={typed}
      onValue={setTyped}
      testId="details-search"
      autoComplete="off"
      literal
    />
  );
}
