/** Web vitals: how fast and steady pages were for three visits out of four, and which pages suffer. */
import { type Answer, numberOf } from "../api";
import { formats, t } from "../language";
import { baseQuestion, rowsQuestion } from "../questions";
import { refused, useAnswer } from "../together";
import { rate, THRESHOLDS, VITALS, type Vital } from "../vitals";
import { useAsking } from "./asking";
import { Disclosure } from "./disclosure";
import { Icon } from "./icon";
import { Notice } from "./notice";
import "./vitals.css";

const P75 = VITALS.map((vital) => `${vital}_p75`);
const SUFFERING = 8;

export function vitalText(vital: Vital, value: number): string {
  if (vital === "cls") return formats().decimal(value, 2);
  return value < 1000
    ? t("vitals.ms", { value: formats().number(Math.round(value)) })
    : t("vitals.s", { value: formats().decimal(value / 1000, 1) });
}

export function Vitals() {
  const asking = useAsking();
  const totals = useAnswer<Answer>(asking && { ...baseQuestion(asking), metrics: P75 });
  const pages = useAnswer<Answer>(
    asking && rowsQuestion(asking, ["page"], P75, { limit: SUFFERING, order: ["lcp_p75", "desc"] }),
  );
  const values = totals && !refused(totals) ? VITALS.map((_, at) => numberOf(totals.results[0]?.metrics[at])) : null;
  return (
    <section class="panel sheet wide" aria-labelledby="vitals-title" data-testid="vitals">
      <div class="panel-head">
        <h2 id="vitals-title">{t("vitals.title")}</h2>
      </div>
      {refused(totals) && <Notice code={totals.code} />}
      {values && (
        <ul class="vitals">
          {VITALS.map((vital, index) => (
            <Gauge key={vital} vital={vital} value={values[index] ?? null} />
          ))}
        </ul>
      )}
      {values?.every((value) => value === null) && <p class="quiet deeper-note">{t("vitals.none")}</p>}
      {pages && !refused(pages) && <Suffering answer={pages} />}
      <p class="quiet deeper-note">{t("vitals.explained")}</p>
    </section>
  );
}

function Gauge({ vital, value }: { vital: Vital; value: number | null }) {
  const [good, poor] = THRESHOLDS[vital];
  const rating = value === null ? null : rate(vital, value);
  return (
    <li class={`vital ${rating ?? ""}`} data-testid={`vital-${vital}`} data-value={value ?? ""}>
      <span class="vital-name">
        {vital.toUpperCase()}
        <Disclosure
          label={<Icon name="question" />}
          name={t("definition.label", { metric: vital.toUpperCase() })}
          buttonClass="tile-ask"
        >
          {() => (
            <p class="tile-definition">
              {t(`definition.${vital}`)}{" "}
              {t("vitals.thresholds", { good: vitalText(vital, good), poor: vitalText(vital, poor) })}
            </p>
          )}
        </Disclosure>
      </span>
      <strong>{value === null ? "–" : vitalText(vital, value)}</strong>
      <span class="vital-rating">{rating && t(`vitals.${rating}`)}</span>
    </li>
  );
}

/** Pages by their slowest content first; only those that somebody measured. */
function Suffering({ answer }: { answer: Answer }) {
  const rows = answer.results.filter((row) => row.metrics.some((figure) => figure !== null));
  if (rows.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, which the keyboard must be able to do
    <div class="figures" tabIndex={0} role="group" aria-label={t("vitals.pages")}>
      <table style={{ "--columns": String(VITALS.length) }}>
        <thead>
          <tr>
            <th scope="col">{t("vitals.pages")}</th>
            {VITALS.map((vital) => (
              <th key={vital} scope="col">
                {vital.toUpperCase()}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.dimensions[0]}>
              <th scope="row">
                <span class="panel-name">
                  <span>{row.dimensions[0]}</span>
                </span>
              </th>
              {VITALS.map((vital, index) => {
                const value = numberOf(row.metrics[index]);
                return (
                  <td key={vital} class={value === null ? "quiet" : `vital-cell ${rate(vital, value)}`}>
                    {value === null ? "–" : vitalText(vital, value)}
                    {value !== null && rate(vital, value) !== "good" && (
                      <span class="unseen"> ({t(`vitals.${rate(vital, value)}`)})</span>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
