/** Funnels: how many visits came to each step, and how many were lost on the way. */
import { useEffect, useState } from "preact/hooks";
import { settingsPath } from "../address";
import type { Funnel, Refusal } from "../api";
import { toApiGoal } from "../goals";
import { formats, t } from "../language";
import { usePlace } from "../place";
import { baseQuestion } from "../questions";
import { funnels, goals, loadFunnels } from "../site-lists";
import { refused, useAnswer } from "../together";
import { useAsking } from "./asking";
import { Notice } from "./notice";

interface Step {
  step: number;
  name: string;
  visits: number | null;
  visitors: number | null;
  from_previous: number | null;
  from_first: number | null;
  dropped: number | null;
}

interface FunnelAnswer {
  results: Step[];
  meta: { visits: number | null; days_told?: number; days_untold?: number; folded_below?: number };
}

export function Funnels() {
  const { site } = usePlace();
  useEffect(() => {
    void loadFunnels(site.domain);
  }, [site.domain]);
  const list = funnels.value;
  const [chosen, setChosen] = useState<number | null>(null);
  const funnel = list?.find(({ id }) => id === chosen) ?? list?.[0];
  return (
    <section class="panel sheet" aria-labelledby="funnels-title" data-testid="funnels">
      <div class="panel-head">
        <h2 id="funnels-title">{t("funnel.title")}</h2>
        {list && list.length > 1 && (
          <select
            aria-label={t("funnel.choose")}
            value={funnel?.id}
            onChange={(event) => setChosen(Number(event.currentTarget.value))}
          >
            {list.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
        {list?.length === 1 && <span class="quiet">{funnel?.name}</span>}
      </div>
      {funnel ? (
        <Shown funnel={funnel} />
      ) : (
        <p class="deeper-empty quiet">
          {list ? t("funnel.none") : t("app.loading")}{" "}
          {list && <a href={settingsPath(site.domain, "funnels")}>{t("board.settings")}</a>}
        </p>
      )}
    </section>
  );
}

function Shown({ funnel }: { funnel: Funnel }) {
  const asking = useAsking(true);
  const steps = funnel.steps.flatMap((id) => goals.value?.find((goal) => goal.id === id) ?? []);
  const base = asking && baseQuestion(asking);
  const answer: FunnelAnswer | Refusal | null = useAnswer<FunnelAnswer>(
    base && steps.length > 1 ? { kind: "funnel", ...base, steps: steps.map(toApiGoal) } : null,
  );
  if (answer === null) return <p class="deeper-empty quiet">{t("app.loading")}</p>;
  if (refused(answer)) return <Notice code={answer.code} />;
  const most = Math.max(1, ...answer.results.map((step) => step.visits ?? 0));
  const count = (value: number | null) => (value === null ? "–" : formats().number(value));
  const share = (value: number | null) => (value === null ? "–" : formats().percent(value, 1));
  return (
    <>
      <ol class="funnel">
        {answer.results.map((step, index) => (
          <li key={step.step} data-testid="funnel-step" data-value={step.visits ?? ""}>
            {index > 0 && (
              <p class="funnel-lost quiet">
                {t("funnel.lost", { visits: count(step.dropped), share: share(step.from_previous) })}
              </p>
            )}
            <p class="funnel-step">
              <span>{step.name}</span>
              <strong>{count(step.visits)}</strong>
              <span class="quiet">{share(step.from_first)}</span>
            </p>
            <span class="funnel-bar" style={{ width: `${((step.visits ?? 0) / most) * 100}%` }} />
          </li>
        ))}
      </ol>
      <p class="quiet deeper-note">
        {t("funnel.explained")}
        {answer.meta.days_untold ? ` ${t("funnel.untold", { n: answer.meta.days_untold })}` : ""}
      </p>
    </>
  );
}
