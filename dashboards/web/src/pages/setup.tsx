import { setUp } from "../account";
import { go } from "../address";
import { t } from "../language";
import { Credentials } from "../parts/credentials";
import { Door } from "../parts/door";

/** The first administrator's one-time link. The token stands in the fragment, so no server log has it. */
export function SetupPage({ token }: { token: string }) {
  if (!token) {
    return (
      <Door title={t("setup.title")} lead={t("setup.no_token")}>
        <a class="button" href="/">
          {t("signin.title")}
        </a>
      </Door>
    );
  }
  return (
    <Door title={t("setup.title")} lead={t("setup.lead")}>
      <Credentials
        kind="setup"
        submit={async (email, password) => {
          await setUp(token, email, password);
          go("/", "replace");
        }}
      />
    </Door>
  );
}
