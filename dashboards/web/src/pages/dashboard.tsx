/** A site's numbers for a period. */
import { useEffect, useMemo } from "preact/hooks";
import { dashboardPath, go } from "../address";
import { isRefusal, type Site, serverNow } from "../api";
import { makeBoard } from "../board";
import { TimeChart } from "../charts/time-chart";
import { useInstallation } from "../installation";
import { useKeys } from "../keys";
import { formats, t } from "../language";
import { lazy } from "../lazy";
import { watch } from "../live";
import { PANELS } from "../panels";
import { ComparisonPicker } from "../parts/comparison-picker";
import { CurrentVisitors } from "../parts/current-visitors";
import { FilterBar } from "../parts/filter-bar";
import { FirstBeacon } from "../parts/first-beacon";
import { IntervalSwitch } from "../parts/interval-switch";
import { ListPanel } from "../parts/list-panel";
import { Notice } from "../parts/notice";
import { pinned } from "../parts/pinned";
import { RangePicker } from "../parts/range-picker";
import { SiteSwitcher } from "../parts/site-switcher";
import { Snippet } from "../parts/snippet";
import { Tiles } from "../parts/tiles";
import { WhenSeen } from "../parts/when-seen";
import { PlaceProvider, usePlace } from "../place";
import { readTotals } from "../questions";
import { endsBeforeToday } from "../ranges";
import { wallTime } from "../site-clock";
import { annotations, loadAnnotations } from "../site-lists";
import { askedBy, shownInterval, type View } from "../view";
import "./dashboard.css";

const Details = lazy(async () => (await import("../parts/details")).Details);
const LiveView = lazy(async () => (await import("../parts/live-view")).LiveView);
const Deeper = lazy(async () => (await import("../parts/deeper")).Deeper);

interface Props {
  site: Site;
  sites: Site[];
  view: View;
}

export function DashboardPage({ site, sites, view }: Props) {
  const { domain } = site;
  const path = (next: View) => dashboardPath(domain, next);
  const place = useMemo(() => ({ site, view, path, reader: false }), [site, view]);
  useKeys(view.filters.length > 0 ? { Escape: () => go(dashboardPath(domain, { ...view, filters: [] })) } : {});
  return (
    <PlaceProvider value={place}>
      <div class="board-head">
        <SiteSwitcher site={site} sites={sites} />
        <CurrentVisitors />
        <div class="board-when">
          <RangePicker />
          <ComparisonPicker />
        </div>
      </div>
      {view.range.kind === "live" ? <LiveView /> : <Board site={site} view={view} />}
      {view.details && <Details details={view.details} />}
    </PlaceProvider>
  );
}

export function Board({ site, view }: { site: Site; view: View }) {
  const { domain, timezone } = site;
  const { reader } = usePlace();
  const store = useMemo(makeBoard, []);
  const asked = askedBy(view);
  useEffect(() => store.close, [store]);
  // The charted metric is not among what the numbers depend on: every batch carries all of them.
  useEffect(() => {
    void store.show(domain, view, timezone);
  }, [store, domain, timezone, asked]);
  useEffect(() => (reader ? undefined : watch(domain, store.pulsed)), [store, domain]);

  const shown = store.shown.value;
  const board = shown?.board ?? null;
  const read = board ? readTotals(board.totals) : null;
  const ready = board !== null;
  useEffect(() => {
    if (ready && !reader) void loadAnnotations(domain);
  }, [ready, domain]);
  const stale = store.loading.value && shown !== null && askedBy(shown.view) !== asked;
  const waiting = site.first_beacon_at === null && read !== null && read.now.visits === 0 && read.now.pageviews === 0;
  return (
    <div class={stale ? "board stale" : "board"}>
      <p class="board-period quiet">
        <Period dates={board && !isRefusal(board.series) ? board.series.query.date_range : null} />
        {board && !isRefusal(board.series) && <Compared dates={board.series.query.include?.comparisons?.date_range} />}
        <span>{t("board.zone", { zone: timezone })}</span>
        {endsBeforeToday(view.range) && <span>{t("range.without_today")}</span>}
      </p>
      <FilterBar />
      {store.failure.value && <Notice code={store.failure.value} retry={() => void store.retry()} />}
      {waiting && <FirstSteps site={site} />}
      <section class="sheet board-figures" aria-label={t("tiles.label")}>
        <Tiles read={read} />
        {read?.withheldBelow && <p class="board-withheld">{t("tiles.withheld", { n: read.withheldBelow })}</p>}
        {board && isRefusal(board.totals) && <Notice code={board.totals.code} retry={() => void store.retry()} />}
        <IntervalSwitch />
        <TimeChart
          answer={board?.series ?? null}
          metric={view.metric}
          interval={shownInterval(shown?.view ?? view)}
          annotations={(!reader && annotations.value) || []}
          wallNow={wallTime(timezone, serverNow())}
          retry={() => void store.retry()}
        />
      </section>
      <div class="board-lists">
        {PANELS.map((panel) => (
          <ListPanel
            key={panel}
            panel={panel}
            answer={shown && shown.view.tabs[panel] === view.tabs[panel] ? (board?.panels[panel] ?? null) : null}
            visitors={read?.now.visitors ?? null}
          />
        ))}
      </div>
      {ready && !waiting && <WhenSeen>{() => <Deeper totals={board.totals} />}</WhenSeen>}
      <p class="unseen" role="status">
        {stale ? t("board.updating") : ""}
      </p>
    </div>
  );
}

/** The days the server took the period to be. */
function Period({ dates }: { dates: [string, string] | null }) {
  if (!dates) return <span>&nbsp;</span>;
  return <span class="board-dates">{daysText(dates)}</span>;
}

function Compared({ dates }: { dates: [string, string] | undefined }) {
  return dates ? <span data-testid="compared-with">{t("compare.with", { period: daysText(dates) })}</span> : null;
}

function daysText([from, to]: [string, string]): string {
  const oneDay = from.slice(0, 10) === to.slice(0, 10);
  return oneDay ? formats().date(from, "full") : formats().dateRange(from, to, true);
}

/** Before the first beacon: what to do, and a look that it worked. */
function FirstSteps({ site }: { site: Site }) {
  const { record } = useInstallation(site.domain);
  return (
    <section class="sheet board-first" aria-labelledby="first-title">
      <h2 id="first-title">{t("snippet.title")}</h2>
      <p class="quiet">{t("snippet.lead")}</p>
      <Snippet code={pinned(record?.snippet ?? "")} />
      <FirstBeacon at={record?.first_beacon_at ?? null} />
    </section>
  );
}
