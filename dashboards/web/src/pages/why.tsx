/** Why is my visit not counted? The visitor's own request as the collector sees it, tried without being stored. */
import { useState } from "preact/hooks";
import { dashboardPath } from "../address";
import type { Site } from "../api";
import { useInstallation } from "../installation";
import { formats, t } from "../language";
import { valueName } from "../list-rows";
import { Field } from "../parts/field";
import { Notice } from "../parts/notice";
import { reasonText } from "../parts/uncounted";
import "./why.css";

/** What the collector answers to `X-Debug-Request` (`collector/src/http/dry_run.rs`). */
interface DryRun {
  address: string;
  proxy_believed: boolean;
  opted_out: boolean;
  country: { code: string; from: string } | null;
  browser: string;
  browser_version: string;
  os: string;
  os_version: string;
  device: string;
  sites: { domain: string; outcome: "stored" | "dropped"; reason?: string; row?: Record<string, unknown> }[];
}

/** Where the tracker's script comes from is where beacons go. */
function publicOrigin(snippet: string): string | null {
  const source = /src="(https?:\/\/[^"]+)"/.exec(snippet)?.[1];
  return source ? new URL(source).origin : null;
}

async function tryOut(origin: string, domain: string, path: string): Promise<DryRun> {
  const url = new URL(path.startsWith("/") ? path : `/${path}`, `https://${domain}`).href;
  const response = await fetch(`${origin}/api/event`, {
    method: "POST",
    headers: { "content-type": "text/plain", "x-debug-request": "true" },
    body: JSON.stringify({ n: "pageview", u: url, d: domain }),
    credentials: "omit",
  });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as DryRun;
}

export function WhyPage({ site }: { site: Site }) {
  const { record } = useInstallation(site.domain);
  const [path, setPath] = useState("/");
  const [told, setTold] = useState<DryRun | null>(null);
  const [failed, setFailed] = useState(false);
  const origin = record ? publicOrigin(record.snippet) : null;
  const run = async (event: Event) => {
    event.preventDefault();
    if (!origin) return;
    setFailed(false);
    try {
      setTold(await tryOut(origin, site.domain, path));
    } catch {
      setTold(null);
      setFailed(true);
    }
  };
  return (
    <div class="why">
      <p>
        <a href={dashboardPath(site.domain)}>{t("settings.back")}</a>
      </p>
      <h1 tabIndex={-1}>{t("why.title")}</h1>
      <p class="quiet">{t("why.lead")}</p>
      <form class="sheet why-form" onSubmit={run}>
        <Field label={t("why.page")} value={path} onValue={setPath} testId="why-path" literal />
        <button type="submit" class="button main" disabled={!origin} data-testid="why-run">
          {t("why.run")}
        </button>
      </form>
      {failed && <Notice code="why_unreachable" />}
      {told && <Told told={told} />}
      <section class="sheet why-form" aria-labelledby="why-before">
        <h2 id="why-before">{t("why.before_title")}</h2>
        <ul class="why-list">
          {(["script", "blocker", "local", "ignored", "automated"] as const).map((reason) => (
            <li key={reason}>{t(`why.${reason}`)}</li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function Told({ told }: { told: DryRun }) {
  const [first] = told.sites;
  const kept = first?.outcome === "stored";
  const seen: [string, string][] = [
    [t("dimension.browser"), `${told.browser} ${told.browser_version}`.trim()],
    [t("dimension.os"), `${told.os} ${told.os_version}`.trim()],
    [t("dimension.device"), valueName("device", told.device)],
    [t("dimension.country"), told.country ? formats().country(told.country.code) : t("value.unknown")],
    [t("why.address"), told.address],
    [t("why.opted_out"), t(told.opted_out ? "why.yes" : "why.no")],
  ];
  return (
    <section class="sheet why-form" aria-labelledby="why-told" role="status">
      <h2 id="why-told" class={kept ? "better" : "worse"} data-testid="why-outcome" data-value={first?.outcome ?? ""}>
        {kept ? t("why.stored") : t("why.dropped", { reason: reasonText(first?.reason ?? "unknown_site") })}
      </h2>
      <h3>{t("why.seen")}</h3>
      <dl class="why-seen">
        {seen.map(([name, value]) => (
          <div key={name}>
            <dt class="quiet">{name}</dt>
            <dd>{value || "–"}</dd>
          </div>
        ))}
      </dl>
      {first?.row && (
        <details>
          <summary>{t("why.row")}</summary>
          <dl class="why-seen why-row">
            {Object.entries(first.row).map(([name, value]) => (
              <div key={name}>
                <dt class="quiet">{name}</dt>
                <dd>{typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}
