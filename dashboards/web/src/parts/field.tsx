/** A labelled input with its hint and its error, tied together for assistive technology. */
import { useId } from "preact/hooks";
import "./field.css";

interface Props {
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: string;
  problem?: string | undefined;
  testId: string;
  type?: "text" | "email" | "password";
  name?: string;
  autoComplete?: "username" | "current-password" | "new-password" | "off";
  required?: boolean;
  /** An address of some kind: nothing is capitalised or corrected while typing. */
  literal?: boolean;
}

export function Field({ label, value, onValue, hint, problem, testId, literal, type = "text", ...input }: Props) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", problem ? `${id}-problem` : ""].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...({ ...input, type } as { type: "text" })}
        {...(literal ? { autoCapitalize: "none", spellcheck: false, inputMode: "url" as const } : {})}
        id={id}
        value={value}
        data-testid={testId}
        aria-describedby={described || undefined}
        aria-invalid={problem ? true : undefined}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      {hint && (
        <p id={`${id}-hint`} class="quiet field-note">
          {hint}
        </p>
      )}
      {problem && (
        <p id={`${id}-problem`} class="field-problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
