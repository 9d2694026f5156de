/** What the settings' forms are made of: a sheet that saves, fields of more than one line, choices. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { codeOf } from "../../api";
import { errorText, t } from "../../language";

export interface Saving {
  busy: boolean;
  saved: boolean;
  code: string | null;
  /** Runs a change; true when it was made. */
  run: (change: () => Promise<unknown>) => Promise<boolean>;
}

export function useSaving(): Saving {
  const [state, setState] = useState({ busy: false, saved: false, code: null as string | null });
  const run = async (change: () => Promise<unknown>) => {
    setState({ busy: true, saved: false, code: null });
    try {
      await change();
      setState({ busy: false, saved: true, code: null });
      return true;
    } catch (error) {
      setState({ busy: false, saved: false, code: codeOf(error) });
      return false;
    }
  };
  return { ...state, run };
}

/** What became of a change, said once to everybody. */
export function Outcome({ saving, done }: { saving: Saving; done?: string }) {
  return (
    <>
      {saving.code && (
        <p class="field-problem" role="alert" data-code={saving.code}>
          {errorText(saving.code)}
        </p>
      )}
      <p role="status" class={saving.saved ? "settings-saved" : "unseen"} data-testid="settings-status">
        {saving.saved ? (done ?? t("settings.saved")) : ""}
      </p>
    </>
  );
}

interface SheetProps {
  title: string;
  lead?: string;
  saving: Saving;
  save: () => Promise<unknown>;
  /** Called after a change was made. */
  then?: () => void;
  submit?: string;
  /** Whether the button is out of reach. */
  blocked?: boolean;
  testId: string;
  children: ComponentChildren;
}

/** A titled form with one button. */
export function FormSheet({ title, lead, saving, save, then, submit, blocked, testId, children }: SheetProps) {
  const id = useId();
  const send = async (event: Event) => {
    event.preventDefault();
    if (!saving.busy && !blocked && (await saving.run(save))) then?.();
  };
  return (
    <section class="sheet" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {lead && <p class="quiet">{lead}</p>}
      <form class="settings-form" onSubmit={send} data-testid={testId}>
        {children}
        <Outcome saving={saving} />
        <p>
          <button type="submit" class="button main" disabled={saving.busy || blocked} data-testid={`${testId}-submit`}>
            {submit ?? t("settings.save")}
          </button>
        </p>
      </form>
    </section>
  );
}

/** A list with one entry a line. */
export function Lines(props: {
  label: string;
  hint: string;
  value: string;
  onValue: (v: string) => void;
  testId: string;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <textarea
        id={id}
        rows={Math.min(8, Math.max(2, props.value.split("\n").length + 1))}
        value={props.value}
        autoCapitalize="none"
        spellcheck={false}
        aria-describedby={`${id}-hint`}
        data-testid={props.testId}
        onInput={(event) => props.onValue(event.currentTarget.value)}
      />
      <p id={`${id}-hint`} class="quiet field-note">
        {props.hint}
      </p>
    </div>
  );
}

export const toLines = (list: string[]): string => list.join("\n");
export const fromLines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

interface PickProps<T extends string> {
  label: string;
  hint?: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onValue: (value: T) => void;
  testId: string;
}

export function Pick<T extends string>({ label, hint, value, options, onValue, testId }: PickProps<T>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        data-testid={testId}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onValue(event.currentTarget.value as T)}
      >
        {options.map(([name, text]) => (
          <option key={name} value={name} selected={name === value}>
            {text}
          </option>
        ))}
      </select>
      {hint && (
        <p id={`${id}-hint`} class="quiet field-note">
          {hint}
        </p>
      )}
    </div>
  );
}

interface CountProps {
  label: string;
  hint: string;
  value: string;
  onValue: (value: string) => void;
  least: number;
  most: number;
  testId: string;
  required?: boolean;
}

export function Count({ label, hint, value, onValue, least, most, testId, required }: CountProps) {
  const id = useId();
  return (
    <div class="field settings-count">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        min={least}
        max={most}
        step={1}
        required={required}
        value={value}
        data-testid={testId}
        aria-describedby={`${id}-hint`}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
      <p id={`${id}-hint`} class="quiet field-note">
        {hint}
      </p>
    </div>
  );
}

/** A number as typed; nothing for an empty field. */
export const countOf = (text: string): number | null => (text.trim() === "" ? null : Number(text));
