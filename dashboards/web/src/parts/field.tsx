/** A labelled input with its hint and its error, tied together for assistive technology. */
import { useEffect, useId, useRef } from "preact/hooks";
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
  autoComplete?: "username" | "current-password" | "new-password" | "one-time-code" | "off";
  required?: boolean;
  /** It can be read and not changed. */
  fixed?: boolean;
  /** It has the focus as soon as it appears. */
  focused?: boolean;
  /** An address of some kind: nothing is capitalised or corrected while typing. */
  literal?: boolean;
}

export function Field({
  label,
  value,
  onValue,
  hint,
  problem,
  testId,
  literal,
  fixed,
  focused,
  type = "text",
  ...input
}: Props) {
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focused) box.current?.focus();
  }, [focused]);
  const described = [hint ? `${id}-hint` : "", problem ? `${id}-problem` : ""].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...({ ...input, type } as { type: "text" })}
        {...(literal ? { autoCapitalize: "none", spellcheck: false, inputMode: "url" as const } : {})}
        ref={box}
        id={id}
        readOnly={fixed}
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
