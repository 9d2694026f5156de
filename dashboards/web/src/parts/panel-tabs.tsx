/** The tabs of a panel as links; those of less use stand behind a button. */
import { t } from "../language";
import type { Panel, Tab } from "../panels";
import { PANEL_SHAPES } from "../panels";
import { usePlace } from "../place";
import { Disclosure } from "./disclosure";
import { Icon } from "./icon";

export function PanelTabs({ panel }: { panel: Panel }) {
  const { view, link } = usePlace();
  const { tabs, folded } = PANEL_SHAPES[panel];
  const chosen = view.tabs[panel];
  const isFolded = folded.includes(chosen);
  const tab = (name: Tab, done?: () => void) => (
    <a
      key={name}
      href={link({ tabs: { ...view.tabs, [panel]: name } })}
      aria-current={name === chosen ? "true" : undefined}
      data-testid={`${panel}-${name}`}
      onClick={done}
    >
      {t(`tab.${name}`)}
    </a>
  );
  return (
    <nav class="panel-tabs" aria-label={t(`list.${panel}`)}>
      {tabs.map((name) => tab(name))}
      {folded.length > 0 && (
        <Disclosure
          label={
            <>
              {isFolded ? t(`tab.${chosen}`) : t("tab.more")}
              <Icon name="down" />
            </>
          }
          name={`${isFolded ? t(`tab.${chosen}`) : t("tab.more")} (${t(`list.${panel}`)})`}
          buttonClass="panel-tabs-more"
          align="end"
          testId={`${panel}-more`}
          current={isFolded}
        >
          {(close) => <div class="panel-tabs-menu">{folded.map((name) => tab(name, close))}</div>}
        </Disclosure>
      )}
    </nav>
  );
}
