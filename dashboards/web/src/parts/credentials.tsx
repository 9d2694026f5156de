/** E-mail and password, for signing in and for setting up. */
import { useState } from "preact/hooks";
import { codeOf } from "../api";
import { errorText, t } from "../language";
import "./credentials.css";
import { Field } from "./field";

export const PASSWORD_MIN = 12;

interface Props {
  kind: "signin" | "setup";
  /** The address, where it is settled. */
  email?: string;
  submit: (email: string, password: string, secondFactor?: string) => Promise<void>;
}

export function Credentials({ kind, email: settled, submit }: Props) {
  const [email, setEmail] = useState(settled ?? "");
  /** What is typed as second factor; `null` until it is asked for. */
  const [second, setSecond] = useState<string | null>(null);
  const [password, setPassword] = useState("");
  const [visible, setVisible] = useState(false);
  const [busy, setBusy] = useState(false);
  const [code, setCode] = useState<string | null>(null);
  const send = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    if (kind === "setup" && [...password].length < PASSWORD_MIN) {
      setCode("weak_password");
      return;
    }
    setBusy(true);
    setCode(null);
    try {
      await submit(email.trim(), password, second ?? undefined);
    } catch (error) {
      const refused = codeOf(error);
      if (refused === "code_needed") setSecond((typed) => typed ?? "");
      // Asking for the code the first time is no mistake of theirs.
      if (refused !== "code_needed" || second !== null) setCode(refused);
    } finally {
      setBusy(false);
    }
  };
  const ofPassword = code === "weak_password";
  return (
    <form class="credentials" onSubmit={send} data-testid={`${kind}-form`}>
      <Field
        label={t("signin.email")}
        type="email"
        name="email"
        autoComplete="username"
        required
        fixed={settled !== undefined}
        value={email}
        onValue={setEmail}
        testId={`${kind}-email`}
      />
      <Field
        label={t("signin.password")}
        type={visible ? "text" : "password"}
        name="password"
        autoComplete={kind === "setup" ? "new-password" : "current-password"}
        required
        value={password}
        onValue={setPassword}
        testId={`${kind}-password`}
        {...(kind === "setup" ? { hint: t("setup.password_hint", { n: PASSWORD_MIN }) } : {})}
        problem={ofPassword ? errorText(code) : undefined}
      />
      {second !== null && (
        <Field
          label={t("signin.code")}
          name="code"
          autoComplete="one-time-code"
          required
          focused
          value={second}
          onValue={setSecond}
          hint={t("signin.code_hint")}
          testId={`${kind}-code`}
        />
      )}
      <label class="tick">
        <input type="checkbox" checked={visible} onChange={(event) => setVisible(event.currentTarget.checked)} />
        {t("signin.show_password")}
      </label>
      {code && !ofPassword && (
        <p class="field-problem" role="alert" data-testid={`${kind}-problem`} data-code={code}>
          {errorText(code)}
        </p>
      )}
      <button type="submit" class="button main" disabled={busy} data-testid={`${kind}-submit`}>
        {t(kind === "setup" ? "setup.submit" : "signin.submit")}
      </button>
    </form>
  );
}
