/** Invites somebody, and shows the link once; below, the invitations that are open. */
import { useState } from "preact/hooks";
import { accounts, type Invitation, type Role } from "../accounts-api";
import { localDay } from "../days";
import { formats, t } from "../language";
import { useDeed } from "./deed";
import { Field } from "./field";
import { Problem } from "./problem";
import { RoleSelect } from "./role-select";
import { Snippet } from "./snippet";

interface Props {
  /** The site; `null` is the whole instance. */
  place: string | null;
  open: Invitation[];
  changed: () => void;
}

export function Invite({ place, open, changed }: Props) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [link, setLink] = useState<{ email: string; text: string } | null>(null);
  const { busy, code, run } = useDeed();
  const send = async (event: Event) => {
    event.preventDefault();
    const done = await run(async () => {
      const made = await accounts.invite(place, email.trim(), role);
      setLink({ email: made.invitation.email, text: made.link });
    });
    if (!done) return;
    setEmail("");
    changed();
  };
  return (
    <>
      <form class="rows" onSubmit={send} data-testid="invite-form">
        <Field
          label={t("signin.email")}
          type="email"
          name="email"
          autoComplete="off"
          required
          value={email}
          onValue={setEmail}
          testId="invite-email"
        />
        <RoleSelect value={role} onRole={(chosen) => setRole(chosen ?? "viewer")} testId="invite-role" />
        <Problem code={code} />
        <button type="submit" class="button main" disabled={busy} data-testid="invite-submit">
          {t("invitation.make")}
        </button>
      </form>
      {link && (
        <div class="rows" role="status">
          <p>{t("invitation.made", { email: link.email })}</p>
          <Snippet code={link.text} />
        </div>
      )}
      {open.length > 0 && (
        <>
          <h3>{t("invitation.open")}</h3>
          <ul class="roster">
            {open.map(({ id, email, role, expires_at }) => (
              <li key={id}>
                <div>
                  <strong>{email}</strong>
                  <p class="quiet">
                    {t(`role.${role}`)} ·{" "}
                    {t("invitation.until", { date: formats().date(localDay(expires_at), "yMMMd") })}
                  </p>
                </div>
                <button
                  type="button"
                  class="link"
                  aria-label={t("invitation.withdraw_of", { email })}
                  onClick={async () => {
                    if (await run(() => accounts.withdraw(place, id))) changed();
                  }}
                >
                  {t("invitation.withdraw")}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
