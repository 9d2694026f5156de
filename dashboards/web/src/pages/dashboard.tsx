/** A site's numbers for a period. */
import { useEffect, useMemo } from "preact/hooks";
import type { View } from "../address";
import { LISTS } from "../address";
import { isRefusal, type Site, serverNow } from "../api";
import { makeBoard } from "../board";
import { TimeChart } from "../charts/time-chart";
import { useInstallation } from "../installation";
import { formats, t } from "../language";
import { watch } from "../live";
import { CurrentVisitors } from "../parts/current-visitors";
import { FirstBeacon } from "../parts/first-beacon";
import { ListPanel } from "../parts/list-panel";
import { Notice } from "../parts/notice";
import { RangePicker } from "../parts/range-picker";
import { SiteSwitcher } from "../parts/site-switcher";
import { Snippet } from "../parts/snippet";
import { Tiles } from "../parts/tiles";
import { readTotals } from "../questions";
import { wallTime } from "../site-clock";
import "./dashboard.css";

interface Props {
  site: Site;
  sites: Site[];
  view: View;
}

export function DashboardPage({ site, sites, view }: Props) {
  const { domain, timezone } = site;
  const store = useMemo(makeBoard, []);
  const { range, devices, more } = view;
  const custom = range.kind === "custom" ? `${range.from} ${range.to}` : "";

  useEffect(() => store.close, [store]);
  // The charted metric is not among what the numbers depend on: every batch carries all of them.
  useEffect(() => {
    void store.show(domain, view, timezone);
  }, [store, domain, timezone, range.kind, custom, devices, more]);
  useEffect(() => watch(domain, store.pulsed), [store, domain]);

  const shown = store.shown.value;
  const board = shown?.board ?? null;
  const totals = board ? readTotals(board.totals) : null;
  const stale = store.loading.value && shown !== null && shown.view !== view;
  const waiting = site.first_beacon_at === null && totals !== null && totals.visits === 0 && totals.pageviews === 0;
  return (
    <div class={stale ? "board stale" : "board"}>
      <div class="board-head">
        <SiteSwitcher site={site} sites={sites} />
        <CurrentVisitors />
        <RangePicker domain={domain} view={view} zone={timezone} />
      </div>
      <p class="board-period quiet">
        <Period dates={board && !isRefusal(board.series) ? board.series.query.date_range : null} />
        <span>{t("board.zone", { zone: timezone })}</span>
        {(range.kind === "7d" || range.kind === "30d") && <span>{t("range.without_today")}</span>}
      </p>
      {store.failure.value && <Notice code={store.failure.value} retry={() => void store.retry()} />}
      {waiting && <FirstSteps site={site} />}
      <section class="sheet board-figures" aria-label={t("tiles.label")}>
        <Tiles domain={domain} view={view} totals={totals} />
        {board && isRefusal(board.totals) && <Notice code={board.totals.code} retry={() => void store.retry()} />}
        <TimeChart
          answer={board?.series ?? null}
          metric={view.metric}
          wallNow={wallTime(timezone, serverNow())}
          retry={() => void store.retry()}
        />
      </section>
      <div class="board-lists">
        {LISTS.map((list) => (
          <ListPanel
            key={list}
            list={list}
            domain={domain}
            view={view}
            answer={board?.lists[list] ?? null}
            visitors={totals?.visitors ?? null}
          />
        ))}
      </div>
      <p class="unseen" role="status">
        {stale ? t("board.updating") : ""}
      </p>
    </div>
  );
}

/** The days the server took the period to be. */
function Period({ dates }: { dates: [string, string] | null }) {
  if (!dates) return <span>&nbsp;</span>;
  const [from, to] = dates;
  const oneDay = from.slice(0, 10) === to.slice(0, 10);
  return <span class="board-dates">{oneDay ? formats().date(from, "full") : formats().dateRange(from, to, true)}</span>;
}

/** Before the first beacon: what to do, and a look that it worked. */
function FirstSteps({ site }: { site: Site }) {
  const { record } = useInstallation(site.domain);
  return (
    <section class="sheet board-first" aria-labelledby="first-title">
      <h2 id="first-title">{t("snippet.title")}</h2>
      <p class="quiet">{t("snippet.lead")}</p>
      <Snippet code={record?.snippet ?? ""} />
      <FirstBeacon at={record?.first_beacon_at ?? null} />
    </section>
  );
}
