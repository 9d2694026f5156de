/** A site's settings: one tab for each area, each at an address of its own. */
import { useEffect, useRef } from "preact/hooks";
import { dashboardPath, type SettingsTab, settingsPath } from "../address";
import type { Site } from "../api";
import { useInstallation } from "../installation";
import { t } from "../language";
import { watch } from "../live";
import { Icon } from "../parts/icon";
import { DeletionTab } from "./settings/deletion";
import { FunnelsTab } from "./settings/funnels";
import { GeneralTab } from "./settings/general";
import { GoalsTab } from "./settings/goals";
import { LinksTab } from "./settings/links";
import { PropertiesTab } from "./settings/properties";
import type { Settings } from "./settings/record";
import { ShieldsTab } from "./settings/shields";
import { VisibilityTab } from "./settings/visibility";
import "./settings.css";

const ROLES = ["viewer", "editor", "admin", "owner"];
type Needed = "viewer" | "editor" | "admin" | "owner";

/** The tabs in their order: the words of each, and the role it is for. */
const TABS = [
  { tab: "general", word: "settings.tab_general", needs: "viewer" },
  { tab: "visibility", word: "settings.tab_visibility", needs: "editor" },
  { tab: "shields", word: "settings.tab_shields", needs: "editor" },
  { tab: "properties", word: "settings.tab_properties", needs: "editor" },
  { tab: "goals", word: "settings.tab_goals", needs: "editor" },
  { tab: "funnels", word: "settings.tab_funnels", needs: "editor" },
  { tab: "links", word: "settings.tab_links", needs: "admin" },
  { tab: "deletion", word: "settings.tab_deletion", needs: "owner" },
] as const;

const may = (role: string | null | undefined, needs: Needed) => ROLES.indexOf(role ?? "viewer") >= ROLES.indexOf(needs);

export function SettingsPage({ site, tab }: { site: Site; tab: SettingsTab }) {
  const { record, look } = useInstallation(site.domain);
  const waiting = record?.first_beacon_at === null;
  useEffect(() => (waiting ? watch(site.domain, look) : undefined), [site.domain, waiting, look]);
  const settings = record as Settings | null;
  const shown = TABS.filter(({ needs }) => may(settings?.role, needs));
  const current = shown.find((one) => one.tab === tab)?.tab ?? "general";
  const strip = useRef<HTMLElement>(null);
  // On a phone the tabs are a strip that is scrolled sideways.
  useEffect(() => {
    const here = strip.current?.querySelector<HTMLElement>("[aria-current]");
    if (strip.current && here) strip.current.scrollLeft = here.offsetLeft - strip.current.offsetLeft - 24;
  }, [current, shown.length]);
  return (
    <>
      <p class="settings-back">
        <a href={dashboardPath(site.domain)}>
          <Icon name="left" />
          {t("settings.back")}
        </a>
      </p>
      <h1 tabIndex={-1}>
        {site.domain} <span class="quiet">{t("settings.title")}</span>
      </h1>
      <div class="settings-columns">
        <nav class="settings-tabs" ref={strip} aria-label={t("settings.tabs")}>
          {shown.map(({ tab: name, word }) => (
            <a
              key={name}
              href={settingsPath(site.domain, name)}
              aria-current={name === current ? "page" : undefined}
              data-testid={`settings-tab-${name}`}
            >
              {t(word)}
            </a>
          ))}
          {may(settings?.role, "admin") && (
            <>
              <a href={`${dashboardPath(site.domain)}/members`} data-testid="settings-members">
                {t("members.title")}
              </a>
              <a href={`${dashboardPath(site.domain)}/keys`} data-testid="settings-keys">
                {t("keys.title")}
              </a>
            </>
          )}
        </nav>
        <div class="settings" key={current} data-testid={`settings-${current}`}>
          <Body tab={current} site={site} settings={settings} look={look} />
        </div>
      </div>
    </>
  );
}

interface Props {
  tab: SettingsTab;
  site: Site;
  settings: Settings | null;
  look: () => void;
}

function Body({ tab, site, settings, look }: Props) {
  if (tab === "general") return <GeneralTab site={site} settings={settings} look={look} />;
  if (!settings?.rules) return null;
  switch (tab) {
    case "visibility":
      return <VisibilityTab settings={settings} look={look} />;
    case "shields":
      return <ShieldsTab settings={settings} look={look} />;
    case "properties":
      return <PropertiesTab settings={settings} look={look} />;
    case "goals":
      return <GoalsTab domain={site.domain} />;
    case "funnels":
      return <FunnelsTab domain={site.domain} />;
    case "links":
      return <LinksTab domain={site.domain} />;
    case "deletion":
      return <DeletionTab domain={site.domain} />;
  }
}
