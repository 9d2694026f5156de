/** All staff of the instance, invitations to it, and whether everybody needs a second factor. */
import { accounts, type Colleague } from "../accounts-api";
import { serverNow, session } from "../api";
import { formats, t } from "../language";
import { useDeed, useFetched } from "../parts/deed";
import { Invite } from "../parts/invite";
import { Notice } from "../parts/notice";
import { Problem } from "../parts/problem";
import { RoleSelect } from "../parts/role-select";
import { Twice } from "../parts/twice";
import "./accounts.css";

export function UsersPage() {
  const { value, code, again } = useFetched(async () => ({
    ...(await accounts.staff()),
    ...(await accounts.instance()),
  }));
  const { busy, code: refused, run } = useDeed();
  const change = async (deed: () => Promise<unknown>) => {
    await run(deed);
    await again();
  };
  const owns = session.value?.user.role === "owner";
  return (
    <>
      <h1 tabIndex={-1}>{t("staff.title")}</h1>
      {code && <Notice code={code} retry={() => void again()} />}
      {value && (
        <div class="accounts">
          <section class="sheet" aria-labelledby="staff-title">
            <h2 id="staff-title">{t("staff.everybody")}</h2>
            <p class="quiet">{t("staff.lead")}</p>
            <ul class="roster" data-testid="staff">
              {value.users.map((colleague) => (
                <li key={`${colleague.id} ${colleague.role}`}>
                  <div>
                    <strong>{colleague.email}</strong>
                    <p class="quiet">{about(colleague)}</p>
                  </div>
                  <RoleSelect
                    value={colleague.role}
                    name={t("members.role_of", { email: colleague.email })}
                    none
                    testId="staff-role"
                    onRole={(role) => void change(() => accounts.setRole(colleague.id, role))}
                  />
                  {colleague.second_factor && colleague.email !== session.value?.user.email && (
                    <Twice
                      label={t("staff.drop_totp")}
                      name={t("staff.drop_totp_of", { email: colleague.email })}
                      busy={busy}
                      testId="staff-drop-totp"
                      deed={() => void change(() => accounts.dropTotp(colleague.id))}
                    />
                  )}
                  <Twice
                    label={t("members.remove")}
                    name={t("members.remove_of", { email: colleague.email })}
                    busy={busy}
                    testId="staff-remove"
                    deed={() => void change(() => accounts.removeUser(colleague.id))}
                  />
                </li>
              ))}
            </ul>
            <Problem code={refused} />
          </section>
          <section class="sheet" aria-labelledby="invite-title">
            <h2 id="invite-title">{t("invitation.title")}</h2>
            <p class="quiet">{t("staff.invite_lead")}</p>
            <Invite place={null} open={value.invitations} changed={() => void again()} />
          </section>
          {owns && (
            <p>
              <a href="/keys" data-testid="all-keys">
                {t("staff.keys")}
              </a>
            </p>
          )}
          <section class="sheet" aria-labelledby="rule-title">
            <h2 id="rule-title">{t("totp.title")}</h2>
            <label class="tick">
              <input
                type="checkbox"
                checked={value.require_second_factor}
                disabled={busy || !owns}
                data-testid="require-totp"
                onChange={(event) => {
                  const required = event.currentTarget.checked;
                  void change(() => accounts.setInstance(required));
                }}
              />
              {t("staff.require_totp")}
            </label>
            <p class="quiet">{t("staff.require_totp_hint")}</p>
          </section>
        </div>
      )}
    </>
  );
}

function about({ sites, second_factor, last_seen_at }: Colleague): string {
  const seen =
    last_seen_at === null
      ? t("staff.never_seen")
      : t("staff.seen", { ago: formats().ago(Math.max(0, Math.floor(serverNow() / 1000) - last_seen_at)) });
  const where = sites.map(({ domain, role }) => `${domain} (${t(`role.${role}`)})`);
  return [seen, ...(second_factor ? [t("staff.has_totp")] : []), ...where].join(" · ");
}
