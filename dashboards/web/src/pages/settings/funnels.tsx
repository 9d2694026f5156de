/** Funnels: goals in their order, two to eight of them. */
import { useEffect, useState } from "preact/hooks";
import type { Funnel } from "../../api";
import { t } from "../../language";
import { Field } from "../../parts/field";
import { goals, funnels as kept, loadFunnels, loadGoals } from "../../site-lists";
import { FormSheet, Outcome, Pick, useSaving } from "./form";
import { dropFunnel, putFunnel } from "./record";

const FEWEST = 2;
const MOST = 8;

export function FunnelsTab({ domain }: { domain: string }) {
  const removing = useSaving();
  const [edited, setEdited] = useState<Funnel | null>(null);
  useEffect(() => {
    void loadGoals(domain);
    void loadFunnels(domain);
  }, [domain]);
  const list = kept.value;
  const reload = () => void loadFunnels(domain, true);
  const nameOf = (id: number) => goals.value?.find((goal) => goal.id === id)?.name ?? String(id);
  return (
    <>
      <section class="sheet" aria-labelledby="funnels-title">
        <h2 id="funnels-title">{t("funnel.title")}</h2>
        <p class="quiet">{t("funnel.lead")}</p>
        {list?.length === 0 && <p>{t("funnel.none")}</p>}
        {list && list.length > 0 && (
          <ul class="settings-list" data-testid="funnel-list">
            {list.map((funnel) => (
              <li key={funnel.id}>
                <span>
                  <strong>{funnel.name}</strong>
                  <span class="quiet">{funnel.steps.map(nameOf).join(" → ")}</span>
                </span>
                <button type="button" class="button" onClick={() => setEdited(funnel)}>
                  {t("settings.edit")}
                  <span class="unseen"> {funnel.name}</span>
                </button>
                <button
                  type="button"
                  class="button"
                  data-testid="funnel-remove"
                  onClick={async () => {
                    if (await removing.run(() => dropFunnel(domain, funnel.id))) reload();
                  }}
                >
                  {t("settings.remove")}
                  <span class="unseen"> {funnel.name}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
        <Outcome saving={removing} done={t("settings.removed")} />
      </section>
      {(goals.value?.length ?? 0) < FEWEST ? (
        <p class="quiet">{t("funnel.goals_first")}</p>
      ) : (
        <FunnelForm
          key={edited?.id ?? "new"}
          domain={domain}
          funnel={edited}
          done={() => {
            setEdited(null);
            reload();
          }}
        />
      )}
    </>
  );
}

function FunnelForm({ domain, funnel, done }: { domain: string; funnel: Funnel | null; done: () => void }) {
  const saving = useSaving();
  const all = goals.value ?? [];
  const [name, setName] = useState(funnel?.name ?? "");
  const [steps, setSteps] = useState<number[]>(funnel?.steps ?? all.slice(0, FEWEST).map(({ id }) => id));
  const unused = all.find(({ id }) => !steps.includes(id));
  const save = () => putFunnel(domain, { name, steps }, funnel?.id);
  return (
    <FormSheet
      title={funnel ? t("goal.change", { name: funnel.name }) : t("funnel.add")}
      saving={saving}
      save={save}
      then={() => {
        setName("");
        done();
      }}
      submit={funnel ? t("settings.save") : t("funnel.submit")}
      testId="funnel-form"
    >
      <Field label={t("funnel.name")} value={name} onValue={setName} testId="funnel-name" autoComplete="off" required />
      {steps.map((step, index) => (
        <Pick
          key={index}
          label={t("funnel.step", { n: index + 1 })}
          value={String(step)}
          options={all.map((goal) => [String(goal.id), goal.name] as const)}
          onValue={(id) => setSteps(steps.map((old, at) => (at === index ? Number(id) : old)))}
          testId={`funnel-step-${index + 1}`}
        />
      ))}
      <p class="settings-row">
        <button
          type="button"
          class="button"
          disabled={!unused || steps.length >= MOST}
          data-testid="funnel-more"
          onClick={() => unused && setSteps([...steps, unused.id])}
        >
          {t("funnel.more")}
        </button>
        <button
          type="button"
          class="button"
          disabled={steps.length <= FEWEST}
          onClick={() => setSteps(steps.slice(0, -1))}
        >
          {t("funnel.fewer")}
        </button>
      </p>
    </FormSheet>
  );
}
