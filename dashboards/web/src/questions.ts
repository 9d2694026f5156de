/** What one load of a dashboard asks, as one batch. */
import { type Answer, isRefusal, numberOf, type Question, type Refusal } from "./api";
import { toApiComparison } from "./comparison";
import { apiDimension, type Dimension } from "./dimensions";
import { needsGoals, toApi } from "./filters";
import { type Goal, toApiGoal } from "./goals";
import { METRICS, type Metric, MINUTE_METRICS } from "./metrics";
import { PANELS, type Panel, tabDimensions } from "./panels";
import { dateRange } from "./ranges";
import { shownInterval, type View } from "./view";

/** Rows of a panel; its details have them all, page by page. */
export const SHORT_LIST = 9;

export interface Asking {
  domain: string;
  view: View;
  zone: string;
  now: number;
  /** The site's goals; only filters of goals need them. */
  goals?: readonly Goal[];
}

/** What every question of a view has in common. */
export function baseQuestion({
  domain,
  view,
  zone,
  now,
  goals = [],
}: Asking): Pick<Question, "site_id" | "date_range" | "filters" | "goals"> {
  return {
    site_id: domain,
    date_range: dateRange(view.range, zone, now),
    ...(view.filters.length > 0 ? { filters: view.filters.map(toApi) } : {}),
    ...(needsGoals(view.filters) ? { goals: goals.map(toApiGoal) } : {}),
  };
}

export function boardQuestions(asking: Asking): Question[] {
  const { view } = asking;
  const base = baseQuestion(asking);
  const interval = shownInterval(view);
  const compared = view.comparison ? { comparisons: toApiComparison(view.comparison) } : {};
  return [
    // The number of events is not shown; it tells whether the live stream knows of more than this answer.
    { ...base, metrics: [...METRICS, "events"], include: { shares: true, ...compared } },
    {
      ...base,
      metrics: interval === "minute" ? [...MINUTE_METRICS] : [...METRICS],
      dimensions: [`time:${interval}`],
      include: { time_labels: true, ...compared },
    },
    ...PANELS.map((panel) => ({
      ...base,
      metrics: ["visitors"],
      dimensions: tabDimensions(view.tabs[panel]).map(apiDimension),
      // A map shows every country there is.
      pagination: { limit: view.tabs[panel] === "map" ? 300 : SHORT_LIST },
      include: { total_rows: true, ...compared },
    })),
  ];
}

export interface Board {
  totals: Answer | Refusal;
  series: Answer | Refusal;
  panels: Record<Panel, Answer | Refusal>;
}

const MISSING: Refusal = { error: "the server left an answer out", code: "unknown" };

/** The answers by name; they come in the order of the questions. */
export function readBoard(answers: (Answer | Refusal)[]): Board {
  const [totals = MISSING, series = MISSING, ...lists] = answers;
  const [pages = MISSING, sources = MISSING, locations = MISSING, devices = MISSING] = lists;
  return { totals, series, panels: { pages, sources, locations, devices } };
}

/** Events of the site's present day, where the view is of all of just that day. */
export function eventsToday(board: Board, view: View): number | null {
  if (view.range.kind !== "day" || view.filters.length > 0 || isRefusal(board.totals)) return null;
  return numberOf(board.totals.results[0]?.metrics[METRICS.length]);
}

export type Totals = Record<Metric, number | null>;

const OF_VISITS: ReadonlySet<Metric> = new Set(["bounce_rate", "visit_duration", "engaged_time"]);

function named(values: readonly (number | null)[]): Totals {
  const visits = values[METRICS.indexOf("visits")] ?? null;
  const entries = METRICS.map((metric, index) => {
    const value = values[index] ?? null;
    // A mean of nothing is no number.
    return [metric, OF_VISITS.has(metric) && !visits ? null : value] as const;
  });
  return Object.fromEntries(entries) as Totals;
}

export interface Read {
  now: Totals;
  /** The same of the period compared with. */
  before: Totals | null;
  /** Whether the figures are not told because too few people are behind them; then this many is enough. */
  withheldBelow: number | null;
}

/** The totals by metric; `null` where there is no number. */
export function readTotals(answer: Answer | Refusal): Read | null {
  if (isRefusal(answer)) return null;
  const row = answer.results[0];
  const below = answer.meta.folded_below ?? null;
  const counts = (figures: readonly unknown[] | undefined, index: number) =>
    numberOf((figures?.[index] ?? null) as number | null);
  const now = METRICS.map((_, index) => counts(row?.metrics, index) ?? (below === null && index < 3 ? 0 : null));
  const before = row?.comparison ? METRICS.map((_, index) => counts(row.comparison?.metrics, index)) : null;
  return {
    now: named(now),
    before: before && named(before),
    withheldBelow: now[0] === null ? below : null,
  };
}

/** A page of the rows of one dimension, for a panel's details and for the values a filter can have. */
export function rowsQuestion(
  asking: Asking,
  dimensions: readonly Dimension[],
  metrics: readonly string[],
  {
    limit,
    offset = 0,
    search = "",
    order,
    compared = false,
  }: {
    limit: number;
    offset?: number;
    search?: string;
    /** Whether the rows tell of the period compared with, where the view has one. */
    compared?: boolean;
    order?: [string, "asc" | "desc"] | undefined;
  },
): Question {
  const base = baseQuestion(asking);
  const { comparison } = asking.view;
  const beside = compared && comparison ? { comparisons: toApiComparison(comparison) } : {};
  const names = dimensions.map(apiDimension);
  const last = names.at(-1) ?? "";
  const wanted = search ? [["contains", last, [search], { case_sensitive: false }] as const] : [];
  const ofGoals = dimensions.includes("goal") ? { goals: (asking.goals ?? []).map(toApiGoal) } : {};
  const filters = [...(base.filters ?? []), ...wanted] as NonNullable<Question["filters"]>;
  return {
    ...base,
    ...ofGoals,
    ...(filters.length > 0 ? { filters } : {}),
    metrics: [...metrics],
    dimensions: names,
    ...(order ? { order_by: [order] } : {}),
    pagination: { limit, offset },
    include: { total_rows: true, ...beside },
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
