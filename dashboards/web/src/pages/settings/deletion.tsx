/** The end of a site: what would go, and the domain typed once more. */
import { useEffect, useState } from "preact/hooks";
import { loadSites } from "../../account";
import { go } from "../../address";
import { codeOf } from "../../api";
import { formats, t } from "../../language";
import { Field } from "../../parts/field";
import { Notice } from "../../parts/notice";
import { FormSheet, useSaving } from "./form";
import { type Deletion, deleteSite, deletion } from "./record";

const ROWS = [
  ["pageviews", "deletion.pageviews"],
  ["goals", "deletion.goals"],
  ["funnels", "deletion.funnels"],
  ["segments", "deletion.segments"],
  ["annotations", "deletion.notes"],
  ["links", "deletion.links"],
  ["keys", "deletion.keys"],
] as const;

export function DeletionTab({ domain }: { domain: string }) {
  const saving = useSaving();
  const [preview, setPreview] = useState<Deletion | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  const load = () => {
    setFailure(null);
    deletion(domain).then(setPreview, (error) => setFailure(codeOf(error)));
  };
  useEffect(load, [domain]);
  const right = typed.trim().toLowerCase() === domain;
  const save = async () => {
    await deleteSite(domain);
    go("/");
    await loadSites();
  };
  return (
    <>
      <section class="sheet" aria-labelledby="deletion-title">
        <h2 id="deletion-title">{t("deletion.title")}</h2>
        <p class="quiet">{t("deletion.lead")}</p>
        {failure && <Notice code={failure} retry={load} />}
        {preview && (
          <dl data-testid="deletion-preview">
            {ROWS.map(([name, word]) => (
              <div key={name}>
                <dt>{t(word)}</dt>
                <dd>{preview[name] === null ? "" : formats().number(preview[name] ?? 0)}</dd>
              </div>
            ))}
          </dl>
        )}
      </section>
      {preview && (
        <FormSheet
          title={t("deletion.confirm")}
          saving={saving}
          save={save}
          blocked={!right}
          submit={t("deletion.submit", { domain })}
          testId="deletion-form"
        >
          <Field
            label={t("deletion.typed", { domain })}
            value={typed}
            onValue={setTyped}
            problem={typed !== "" && !right ? t("deletion.differs") : undefined}
            testId="deletion-domain"
            autoComplete="off"
            required
            literal
          />
        </FormSheet>
      )}
    </>
  );
}
