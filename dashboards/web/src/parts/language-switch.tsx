import { switchLanguage } from "../account";
import { LANGUAGE_NAMES, LANGUAGES, language, t } from "../language";
import "./language-switch.css";

export function LanguageSwitch() {
  const shown = language();
  return (
    <div class="languages" role="group" aria-label={t("language.label")}>
      {LANGUAGES.map((code) => (
        <button
          key={code}
          type="button"
          lang={code}
          title={LANGUAGE_NAMES[code].full}
          aria-pressed={code === shown}
          data-testid={`lang-${code}`}
          onClick={() => switchLanguage(code)}
        >
          {LANGUAGE_NAMES[code].short}
        </button>
      ))}
    </div>
  );
}
