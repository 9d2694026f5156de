/** One's own second factor: begun with the password, confirmed with a code, and the recovery codes shown once. */
import { useState } from "preact/hooks";
import { accounts, type Begun, type Profile } from "../accounts-api";
import { t } from "../language";
import { useDeed } from "./deed";
import { Field } from "./field";
import { Problem } from "./problem";
import { Snippet } from "./snippet";

interface Props {
  state: Profile["second_factor"];
  changed: () => void;
}

export function SecondFactor({ state, changed }: Props) {
  const [begun, setBegun] = useState<Begun | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  if (codes) return <RecoveryCodes codes={codes} done={() => setCodes(null)} changed={changed} />;
  if (begun) {
    return (
      <Confirm
        begun={begun}
        done={(given) => {
          setBegun(null);
          setCodes(given);
        }}
      />
    );
  }
  if (!state.on) {
    return (
      <>
        <p class="quiet">{t(state.required ? "totp.required" : "totp.lead")}</p>
        <WithPassword
          testId="totp-begin"
          submit={t("totp.begin")}
          deed={async (password) => setBegun(await accounts.beginTotp(password))}
        />
      </>
    );
  }
  return (
    <>
      <p>{t("totp.on")}</p>
      <p class="quiet">{t("totp.codes_left", { n: state.recovery_codes_left ?? 0 })}</p>
      <WithPassword
        testId="totp-renew"
        submit={t("totp.renew")}
        deed={async (password) => setCodes((await accounts.renewCodes(password)).recovery_codes)}
        other={{
          label: t("totp.end"),
          deed: async (password) => {
            await accounts.endTotp(password);
            changed();
          },
        }}
      />
    </>
  );
}

interface WithPasswordProps {
  testId: string;
  submit: string;
  deed: (password: string) => Promise<void>;
  other?: { label: string; deed: (password: string) => Promise<void> };
}

/** Whatever changes how somebody gets in asks for their password again. */
function WithPassword({ testId, submit, deed, other }: WithPasswordProps) {
  const [password, setPassword] = useState("");
  const { busy, code, run } = useDeed();
  return (
    <form
      class="rows"
      onSubmit={(event) => {
        event.preventDefault();
        void run(() => deed(password));
      }}
    >
      <Field
        label={t("profile.current_password")}
        type="password"
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onValue={setPassword}
        testId={`${testId}-password`}
      />
      <Problem code={code} />
      <div class="deeds-row">
        <button type="submit" class="button main" disabled={busy} data-testid={testId}>
          {submit}
        </button>
        {other && (
          <button
            type="button"
            class="button"
            disabled={busy || !password}
            data-testid={`${testId}-other`}
            onClick={() => void run(() => other.deed(password))}
          >
            {other.label}
          </button>
        )}
      </div>
    </form>
  );
}

function Confirm({ begun, done }: { begun: Begun; done: (codes: string[]) => void }) {
  const [typed, setTyped] = useState("");
  const { busy, code, run } = useDeed();
  return (
    <form
      class="rows"
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => done((await accounts.confirmTotp(typed)).recovery_codes));
      }}
    >
      <p>{t("totp.scan")}</p>
      {begun.qr && (
        <svg
          class="qr"
          role="img"
          aria-label={t("totp.qr")}
          viewBox={`-4 -4 ${begun.qr.side + 8} ${begun.qr.side + 8}`}
          shape-rendering="crispEdges"
        >
          <path class="qr-paper" d={`M-4 -4h${begun.qr.side + 8}v${begun.qr.side + 8}h-${begun.qr.side + 8}z`} />
          <path class="qr-ink" d={begun.qr.path} />
        </svg>
      )}
      <p class="quiet">{t("totp.by_hand")}</p>
      <Snippet code={begun.secret.match(/.{1,4}/g)?.join(" ") ?? begun.secret} />
      <Field
        label={t("signin.code")}
        name="code"
        autoComplete="one-time-code"
        required
        value={typed}
        onValue={setTyped}
        testId="totp-code"
      />
      <Problem code={code} />
      <button type="submit" class="button main" disabled={busy} data-testid="totp-confirm">
        {t("totp.confirm")}
      </button>
    </form>
  );
}

function RecoveryCodes({ codes, done, changed }: { codes: string[]; done: () => void; changed: () => void }) {
  return (
    <div class="rows">
      <p role="status">{t("totp.codes_lead")}</p>
      <Snippet code={codes.join("\n")} />
      <button
        type="button"
        class="button main"
        data-testid="totp-kept"
        onClick={() => {
          done();
          changed();
        }}
      >
        {t("totp.kept")}
      </button>
    </div>
  );
}
