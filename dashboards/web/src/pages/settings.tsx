/** A site's settings: the code to paste, whether it works, and what is fixed about the site. */
import { useEffect } from "preact/hooks";
import { dashboardPath } from "../address";
import type { Site } from "../api";
import { useInstallation } from "../installation";
import { t } from "../language";
import { watch } from "../live";
import { FirstBeacon } from "../parts/first-beacon";
import { Icon } from "../parts/icon";
import { Snippet } from "../parts/snippet";
import "./settings.css";

const OPT_OUT = {
  tally: "settings.opt_out_tally",
  drop: "settings.opt_out_drop",
  ignore: "settings.opt_out_ignore",
} as const;

export function SettingsPage({ site }: { site: Site }) {
  const { record, look } = useInstallation(site.domain);
  const waiting = record?.first_beacon_at === null;
  useEffect(() => (waiting ? watch(site.domain, look) : undefined), [site.domain, waiting, look]);
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
      <div class="settings">
        <section class="sheet" aria-labelledby="snippet-title">
          <h2 id="snippet-title">{t("snippet.title")}</h2>
          <p class="quiet">{t("snippet.lead")}</p>
          <Snippet code={record?.snippet ?? ""} />
        </section>
        <section class="sheet" aria-labelledby="beacon-title">
          <h2 id="beacon-title">{t("beacon.title")}</h2>
          <FirstBeacon at={record ? record.first_beacon_at : site.first_beacon_at} />
        </section>
        <section class="sheet" aria-labelledby="about-title">
          <h2 id="about-title">{t("settings.about")}</h2>
          <dl>
            <dt>{t("settings.timezone")}</dt>
            <dd>{site.timezone}</dd>
            <dt>{t("settings.opt_out")}</dt>
            <dd>{t(OPT_OUT[site.opt_out])}</dd>
          </dl>
        </section>
      </div>
    </>
  );
}
