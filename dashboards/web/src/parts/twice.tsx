/** A button for what can't be undone: the first click asks, the second one does it; going elsewhere takes the question back. */
import { useState } from "preact/hooks";
import { t } from "../language";

interface Props {
  label: string;
  /** What is done, with to whom. */
  name: string;
  busy: boolean;
  testId: string;
  deed: () => void;
}

export function Twice({ label, name, busy, testId, deed }: Props) {
  const [asked, setAsked] = useState(false);
  return (
    <button
      type="button"
      class="link"
      disabled={busy}
      aria-label={asked ? `${name}: ${t("role.sure")}` : name}
      data-testid={testId}
      onBlur={() => setAsked(false)}
      onClick={() => {
        if (asked) deed();
        setAsked(!asked);
      }}
    >
      {asked ? t("role.sure") : label}
    </button>
  );
}
