import { t } from "../language";
import { chooseTheme, THEMES, theme } from "../theme";
import { Disclosure } from "./disclosure";
import { Icon, type IconName } from "./icon";
import "./theme-switch.css";

const ICONS = { light: "sun", dark: "moon", system: "system" } as const satisfies Record<string, IconName>;

export function ThemeSwitch() {
  const shown = theme.value;
  return (
    <Disclosure
      label={<Icon name={ICONS[shown]} />}
      name={t("theme.label")}
      buttonClass="band-button"
      align="end"
      testId="theme-switch"
    >
      {(close) => (
        <div class="themes" role="group" aria-label={t("theme.label")}>
          {THEMES.map((value) => (
            <button
              key={value}
              type="button"
              aria-pressed={value === shown}
              data-testid={`theme-${value}`}
              onClick={() => {
                chooseTheme(value);
                close();
              }}
            >
              <Icon name={ICONS[value]} />
              {t(`theme.${value}`)}
            </button>
          ))}
        </div>
      )}
    </Disclosure>
  );
}
