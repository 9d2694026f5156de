/** Who may do what at one site, and invitations to it. */

import { accounts } from "../accounts-api";
import { settingsPath } from "../address";
import { type Site, session } from "../api";
import { t } from "../language";
import { useDeed, useFetched } from "../parts/deed";
import { Icon } from "../parts/icon";
import { Invite } from "../parts/invite";
import { Notice } from "../parts/notice";
import { Problem } from "../parts/problem";
import { RoleSelect } from "../parts/role-select";
import { Twice } from "../parts/twice";
import "./accounts.css";
import "./settings.css";

export function MembersPage({ site }: { site: Site }) {
  const { value, code, again } = useFetched(() => accounts.members(site.domain));
  const { busy, code: refused, run } = useDeed();
  const me = session.value?.user.email;
  const change = async (deed: () => Promise<void>) => {
    await run(deed);
    // What was refused is shown as it is.
    await again();
  };
  return (
    <>
      <p class="settings-back">
        <a href={settingsPath(site.domain)}>
          <Icon name="left" />
          {t("members.back")}
        </a>
      </p>
      <h1 tabIndex={-1}>
        {site.domain} <span class="quiet">{t("members.title")}</span>
      </h1>
      {code && <Notice code={code} retry={() => void again()} />}
      {value && (
        <div class="accounts">
          <section class="sheet" aria-labelledby="members-title">
            <h2 id="members-title">{t("members.title")}</h2>
            {value.members.length === 0 && <p class="quiet">{t("members.none")}</p>}
            <ul class="roster" data-testid="members">
              {value.members.map(({ id, email, role }) => (
                <li key={`${id} ${role}`}>
                  <div>
                    <strong>{email}</strong>
                    {email === me && <p class="quiet">{t("members.you")}</p>}
                  </div>
                  <RoleSelect
                    value={role}
                    name={t("members.role_of", { email })}
                    testId="member-role"
                    onRole={(chosen) => void change(() => accounts.setMember(site.domain, id, chosen ?? role))}
                  />
                  <Twice
                    label={t("members.remove")}
                    name={t("members.remove_of", { email })}
                    busy={busy}
                    testId="member-remove"
                    deed={() => void change(() => accounts.removeMember(site.domain, id))}
                  />
                </li>
              ))}
            </ul>
            <Problem code={refused} />
            <p class="quiet">
              {t("members.instance_wide")}{" "}
              {value.instance_wide.map(({ email, role }) => `${email} (${t(`role.${role}`)})`).join(", ")}
            </p>
          </section>
          <section class="sheet" aria-labelledby="invite-title">
            <h2 id="invite-title">{t("invitation.title")}</h2>
            <p class="quiet">{t("invitation.lead")}</p>
            <Invite place={site.domain} open={value.invitations} changed={() => void again()} />
          </section>
        </div>
      )}
    </>
  );
}
