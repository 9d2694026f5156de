/** The way in through the identity provider, where there is one; and why it has led to nothing. */
import { useEffect, useState } from "preact/hooks";
import { request } from "../api";
import { errorText, t } from "../language";

/** What the server has put into the address when nobody was let in. */
function refusal(): string | null {
  const code = new URLSearchParams(location.search).get("oidc");
  return code && /^oidc_[a-z_]{1,40}$/.test(code) ? code : null;
}

export function ProviderDoor() {
  const [name, setName] = useState<string | null>(null);
  const [code] = useState(refusal);
  useEffect(() => {
    // Said once: whoever reloads or signs in otherwise isn't told again.
    if (code) history.replaceState(null, "", location.pathname);
    let gone = false;
    request<{ name: string | null }>("GET", "/api/oidc").then(
      (provider) => gone || setName(provider.name),
      // Passwords go on working.
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [code]);
  return (
    <>
      {code && (
        <p class="field-problem" role="alert" data-testid="provider-problem" data-code={code}>
          {errorText(code)}
        </p>
      )}
      {name && (
        // With a target, the interface leaves the link to the browser.
        <p>
          <a class="button" href="/api/oidc/start" target="_self" data-testid="provider-start">
            {t("signin.with", { name })}
          </a>
        </p>
      )}
    </>
  );
}
