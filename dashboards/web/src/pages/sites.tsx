/** All sites somebody may see, with the last 30 days at a glance. */
import { useEffect, useRef, useState } from "preact/hooks";
import { dashboardPath, go, settingsPath } from "../address";
import { type Answer, api, isRefusal, numberOf, type Site } from "../api";
import { Sparkline } from "../charts/sparkline";
import { useKeys } from "../keys";
import { formats, t } from "../language";
import { AddSite } from "../parts/add-site";
import { Icon } from "../parts/icon";
import { overviewQuestions } from "../questions";
import "./sites.css";

/** As many questions as one request may carry. */
const BATCH = 16;

/** Visitors by day for each site that has data; sites whose answer fails simply show none. */
function useTrends(sites: Site[]): Map<string, number[]> {
  const [trends, setTrends] = useState<Map<string, number[]>>(new Map());
  const domains = sites.filter((site) => site.first_beacon_at !== null).map((site) => site.domain);
  const key = domains.join(" ");
  useEffect(() => {
    const stop = new AbortController();
    for (let start = 0; start < domains.length; start += BATCH) {
      const batch = domains.slice(start, start + BATCH);
      api.ask(overviewQuestions(batch), stop.signal).then(
        ({ answers }) => {
          if (stop.signal.aborted) return;
          setTrends((old) => {
            const next = new Map(old);
            batch.forEach((domain, index) => {
              const answer = answers[index];
              if (answer && !isRefusal(answer)) next.set(domain, dailyVisitors(answer));
            });
            return next;
          });
        },
        () => undefined,
      );
    }
    return () => stop.abort();
  }, [key]);
  return trends;
}

function dailyVisitors(answer: Answer): number[] {
  const rows = new Map(answer.results.map((row) => [row.dimensions[0], numberOf(row.metrics[0]) ?? 0]));
  return (answer.meta.time_labels ?? [...rows.keys()]).map((label) => rows.get(label) ?? 0);
}

export function SitesPage({ sites }: { sites: Site[] }) {
  const [adding, setAdding] = useState(false);
  const [search, setSearch] = useState("");
  const box = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => box.current?.focus() });
  const found = sites.filter(({ domain }) => domain.includes(search.trim().toLowerCase()));
  const open = (event: Event) => {
    event.preventDefault();
    if (found[0]) go(dashboardPath(found[0].domain));
  };
  const trends = useTrends(sites);
  return (
    <>
      <div class="sites-head">
        <h1 tabIndex={-1}>{t("sites.title")}</h1>
        {sites.length > 0 && <span class="quiet">{t("sites.count", { n: sites.length })}</span>}
        <button type="button" class="button main" data-testid="add-site-open" onClick={() => setAdding(true)}>
          <Icon name="plus" />
          {t("sites.add")}
        </button>
      </div>
      {sites.length > 1 && (
        <form class="sites-search" role="search" onSubmit={open}>
          <input
            ref={box}
            type="search"
            value={search}
            aria-label={t("sites.search")}
            placeholder={t("sites.search")}
            aria-keyshortcuts="/"
            data-testid="sites-search"
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
          <kbd>/</kbd>
          <span class="unseen" role="status">
            {search && t("sites.count", { n: found.length })}
          </span>
        </form>
      )}
      {sites.length === 0 ? (
        <div class="sites-none sheet">
          <h2>{t("sites.none_title")}</h2>
          <p class="quiet">{t("sites.none")}</p>
        </div>
      ) : (
        <ul class="sites sheet">
          {found.map((site) => (
            <SiteRow key={site.domain} site={site} trend={trends.get(site.domain)} />
          ))}
        </ul>
      )}
      {adding && <AddSite close={() => setAdding(false)} />}
    </>
  );
}

function SiteRow({ site, trend }: { site: Site; trend: number[] | undefined }) {
  const total = trend?.reduce((sum, value) => sum + value, 0);
  return (
    <li data-testid="site" data-key={site.domain}>
      <div class="site-name">
        <a href={dashboardPath(site.domain)}>{site.domain}</a>
        <span class="quiet">{site.timezone}</span>
      </div>
      <div class="site-trend">
        {site.first_beacon_at === null ? (
          <span class="site-waiting">{t("sites.waiting")}</span>
        ) : (
          trend &&
          total !== undefined && (
            <>
              <Sparkline values={trend} label={t("sites.trend")} />
              <span title={formats().number(total)}>{t("sites.visitors_30d", { n: total })}</span>
            </>
          )
        )}
      </div>
      <a
        class="site-settings"
        href={settingsPath(site.domain)}
        aria-label={t("sites.settings_of", { domain: site.domain })}
        title={t("board.settings")}
      >
        <Icon name="settings" />
      </a>
    </li>
  );
}
