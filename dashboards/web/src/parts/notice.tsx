/** Something went wrong: worded from the stable code, with a way to try again. */
import { errorText, t } from "../language";
import "./notice.css";

export function Notice({ code, retry }: { code: string; retry?: () => void }) {
  return (
    <div class="notice" role="alert" data-code={code}>
      <p>{errorText(code)}</p>
      {retry && (
        <button type="button" class="link" onClick={retry}>
          {t("app.retry")}
        </button>
      )}
    </div>
  );
}
