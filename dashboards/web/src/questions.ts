/** What one load of a dashboard asks, as one batch. */
import { type DeviceTab, LISTS, type List, METRICS, type Range, type View } from "./address";
import { type Answer, isRefusal, type Question, type Refusal } from "./api";
import { addDays, dayCount, today } from "./site-clock";

/** Rows of a list before it is unfolded, and after. */
export const SHORT_LIST = 9;
export const LONG_LIST = 200;

const DEVICE_DIMENSIONS: Record<DeviceTab, string> = {
  device: "visit:device",
  browser: "visit:browser",
  os: "visit:os",
};

export function listDimension(list: List, devices: DeviceTab): string {
  switch (list) {
    case "pages":
      return "event:page";
    case "sources":
      return "visit:source";
    case "countries":
      return "visit:country";
    case "devices":
      return DEVICE_DIMENSIONS[devices];
  }
}

/** Only "yesterday" needs the site's zone: the server knows the other presets by name. */
export function needsZone(range: Range): boolean {
  return range.kind === "yesterday";
}

export function dateRange(range: Range, zone: string, now: number): Question["date_range"] {
  switch (range.kind) {
    case "custom":
      return [range.from, range.to];
    case "yesterday": {
      const day = addDays(today(zone, now), -1);
      return [day, day];
    }
    default:
      return range.kind;
  }
}

export function isHourly(range: Range): boolean {
  if (range.kind === "custom") return dayCount(range.from, range.to) === 1;
  return range.kind === "day" || range.kind === "yesterday";
}

/** Whether the period contains the site's present day, so that a new event changes its numbers. */
export function includesToday(range: Range, zone: string, now: number): boolean {
  if (range.kind === "day") return true;
  if (range.kind !== "custom") return false;
  const day = today(zone, now);
  return range.from <= day && day <= range.to;
}

export function dashboardQuestions(domain: string, view: View, zone: string, now: number): Question[] {
  const base = { site_id: domain, date_range: dateRange(view.range, zone, now) };
  const metrics = [...METRICS];
  return [
    // The number of events is not shown; it tells whether the live stream knows of more than this answer.
    { ...base, metrics: [...metrics, "events"] },
    {
      ...base,
      metrics,
      dimensions: [isHourly(view.range) ? "time:hour" : "time:day"],
      include: { time_labels: true },
    },
    ...LISTS.map((list) => ({
      ...base,
      metrics: ["visitors"],
      dimensions: [listDimension(list, view.devices)],
      pagination: { limit: view.more === list ? LONG_LIST : SHORT_LIST },
      include: { total_rows: true },
    })),
  ];
}

export interface Board {
  totals: Answer | Refusal;
  series: Answer | Refusal;
  lists: Record<List, Answer | Refusal>;
}

const MISSING: Refusal = { error: "the server left an answer out", code: "unknown" };

/** The answers by name; they come in the order of the questions. */
export function readBoard(answers: (Answer | Refusal)[]): Board {
  const [totals = MISSING, series = MISSING, ...lists] = answers;
  const [pages = MISSING, sources = MISSING, countries = MISSING, devices = MISSING] = lists;
  return { totals, series, lists: { pages, sources, countries, devices } };
}

/** Events of the site's present day, where the view is of just that day. */
export function eventsToday(board: Board, view: View): number | null {
  if (view.range.kind !== "day" || isRefusal(board.totals)) return null;
  return board.totals.results[0]?.metrics[METRICS.length] ?? null;
}

/** The totals by metric; `null` where there is no number. */
export function readTotals(answer: Answer | Refusal): Record<(typeof METRICS)[number], number | null> | null {
  if (isRefusal(answer)) return null;
  const row = answer.results[0]?.metrics ?? [];
  const [visitors, visits, pageviews, bounce_rate, visit_duration, engaged_time] = METRICS.map(
    (_, index) => row[index] ?? null,
  );
  return {
    visitors: visitors ?? 0,
    visits: visits ?? 0,
    pageviews: pageviews ?? 0,
    bounce_rate: visits ? (bounce_rate ?? null) : null,
    visit_duration: visits ? (visit_duration ?? null) : null,
    engaged_time: visits ? (engaged_time ?? null) : null,
  };
}

/** One question per site for the overview: visitors by day of the last 30 days; days add up exactly. */
export function overviewQuestions(domains: string[]): Question[] {
  return domains.map((site_id) => ({
    site_id,
    metrics: ["visitors"],
    date_range: "30d",
    dimensions: ["time:day"],
    include: { time_labels: true },
  }));
}
