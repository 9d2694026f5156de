/** Journeys: which pages visits went to from a page, or came from to it. */
import { formats, t } from "../language";
import { usePlace } from "../place";
import { baseQuestion } from "../questions";
import { refused, useAnswer } from "../together";
import type { Journey } from "../view";
import { useAsking } from "./asking";
import { Icon } from "./icon";
import { Notice } from "./notice";

interface Way {
  kind: "page" | "left" | "came_in" | "other";
  page: string | null;
  visits: number;
  percentage: number | null;
}

interface JourneyAnswer {
  results: Way[];
  meta: { total_rows?: number; folded_below?: number };
}

const ROWS = 10;

export function Journeys() {
  const { view, link } = usePlace();
  const { page, direction } = view.journey;
  const asking = useAsking();
  const answer = useAnswer<JourneyAnswer>(
    asking && { kind: "journeys", ...baseQuestion(asking), page, direction, pagination: { limit: ROWS } },
  );
  const to = (journey: Journey) => link({ journey });
  return (
    <section class="panel sheet" aria-labelledby="journeys-title" data-testid="journeys">
      <div class="panel-head">
        <h2 id="journeys-title">{t("journey.title")}</h2>
        <nav class="panel-tabs" aria-label={t("journey.title")}>
          {(["next", "previous"] as const).map((way) => (
            <a
              key={way}
              href={to({ page, direction: way })}
              aria-current={way === direction ? "true" : undefined}
              data-testid={`journey-${way}`}
            >
              {t(page ? `journey.${way}` : `journey.${way === "next" ? "began" : "ended"}`)}
            </a>
          ))}
        </nav>
      </div>
      {page && (
        <p class="journey-page">
          <a
            class="icon-button"
            href={to({ page: null, direction })}
            aria-label={t("journey.back")}
            data-testid="journey-back"
          >
            <Icon name="left" />
          </a>
          <strong>{page}</strong>
        </p>
      )}
      {answer === null ? (
        <p class="deeper-empty quiet">{t("app.loading")}</p>
      ) : refused(answer) ? (
        <Notice code={answer.code} />
      ) : answer.results.length === 0 ? (
        <p class="deeper-empty quiet">{t("list.empty")}</p>
      ) : (
        <Ways answer={answer} />
      )}
      <p class="quiet deeper-note">{t("journey.explained")}</p>
    </section>
  );
}

function Ways({ answer }: { answer: JourneyAnswer }) {
  const { view, link } = usePlace();
  const most = Math.max(1, ...answer.results.map((way) => way.visits));
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t("dimension.page")}</th>
          <th scope="col">{t("metric.visits")}</th>
          <th scope="col">{t("column.share")}</th>
        </tr>
      </thead>
      <tbody>
        {answer.results.map((way) => (
          <tr key={way.page ?? way.kind} data-key={way.page ?? way.kind} data-value={way.visits}>
            <th scope="row">
              <span class="panel-name">
                {way.page === null ? (
                  <span class="quiet">{t(`journey.${way.kind as "left"}`)}</span>
                ) : (
                  <a href={link({ journey: { page: way.page, direction: view.journey.direction } })}>{way.page}</a>
                )}
              </span>
              <span class="panel-bar" style={{ width: `${(way.visits / most) * 100}%` }} />
            </th>
            <td>{formats().number(way.visits)}</td>
            <td class="quiet">{way.percentage === null ? "–" : formats().percent(Math.round(way.percentage))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
