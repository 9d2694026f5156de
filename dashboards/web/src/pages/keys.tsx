/** API keys of one site, or those for all sites: made, shown once, revoked. */
import { useId, useState } from "preact/hooks";
import { accounts, type Key, SCOPES, type Scope } from "../accounts-api";
import { settingsPath } from "../address";
import { serverNow } from "../api";
import { localDay } from "../days";
import { formats, t } from "../language";
import { useDeed, useFetched } from "../parts/deed";
import "../parts/choice.css";
import { Field } from "../parts/field";
import { Icon } from "../parts/icon";
import { Notice } from "../parts/notice";
import { Problem } from "../parts/problem";
import { Snippet } from "../parts/snippet";
import { Twice } from "../parts/twice";
import "./accounts.css";
import "./settings.css";

const TERMS = [30, 90, 365, null] as const;

/** `null` are the keys for all sites. */
export function KeysPage({ domain }: { domain: string | null }) {
  const { value, code, again } = useFetched(() => accounts.keys(domain));
  const { busy, code: refused, run } = useDeed();
  const now = serverNow() / 1000;
  const isOver = (key: Key) => key.revoked_at !== null || (key.expires_at !== null && key.expires_at <= now);
  return (
    <>
      <p class="settings-back">
        <a href={domain === null ? "/users" : settingsPath(domain)}>
          <Icon name="left" />
          {t(domain === null ? "staff.back" : "members.back")}
        </a>
      </p>
      <h1 tabIndex={-1}>
        {domain ?? t("app.all_sites")} <span class="quiet">{t("keys.title")}</span>
      </h1>
      {code && <Notice code={code} retry={() => void again()} />}
      {value && (
        <div class="accounts">
          <section class="sheet" aria-labelledby="new-key-title">
            <h2 id="new-key-title">{t("keys.new")}</h2>
            <p class="quiet">{t(domain === null ? "keys.lead_all" : "keys.lead")}</p>
            <NewKey domain={domain} changed={() => void again()} />
          </section>
          <section class="sheet" aria-labelledby="keys-title">
            <h2 id="keys-title">{t("keys.title")}</h2>
            {value.keys.length === 0 && <p class="quiet">{t("keys.none")}</p>}
            <ul class="roster" data-testid="keys">
              {value.keys.map((key) => (
                <li key={key.id}>
                  <div>
                    <strong>{key.name || t(`keys.${key.scope}`)}</strong> <code>{key.prefix}…</code>
                    <p class="quiet">{about(key, isOver(key))}</p>
                  </div>
                  {!isOver(key) && (
                    <Twice
                      label={t("keys.revoke")}
                      name={t("keys.revoke_of", { name: key.name || key.prefix })}
                      busy={busy}
                      testId="key-revoke"
                      deed={async () => {
                        if (await run(() => accounts.revokeKey(domain, key.id))) await again();
                      }}
                    />
                  )}
                </li>
              ))}
            </ul>
            <Problem code={refused} />
          </section>
        </div>
      )}
    </>
  );
}

function about(key: Key, over: boolean): string {
  const day = (seconds: number) => formats().date(localDay(seconds), "yMMMd");
  const end = key.revoked_at ?? key.expires_at;
  return [
    t(`keys.${key.scope}`),
    over
      ? t("keys.over", { date: day(end ?? 0) })
      : end === null
        ? t("keys.endless")
        : t("keys.until", { date: day(end) }),
    ...(key.scope === "events"
      ? []
      : [key.last_used_at === null ? t("keys.unused") : t("keys.used", { date: day(key.last_used_at) })]),
  ].join(" · ");
}

function NewKey({ domain, changed }: { domain: string | null; changed: () => void }) {
  /** A key for all sites manages them; figures are asked for site by site. */
  const scopes: readonly Scope[] = domain === null ? ["sites"] : SCOPES;
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>(domain === null ? "sites" : "stats");
  const [days, setDays] = useState<number | null>(90);
  const [secret, setSecret] = useState<string | null>(null);
  const { busy, code, run } = useDeed();
  const id = useId();
  const send = async (event: Event) => {
    event.preventDefault();
    const done = await run(async () => {
      setSecret((await accounts.makeKey(domain, { name: name.trim(), scope, expires_in_days: days })).secret);
    });
    if (!done) return;
    setName("");
    changed();
  };
  return (
    <>
      <form class="rows" onSubmit={send} data-testid="key-form">
        <Field
          label={t("keys.name")}
          name="name"
          autoComplete="off"
          value={name}
          onValue={setName}
          hint={t("keys.name_hint")}
          testId="key-name"
        />
        <div class="field">
          <label for={`${id}-scope`}>{t("keys.scope")}</label>
          <select
            id={`${id}-scope`}
            class="choice"
            value={scope}
            data-testid="key-scope"
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              setScope(SCOPES.find((known) => known === chosen) ?? "stats");
            }}
          >
            {scopes.map((known) => (
              <option key={known} value={known}>
                {t(`keys.${known}`)}
              </option>
            ))}
          </select>
          <p class="quiet field-note">{t(`keys.${scope}_may`)}</p>
        </div>
        <div class="field">
          <label for={`${id}-term`}>{t("keys.term")}</label>
          <select
            id={`${id}-term`}
            class="choice"
            value={days === null ? "" : String(days)}
            data-testid="key-term"
            onChange={(event) => setDays(event.currentTarget.value ? Number(event.currentTarget.value) : null)}
          >
            {TERMS.map((term) => (
              <option key={term} value={term === null ? "" : String(term)}>
                {term === null ? t("keys.endless") : t("keys.days", { n: term })}
              </option>
            ))}
          </select>
        </div>
        <Problem code={code} />
        <button type="submit" class="button main" disabled={busy} data-testid="key-submit">
          {t("keys.make")}
        </button>
      </form>
      {secret && (
        <div class="rows" role="status">
          <p>{t("keys.once")}</p>
          <Snippet code={secret} />
        </div>
      )}
    </>
  );
}
