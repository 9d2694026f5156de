/** What somebody with an invitation's link meets. The token stands in the fragment, so no server log has it. */
import { useEffect, useState } from "preact/hooks";
import { enter, retryAccount, signIn, signOut } from "../account";
import { accounts, type Invited } from "../accounts-api";
import { go } from "../address";
import { session } from "../api";
import { t } from "../language";
import { Credentials } from "../parts/credentials";
import { useDeed } from "../parts/deed";
import { Door } from "../parts/door";
import { Problem } from "../parts/problem";

export function InvitationPage({ token }: { token: string }) {
  const [invited, setInvited] = useState<Invited | null>(null);
  const { busy, code, run } = useDeed();
  useEffect(() => void run(async () => setInvited(await accounts.invited(token))), [token]);
  if (!invited) {
    return (
      <Door title={t("invitation.door")} lead={code ? "" : t("app.loading")}>
        <Problem code={code} />
        <a class="button" href="/">
          {t("signin.title")}
        </a>
      </Door>
    );
  }
  const where = invited.domain ?? t("invitation.whole_instance");
  const lead = t("invitation.to", { where, role: t(`role.${invited.role}`) });
  const who = session.value;
  const take = async (password?: string) => {
    const begun = await accounts.accept(token, password);
    if (begun) enter(begun);
    await retryAccount();
    go(invited.domain ? `/${encodeURIComponent(invited.domain)}` : "/", "replace");
  };
  if (who && who.user.email === invited.email) {
    return (
      <Door title={t("invitation.door")} lead={lead}>
        <Problem code={code} />
        <button
          type="button"
          class="button main"
          disabled={busy}
          data-testid="invitation-accept"
          onClick={() => void run(() => take())}
        >
          {t("invitation.accept")}
        </button>
      </Door>
    );
  }
  if (who) {
    return (
      <Door title={t("invitation.door")} lead={lead}>
        <p>{t("invitation.for_other", { email: invited.email })}</p>
        <button type="button" class="button" onClick={() => void signOut()}>
          {t("account.sign_out")}
        </button>
      </Door>
    );
  }
  return (
    <Door title={t("invitation.door")} lead={lead}>
      <p>{t(invited.has_account ? "invitation.sign_in_first" : "invitation.choose_password")}</p>
      <Credentials
        key={invited.email}
        kind={invited.has_account ? "signin" : "setup"}
        email={invited.email}
        submit={async (email, password, typed) => {
          if (!invited.has_account) return take(password);
          await signIn(email, password, typed);
          await take();
        }}
      />
    </Door>
  );
}
