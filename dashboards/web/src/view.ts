/** What a dashboard shows, as its address holds it. Defaults are left out, so that equal views have equal addresses. */
import { COMPARISONS, type Comparison } from "./comparison";
import { type Dimension, isProperty, readDimension } from "./dimensions";
import { type Filter, readFilter, writeFilter } from "./filters";
import { METRICS, type Metric, MINUTE_METRICS } from "./metrics";
import { DEFAULT_TABS, isTabOf, PANELS, type Tabs } from "./panels";
import { INTERVALS, type Interval, intervalOf, intervalsOf, PRESETS, type Range } from "./ranges";

/** The table of one dimension at full length. */
export interface Details {
  dimension: Dimension;
  /** Text within the names. */
  search: string;
  /** Column and direction; `null` for the greatest of the first column. */
  order: { metric: string; ascending: boolean } | null;
  /** From 1. */
  page: number;
}

export interface View {
  range: Range;
  comparison: Comparison | null;
  /** `null`: what suits the period. */
  interval: Interval | null;
  filters: Filter[];
  metric: Metric;
  tabs: Tabs;
  /** What the panel of deeds lists: goals, events, or the values of a property. */
  deeds: Dimension;
  journey: Journey;
  details: Details | null;
}

/** Where visits went from a page, or came to it from; without a page: where they began or ended. */
export interface Journey {
  page: string | null;
  direction: "next" | "previous";
}

export const DEFAULT_VIEW: View = {
  range: { kind: "day" },
  comparison: null,
  interval: null,
  filters: [],
  metric: "visitors",
  tabs: DEFAULT_TABS,
  deeds: "goal",
  journey: { page: null, direction: "next" },
  details: null,
};

function oneOf<T extends string>(values: readonly T[], value: string | null): T | null {
  return values.find((known) => known === value) ?? null;
}

/** Whether `2026-02-30`-like text names a day that exists. */
export function isDay(text: string | null): text is string {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
}

/** Two days in order. */
function days(from: string | null, to: string | null): { from: string; to: string } | null {
  if (!isDay(from) || !isDay(to)) return null;
  return from <= to ? { from, to } : { from: to, to: from };
}

function readRange(query: URLSearchParams): Range {
  const kind = query.get("range");
  if (kind === "custom") {
    const custom = days(query.get("from"), query.get("to"));
    if (custom) return { kind, ...custom };
  }
  return { kind: oneOf(PRESETS, kind) ?? "day" };
}

function readComparison(query: URLSearchParams): Comparison | null {
  const kind = oneOf(COMPARISONS, query.get("compare"));
  const weekdays = query.has("weekdays");
  if (kind !== "custom") return kind && { kind, weekdays };
  const custom = days(query.get("compare_from"), query.get("compare_to"));
  return custom && { kind, ...custom, weekdays };
}

function readDetails(query: URLSearchParams): Details | null {
  const dimension = readDimension(query.get("details"));
  if (!dimension) return null;
  const [metric = "", direction] = (query.get("order") ?? "").split(":");
  const page = Number(query.get("page"));
  return {
    dimension,
    search: query.get("search") ?? "",
    order: metric ? { metric, ascending: direction === "asc" } : null,
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

function readDeeds(name: string | null): Dimension {
  const dimension = readDimension(name);
  return dimension === "event" || (dimension && isProperty(dimension)) ? dimension : "goal";
}

/** Whatever is unknown in the query falls back to the default. */
export function readView(query: URLSearchParams): View {
  const tabs = { ...DEFAULT_TABS };
  for (const panel of PANELS) {
    const tab = query.get(panel);
    if (isTabOf(panel, tab)) tabs[panel] = tab;
  }
  const range = readRange(query);
  return {
    range,
    // The last half hour is compared with nothing and filtered by nothing.
    comparison: range.kind === "live" ? null : readComparison(query),
    interval: oneOf(INTERVALS, query.get("interval")),
    filters: range.kind === "live" ? [] : query.getAll("f").flatMap((text) => readFilter(text) ?? []),
    metric: oneOf(METRICS, query.get("metric")) ?? DEFAULT_VIEW.metric,
    tabs,
    deeds: readDeeds(query.get("deeds")),
    journey: {
      page: query.get("journey") || null,
      direction: query.get("towards") === "previous" ? "previous" : "next",
    },
    details: readDetails(query),
  };
}

export function writeView(view: View): string {
  const query = new URLSearchParams();
  const { range, comparison, details } = view;
  if (range.kind !== DEFAULT_VIEW.range.kind) query.set("range", range.kind);
  if (range.kind === "custom") {
    query.set("from", range.from);
    query.set("to", range.to);
  }
  if (comparison) {
    query.set("compare", comparison.kind);
    if (comparison.kind === "custom") {
      query.set("compare_from", comparison.from);
      query.set("compare_to", comparison.to);
    }
    if (comparison.weekdays) query.set("weekdays", "1");
  }
  if (view.interval) query.set("interval", view.interval);
  for (const filter of view.filters) query.append("f", writeFilter(filter));
  if (view.metric !== DEFAULT_VIEW.metric) query.set("metric", view.metric);
  for (const panel of PANELS) if (view.tabs[panel] !== DEFAULT_TABS[panel]) query.set(panel, view.tabs[panel]);
  if (view.deeds !== "goal") query.set("deeds", view.deeds);
  if (view.journey.page) query.set("journey", view.journey.page);
  if (view.journey.direction === "previous") query.set("towards", "previous");
  if (details) {
    query.set("details", details.dimension);
    if (details.search) query.set("search", details.search);
    if (details.order) query.set("order", `${details.order.metric}:${details.order.ascending ? "asc" : "desc"}`);
    if (details.page > 1) query.set("page", String(details.page));
  }
  return query.toString();
}

/** The intervals the chart can be drawn in: minutes are told of counts alone, without filters and comparison. */
export function intervalsFor(view: View): Interval[] {
  const minutes =
    MINUTE_METRICS.some((metric) => metric === view.metric) && view.filters.length === 0 && !view.comparison;
  return intervalsOf(view.range).filter((interval) => interval !== "minute" || minutes || view.range.kind === "live");
}

export function shownInterval(view: View): Interval {
  return intervalOf(view.range, view.interval, intervalsFor(view));
}

/** What the tiles, the chart and the panels depend on: equal for views that ask the same. */
export function askedBy(view: View): string {
  const { metric, deeds, journey, details } = DEFAULT_VIEW;
  return writeView({ ...view, interval: shownInterval(view), metric, deeds, journey, details });
}

/** What every number depends on, whatever it is grouped by. */
export function countedBy(view: View): string {
  return askedBy({ ...view, tabs: DEFAULT_TABS, interval: null, comparison: null });
}
