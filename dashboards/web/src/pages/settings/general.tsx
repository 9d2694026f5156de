/** The code to paste with its switches, whether it works, and the calendar and opt-outs of the site. */
import { useState } from "preact/hooks";
import { noteSite } from "../../account";
import type { Site } from "../../api";
import { t } from "../../language";
import { FirstBeacon } from "../../parts/first-beacon";
import { pinned } from "../../parts/pinned";
import { Snippet } from "../../parts/snippet";
import { TimezoneField } from "../../parts/timezone-field";
import { FormSheet, Pick, useSaving } from "./form";
import { changeSite, type Settings } from "./record";

const OPT_OUT = {
  tally: "settings.opt_out_tally",
  drop: "settings.opt_out_drop",
  ignore: "settings.opt_out_ignore",
} as const;

/** Attributes of the script that a site may want; docs/tracker.md has all of them. */
const SWITCHES = [
  ["data-hash", "setting.hash"],
  ['data-canonical="link[rel=canonical]"', "setting.canonical"],
  ["data-debug", "setting.debug"],
] as const;

/** The code with the attributes that are on; web vitals are a script of their own beside it. */
function written(snippet: string, on: readonly string[], vitals: boolean): string {
  const attributes = SWITCHES.map(([name]) => name)
    .filter((name) => on.includes(name))
    .map((name) => ` ${name}`)
    .join("");
  const code = snippet.replace(" src=", () => `${attributes} src=`);
  const src = /src="([^"]*)script\.js"/.exec(snippet)?.[1];
  return vitals && src ? `${code}\n<script type="module" src="${src}vitals.js"></script>` : code;
}

interface Props {
  site: Site;
  settings: Settings | null;
  look: () => void;
}

export function GeneralTab({ site, settings, look }: Props) {
  const [on, setOn] = useState<readonly string[]>([]);
  const [vitals, setVitals] = useState(false);
  const [updates, setUpdates] = useState(false);
  const code = settings ? written(settings.snippet, on, vitals) : "";
  return (
    <>
      <section class="sheet" aria-labelledby="snippet-title">
        <h2 id="snippet-title">{t("snippet.title")}</h2>
        <p class="quiet">{t("snippet.lead")}</p>
        <Snippet code={updates ? code : pinned(code)} />
        <fieldset class="settings-switches">
          <legend>{t("setting.switches")}</legend>
          {SWITCHES.map(([name, word]) => (
            <label key={name} class="tick">
              <input
                type="checkbox"
                checked={on.includes(name)}
                data-testid={`snippet-${name.split("=")[0]}`}
                onChange={(event) =>
                  setOn(event.currentTarget.checked ? [...on, name] : on.filter((other) => other !== name))
                }
              />
              {t(word)}
            </label>
          ))}
          <label class="tick">
            <input
              type="checkbox"
              checked={vitals}
              data-testid="snippet-vitals"
              onChange={(event) => setVitals(event.currentTarget.checked)}
            />
            {t("setting.vitals")}
          </label>
          <label class="tick">
            <input
              type="checkbox"
              checked={updates}
              data-testid="snippet-updates"
              onChange={(event) => setUpdates(event.currentTarget.checked)}
            />
            {t("setting.updates")}
          </label>
        </fieldset>
      </section>
      <section class="sheet" aria-labelledby="beacon-title">
        <h2 id="beacon-title">{t("beacon.title")}</h2>
        <FirstBeacon at={settings ? settings.first_beacon_at : site.first_beacon_at} />
      </section>
      {settings?.rules ? (
        <Calendar settings={settings} optOut={settings.rules.opt_out} look={look} />
      ) : (
        <section class="sheet" aria-labelledby="about-title">
          <h2 id="about-title">{t("settings.about")}</h2>
          <dl>
            <dt>{t("settings.timezone")}</dt>
            <dd>{site.timezone}</dd>
            <dt>{t("settings.opt_out")}</dt>
            <dd>{t(OPT_OUT[site.opt_out])}</dd>
          </dl>
        </section>
      )}
    </>
  );
}

function Calendar({ settings, optOut, look }: { settings: Settings; optOut: Site["opt_out"]; look: () => void }) {
  const saving = useSaving();
  const [timezone, setTimezone] = useState(settings.timezone);
  const [week, setWeek] = useState(String(settings.week_start ?? 1));
  const [mode, setMode] = useState(optOut);
  const save = async () => {
    const changed = await changeSite(settings.domain, { timezone, week_start: Number(week), rules: { opt_out: mode } });
    noteSite({
      domain: changed.domain,
      timezone: changed.timezone,
      opt_out: mode,
      first_beacon_at: settings.first_beacon_at,
    });
  };
  return (
    <FormSheet title={t("settings.about")} saving={saving} save={save} then={look} testId="settings-about">
      <TimezoneField value={timezone} onValue={setTimezone} />
      <Pick
        label={t("settings.week_start")}
        value={week}
        options={[
          ["1", t("settings.monday")],
          ["6", t("settings.saturday")],
          ["7", t("settings.sunday")],
        ]}
        onValue={setWeek}
        testId="settings-week"
      />
      <Pick
        label={t("settings.opt_out")}
        hint={t("settings.opt_out_hint")}
        value={mode}
        options={[
          ["tally", t(OPT_OUT.tally)],
          ["drop", t(OPT_OUT.drop)],
          ["ignore", t(OPT_OUT.ignore)],
        ]}
        onValue={setMode}
        testId="settings-opt-out"
      />
    </FormSheet>
  );
}
