/** The band at the top of every page: the mark, the language, the theme, the account. */
import { signOut } from "../account";
import { session } from "../api";
import { t } from "../language";
import { Disclosure } from "./disclosure";
import "./header.css";
import { Icon } from "./icon";
import { LanguageSwitch } from "./language-switch";
import { Mark } from "./mark";
import { ThemeSwitch } from "./theme-switch";

export function Header() {
  const who = session.value;
  return (
    <header class="band">
      <div class="band-row">
        <a class="mark" href="/">
          <Mark />
          <span>{t("app.name")}</span>
        </a>
        <LanguageSwitch />
        <ThemeSwitch />
        {who && (
          <Disclosure
            label={<Icon name="person" />}
            name={t("account.label")}
            buttonClass="band-button"
            align="end"
            testId="account"
          >
            {(close) => (
              <div class="account">
                <p class="quiet">{who.user.email}</p>
                <a class="button" href="/account" data-testid="account-open" onClick={close}>
                  {t("account.open")}
                </a>
                {(who.user.role === "admin" || who.user.role === "owner") && (
                  <a class="button" href="/users" data-testid="users-open" onClick={close}>
                    {t("account.staff")}
                  </a>
                )}
                <button
                  type="button"
                  class="button"
                  data-testid="sign-out"
                  onClick={() => {
                    close();
                    void signOut();
                  }}
                >
                  {t("account.sign_out")}
                </button>
              </div>
            )}
          </Disclosure>
        )}
      </div>
    </header>
  );
}
