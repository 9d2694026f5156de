/** The figures of the dashboard: those with a tile, and those that only a table of details shows. */
export const METRICS = ["visitors", "visits", "pageviews", "bounce_rate", "visit_duration", "engaged_time"] as const;
export type Metric = (typeof METRICS)[number];

/** What is known of single minutes (`docs/questions.md`). */
export const MINUTE_METRICS = ["visitors", "pageviews"] as const satisfies readonly Metric[];

/** Columns of the details, besides the tiles' own. */
export const MORE_METRICS = [
  "events",
  "time_on_page",
  "scroll_depth",
  "exit_rate",
  "views_per_visit",
  "conversion_rate",
  "total_revenue",
  "average_revenue",
] as const;
export type AnyMetric = Metric | (typeof MORE_METRICS)[number];
