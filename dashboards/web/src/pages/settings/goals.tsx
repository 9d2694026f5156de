/** Goals: what visitors shall do. Laid down here; questions bring them along. */
import { useEffect, useState } from "preact/hooks";
import type { Goal } from "../../goals";
import { t } from "../../language";
import { Field } from "../../parts/field";
import { goals as kept, loadGoals } from "../../site-lists";
import { Count, countOf, FormSheet, Outcome, Pick, useSaving } from "./form";
import { dropGoal, putGoal } from "./record";

const KINDS = { event: "goal.kind_event", page: "goal.kind_page", scroll: "goal.kind_scroll" } as const;

/** What reaches a goal, in a line. */
function reachedBy(goal: Goal): string {
  if (goal.kind === "event") return t("goal.by_event", { name: goal.event ?? "" });
  if (goal.kind === "page") return t("goal.by_page", { page: goal.page ?? "" });
  return t("goal.by_scroll", { n: goal.scroll ?? 0, page: goal.page ?? "" });
}

export function GoalsTab({ domain }: { domain: string }) {
  const removing = useSaving();
  const [edited, setEdited] = useState<Goal | null>(null);
  useEffect(() => void loadGoals(domain), [domain]);
  const list = kept.value;
  const reload = () => void loadGoals(domain, true);
  return (
    <>
      <section class="sheet" aria-labelledby="goals-title">
        <h2 id="goals-title">{t("goal.title")}</h2>
        <p class="quiet">{t("goal.lead")}</p>
        {list?.length === 0 && <p>{t("goal.none")}</p>}
        {list && list.length > 0 && (
          <ul class="settings-list" data-testid="goal-list">
            {list.map((goal) => (
              <li key={goal.id}>
                <span>
                  <strong>{goal.name}</strong>
                  <span class="quiet">
                    {reachedBy(goal)}
                    {goal.conditions?.map(({ property, value }) => ` · ${property}: ${value}`)}
                    {goal.currency ? ` · ${goal.currency}` : ""}
                  </span>
                </span>
                <button type="button" class="button" onClick={() => setEdited(goal)}>
                  {t("settings.edit")}
                  <span class="unseen"> {goal.name}</span>
                </button>
                <button
                  type="button"
                  class="button"
                  data-testid="goal-remove"
                  onClick={async () => {
                    if (await removing.run(() => dropGoal(domain, goal.id))) reload();
                  }}
                >
                  {t("settings.remove")}
                  <span class="unseen"> {goal.name}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
        <Outcome saving={removing} done={t("settings.removed")} />
      </section>
      <GoalForm
        key={edited?.id ?? "new"}
        domain={domain}
        goal={edited}
        done={() => {
          setEdited(null);
          reload();
        }}
      />
    </>
  );
}

function GoalForm({ domain, goal, done }: { domain: string; goal: Goal | null; done: () => void }) {
  const saving = useSaving();
  const [name, setName] = useState(goal?.name ?? "");
  const [kind, setKind] = useState<Goal["kind"]>(goal?.kind ?? "event");
  const [event, setEvent] = useState(goal?.event ?? "");
  const [page, setPage] = useState(goal?.page ?? "");
  const [scroll, setScroll] = useState(String(goal?.scroll ?? 75));
  const [property, setProperty] = useState(goal?.conditions?.[0]?.property ?? "");
  const [value, setValue] = useState(goal?.conditions?.[0]?.value ?? "");
  const [currency, setCurrency] = useState(goal?.currency ?? "");
  const of = { event: kind === "event", page: kind !== "event", scroll: kind === "scroll" };
  const save = () =>
    putGoal(
      domain,
      {
        name: name.trim() || (of.event ? event : page).trim(),
        kind,
        event: of.event ? event.trim() : null,
        page: of.page ? page.trim() : null,
        scroll: of.scroll ? countOf(scroll) : null,
        // A first condition is edited here; the others stay.
        conditions: [
          ...(of.event && property.trim() ? [{ property: property.trim(), value: value.trim() }] : []),
          ...(goal?.conditions?.slice(1) ?? []),
        ],
        currency: of.event && currency.trim() ? currency.trim().toUpperCase() : null,
      },
      goal?.id,
    );
  const clear = () => {
    setName("");
    setEvent("");
    setPage("");
    setProperty("");
    setValue("");
    setCurrency("");
    done();
  };
  return (
    <FormSheet
      title={goal ? t("goal.change", { name: goal.name }) : t("goal.add")}
      saving={saving}
      save={save}
      then={clear}
      submit={goal ? t("settings.save") : t("goal.submit")}
      testId="goal-form"
    >
      <Pick
        label={t("goal.kind")}
        value={kind}
        options={[
          ["event", t(KINDS.event)],
          ["page", t(KINDS.page)],
          ["scroll", t(KINDS.scroll)],
        ]}
        onValue={setKind}
        testId="goal-kind"
      />
      {of.event && (
        <Field
          label={t("goal.event")}
          hint={t("goal.event_hint")}
          value={event}
          onValue={setEvent}
          testId="goal-event"
          autoComplete="off"
          required
        />
      )}
      {of.page && (
        <Field
          label={t("goal.page")}
          hint={t("goal.page_hint")}
          value={page}
          onValue={setPage}
          testId="goal-page"
          autoComplete="off"
          required
          literal
        />
      )}
      {of.scroll && (
        <Count
          label={t("goal.scroll")}
          hint={t("goal.scroll_hint")}
          value={scroll}
          onValue={setScroll}
          least={1}
          most={100}
          required
          testId="goal-scroll"
        />
      )}
      {of.event && (
        <div class="settings-row">
          <Field
            label={t("goal.property")}
            value={property}
            onValue={setProperty}
            testId="goal-property"
            autoComplete="off"
          />
          <Field label={t("goal.value")} value={value} onValue={setValue} testId="goal-value" autoComplete="off" />
          <Field
            label={t("goal.currency")}
            value={currency}
            onValue={setCurrency}
            testId="goal-currency"
            autoComplete="off"
          />
        </div>
      )}
      <Field
        label={t("goal.name")}
        hint={t("goal.name_hint")}
        value={name}
        onValue={setName}
        testId="goal-name"
        autoComplete="off"
      />
    </FormSheet>
  );
}
