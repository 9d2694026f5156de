/** Shared links: for readers without an account, with a password or a segment where wanted, and how to embed one. */
import { useEffect, useState } from "preact/hooks";
import { codeOf } from "../../api";
import { t } from "../../language";
import { Field } from "../../parts/field";
import { Notice } from "../../parts/notice";
import { loadSegments, segments } from "../../site-lists";
import { FormSheet, Outcome, Pick, useSaving } from "./form";
import { addLink, type Link, links, revokeLink } from "./record";

export function LinksTab({ domain }: { domain: string }) {
  const revoking = useSaving();
  const [list, setList] = useState<Link[] | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const load = () => {
    setFailure(null);
    links(domain).then(
      (found) => setList(found.links),
      (error) => setFailure(codeOf(error)),
    );
  };
  useEffect(() => {
    load();
    void loadSegments(domain);
  }, [domain]);
  const segmentName = (id: number | null) => segments.value?.find((segment) => segment.id === id)?.name;
  return (
    <>
      <section class="sheet" aria-labelledby="links-title">
        <h2 id="links-title">{t("share.title")}</h2>
        <p class="quiet">{t("share.lead")}</p>
        {failure && <Notice code={failure} retry={load} />}
        {list?.length === 0 && <p>{t("share.none")}</p>}
        {list && list.length > 0 && (
          <ul class="settings-list" data-testid="link-list">
            {list.map((link) => (
              <li key={link.id}>
                <span>
                  <strong>{link.name}</strong>
                  <span class="quiet">
                    {link.has_password ? t("share.with_password") : t("share.open")}
                    {link.segment_id === null ? "" : ` · ${segmentName(link.segment_id) ?? ""}`}
                  </span>
                  <a class="settings-url" href={link.url} target="_blank" rel="noreferrer">
                    {link.url}
                  </a>
                  <details>
                    <summary>{t("share.embed")}</summary>
                    <pre>
                      <code>{`<iframe src="${link.url}?embed=true&amp;theme=system" title="${domain}" loading="lazy" style="width:100%;height:1600px;border:0"></iframe>`}</code>
                    </pre>
                  </details>
                </span>
                <button
                  type="button"
                  class="button"
                  data-testid="link-revoke"
                  onClick={async () => {
                    if (await revoking.run(() => revokeLink(domain, link.id))) load();
                  }}
                >
                  {t("share.revoke")}
                  <span class="unseen"> {link.name}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
        <Outcome saving={revoking} done={t("share.revoked")} />
      </section>
      <LinkForm domain={domain} done={load} />
    </>
  );
}

function LinkForm({ domain, done }: { domain: string; done: () => void }) {
  const saving = useSaving();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [segment, setSegment] = useState("");
  const save = () =>
    addLink(domain, { name, password: password || null, segment_id: segment === "" ? null : Number(segment) });
  const shared = (segments.value ?? []).filter((one) => one.shared);
  return (
    <FormSheet
      title={t("share.add")}
      saving={saving}
      save={save}
      then={() => {
        setName("");
        setPassword("");
        done();
      }}
      submit={t("share.submit")}
      testId="link-form"
    >
      <Field label={t("share.name")} value={name} onValue={setName} testId="link-name" autoComplete="off" required />
      <Field
        label={t("share.password")}
        hint={t("share.password_hint", { n: 12 })}
        value={password}
        onValue={setPassword}
        type="password"
        autoComplete="new-password"
        testId="link-password"
      />
      <Pick
        label={t("share.segment")}
        hint={t("share.segment_hint")}
        value={segment}
        options={[["", t("share.whole")], ...shared.map((one) => [String(one.id), one.name] as const)]}
        onValue={setSegment}
        testId="link-segment"
      />
    </FormSheet>
  );
}
