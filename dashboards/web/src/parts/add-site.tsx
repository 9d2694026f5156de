/** The dialog for a new site; afterwards its settings show the code to paste. */
import { useEffect, useRef, useState } from "preact/hooks";
import { noteSite } from "../account";
import { go, settingsPath } from "../address";
import { api, codeOf } from "../api";
import { tidyDomain } from "../domain";
import { errorText, t } from "../language";
import "./add-site.css";
import { Field } from "./field";
import { TimezoneField } from "./timezone-field";

export const DEFAULT_ZONE = "Asia/Almaty";
const OF_DOMAIN = new Set(["domain_taken", "bad_domain"]);

export function AddSite({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [domain, setDomain] = useState("");
  const [timezone, setTimezone] = useState(DEFAULT_ZONE);
  const [busy, setBusy] = useState(false);
  const [code, setCode] = useState<string | null>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const send = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setCode(null);
    try {
      const site = await api.addSite(tidyDomain(domain), timezone);
      noteSite(site);
      close();
      go(settingsPath(site.domain));
    } catch (error) {
      setCode(codeOf(error));
      setBusy(false);
    }
  };
  const problem = (mine: boolean) => (code && mine ? errorText(code) : undefined);
  return (
    <dialog ref={dialog} class="add-site sheet" aria-labelledby="add-site-title" onClose={close}>
      <form onSubmit={send} data-testid="add-site-form">
        <h2 id="add-site-title">{t("add.title")}</h2>
        <Field
          label={t("add.domain")}
          hint={t("add.domain_hint")}
          value={domain}
          onValue={setDomain}
          problem={problem(OF_DOMAIN.has(code ?? ""))}
          testId="add-site-domain"
          required
          autoComplete="off"
          literal
        />
        <TimezoneField value={timezone} onValue={setTimezone} problem={problem(code === "bad_timezone")} />
        {code && !OF_DOMAIN.has(code) && code !== "bad_timezone" && (
          <p class="field-problem" role="alert" data-code={code}>
            {errorText(code)}
          </p>
        )}
        <div class="add-site-buttons">
          <button type="button" class="button" onClick={close}>
            {t("app.cancel")}
          </button>
          <button type="submit" class="button main" disabled={busy} data-testid="add-site-submit">
            {t("add.submit")}
          </button>
        </div>
      </form>
    </dialog>
  );
}
