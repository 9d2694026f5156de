/** What went wrong with a form, in words. */
import { errorText } from "../language";

export function Problem({ code }: { code: string | null }) {
  if (!code) return null;
  return (
    <p class="field-problem" role="alert" data-testid="problem" data-code={code}>
      {errorText(code)}
    </p>
  );
}
