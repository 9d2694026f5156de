/** One's own account: password, second factor, sessions. */
import { useState } from "preact/hooks";
import { retryAccount } from "../account";
import { accounts, type OwnSession } from "../accounts-api";
import { serverNow, session } from "../api";
import { formats, hasWord, t } from "../language";
import { useDeed, useFetched } from "../parts/deed";
import { Field } from "../parts/field";
import { Notice } from "../parts/notice";
import { Problem } from "../parts/problem";
import { SecondFactor } from "../parts/second-factor";
import "./accounts.css";

export function AccountPage() {
  const { value, code, again } = useFetched(accounts.profile);
  const mustEnrol = session.value?.must_enrol === true;
  const enrolled = async () => {
    await again();
    // The other pages are open from now on.
    if (!session.value || !mustEnrol) return;
    session.value = { ...session.value, must_enrol: false };
    await retryAccount();
  };
  return (
    <>
      <h1 tabIndex={-1}>{t("profile.title")}</h1>
      {value && (
        <p class="quiet">
          {value.email}
          {value.role && ` · ${t(`role.${value.role}`)}`}
        </p>
      )}
      {code && <Notice code={code} retry={() => void again()} />}
      {value && (
        <div class="accounts">
          <section class="sheet" aria-labelledby="factor-title">
            <h2 id="factor-title">{t("totp.title")}</h2>
            <SecondFactor state={value.second_factor} changed={() => void enrolled()} />
          </section>
          {!mustEnrol && (
            <>
              <section class="sheet" aria-labelledby="password-title">
                <h2 id="password-title">{t("signin.password")}</h2>
                <Password changed={() => void again()} />
              </section>
              <section class="sheet" aria-labelledby="sessions-title">
                <h2 id="sessions-title">{t("profile.sessions")}</h2>
                <p class="quiet">{t("profile.sessions_lead")}</p>
                <Sessions sessions={value.sessions} changed={() => void again()} />
              </section>
            </>
          )}
        </div>
      )}
    </>
  );
}

function Password({ changed }: { changed: () => void }) {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const [done, setDone] = useState(false);
  const { busy, code, run } = useDeed();
  const send = async (event: Event) => {
    event.preventDefault();
    setDone(false);
    const kept = await run(async () => {
      session.value = await accounts.setPassword(current, fresh);
    });
    if (!kept) return;
    setCurrent("");
    setFresh("");
    setDone(true);
    changed();
  };
  return (
    <form class="rows" onSubmit={send}>
      <Field
        label={t("profile.current_password")}
        type="password"
        name="current"
        autoComplete="current-password"
        required
        value={current}
        onValue={setCurrent}
        testId="password-current"
      />
      <Field
        label={t("profile.new_password")}
        type="password"
        name="new"
        autoComplete="new-password"
        required
        value={fresh}
        onValue={setFresh}
        hint={t("setup.password_hint", { n: 12 })}
        testId="password-new"
      />
      <Problem code={code} />
      <p role="status">{done && t("profile.password_set")}</p>
      <button type="submit" class="button main" disabled={busy} data-testid="password-submit">
        {t("profile.set_password")}
      </button>
    </form>
  );
}

const NAMES: Record<string, string> = {
  firefox: "Firefox",
  chrome: "Chrome",
  safari: "Safari",
  edge: "Edge",
  opera: "Opera",
  samsung: "Samsung Internet",
  windows: "Windows",
  macos: "macOS",
  linux: "Linux",
  android: "Android",
  ios: "iOS",
  chromeos: "ChromeOS",
};

function nameOf(family: string): string {
  const key = `profile.${family}`;
  return NAMES[family] ?? (hasWord(key) ? t(key) : family);
}

function Sessions({ sessions, changed }: { sessions: OwnSession[]; changed: () => void }) {
  const { busy, code, run } = useDeed();
  const end = async (deed: () => Promise<void>) => {
    if (await run(deed)) changed();
  };
  return (
    <>
      <ul class="roster">
        {sessions.map(({ id, current, way, browser, system, last_seen_at }) => {
          const name = [browser, system].flatMap((family) => (family ? [nameOf(family)] : [])).join(", ");
          const label = name || t("profile.unknown_browser");
          return (
            <li key={id}>
              <div>
                <strong>{label}</strong>
                <p class="quiet">
                  {current
                    ? t("profile.this_session")
                    : formats().ago(Math.max(0, Math.floor(serverNow() / 1000) - last_seen_at))}
                  {way === "oidc" && ` · ${t("profile.by_provider")}`}
                </p>
              </div>
              {!current && (
                <button
                  type="button"
                  class="link"
                  disabled={busy}
                  aria-label={t("profile.end_of", { name: label })}
                  data-testid="session-end"
                  onClick={() => void end(() => accounts.endSession(id))}
                >
                  {t("profile.end")}
                </button>
              )}
            </li>
          );
        })}
      </ul>
      <Problem code={code} />
      {sessions.length > 1 && (
        <button
          type="button"
          class="button"
          disabled={busy}
          data-testid="sessions-end"
          onClick={() => void end(accounts.endOthers)}
        >
          {t("profile.end_others")}
        </button>
      )}
    </>
  );
}
