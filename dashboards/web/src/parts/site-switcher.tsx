/** The site's name as the page's heading, the way to the other sites, and to the settings. */
import { dashboardPath, settingsPath } from "../address";
import type { Site } from "../api";
import { useKeys } from "../keys";
import { t } from "../language";
import { Disclosure } from "./disclosure";
import { Icon } from "./icon";
import "./site-switcher.css";

export function SiteSwitcher({ site, sites }: { site: Site; sites: Site[] }) {
  useKeys({ s: () => document.querySelector<HTMLElement>("[data-testid=site-switcher]")?.click() });
  return (
    <div class="switcher">
      <h1 tabIndex={-1} data-testid="site-title">
        {site.domain}
      </h1>
      <Disclosure
        label={<Icon name="down" />}
        name={t("board.switch_site")}
        buttonClass="icon-button"
        testId="site-switcher"
      >
        {(close) => (
          <nav aria-label={t("board.switch_site")}>
            <ul class="switcher-list">
              {sites.map(({ domain }) => (
                <li key={domain}>
                  <a
                    href={dashboardPath(domain)}
                    aria-current={domain === site.domain ? "page" : undefined}
                    onClick={close}
                  >
                    {domain}
                  </a>
                </li>
              ))}
              <li class="switcher-all">
                <a href="/">{t("app.all_sites")}</a>
              </li>
            </ul>
          </nav>
        )}
      </Disclosure>
      <a
        class="icon-button"
        href={settingsPath(site.domain)}
        aria-label={t("board.settings")}
        title={t("board.settings")}
        data-testid="site-settings"
      >
        <Icon name="settings" />
      </a>
    </div>
  );
}
