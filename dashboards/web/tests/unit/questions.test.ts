import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/api";
import type { Goal } from "../../src/goals";
import { METRICS } from "../../src/metrics";
import { DEFAULT_TABS } from "../../src/panels";
import {
  boardQuestions,
  overviewQuestions,
  readBoard,
  readTotals,
  rowsQuestion,
  SHORT_LIST,
} from "../../src/questions";
import {
  COMPARE_KEY,
  CUSTOM_KEY,
  dateRange,
  includesToday,
  intervalOf,
  intervalsOf,
  PRESET_KEYS,
  PRESETS,
  type Range,
} from "../../src/ranges";
import { askedBy, DEFAULT_VIEW, type View } from "../../src/view";

const ALMATY = "Asia/Almaty";
// 23:30 in Almaty is still the day before in London, and 00:30 there is the next day already.
const LATE = Date.parse("2026-11-22T23:30:00+05:00");
const EARLY = Date.parse("2026-11-23T00:30:00+05:00");
const custom = (from: string, to: string): Range => ({ kind: "custom", from, to });

describe("dateRange", () => {
  it("names what the server knows by name", () => {
    for (const kind of ["day", "7d", "30d"] as const) expect(dateRange({ kind }, ALMATY, LATE)).toBe(kind);
  });
  it("takes yesterday from the site's clock, not ours", () => {
    expect(dateRange({ kind: "yesterday" }, ALMATY, LATE)).toEqual(["2026-11-21", "2026-11-21"]);
    expect(dateRange({ kind: "yesterday" }, ALMATY, EARLY)).toEqual(["2026-11-22", "2026-11-22"]);
    expect(dateRange({ kind: "yesterday" }, "Pacific/Honolulu", EARLY)).toEqual(["2026-11-21", "2026-11-21"]);
  });
  it("passes custom days on", () => {
    expect(dateRange(custom("2026-11-01", "2026-11-15"), ALMATY, LATE)).toEqual(["2026-11-01", "2026-11-15"]);
  });
});

it("a new event changes only periods that contain the site's today", () => {
  expect(includesToday({ kind: "day" }, ALMATY, LATE)).toBe(true);
  expect(includesToday({ kind: "yesterday" }, ALMATY, LATE)).toBe(false);
  expect(includesToday({ kind: "7d" }, ALMATY, LATE)).toBe(false);
  expect(includesToday(custom("2026-11-01", "2026-11-22"), ALMATY, LATE)).toBe(true);
  expect(includesToday(custom("2026-11-01", "2026-11-22"), ALMATY, EARLY)).toBe(false);
  expect(includesToday(custom("2026-11-23", "2026-11-30"), ALMATY, LATE)).toBe(false);
});

describe("intervals", () => {
  it("a single day is drawn by hour, more by day, a year by month", () => {
    expect(intervalOf({ kind: "day" }, null)).toBe("hour");
    expect(intervalOf(custom("2026-11-01", "2026-11-01"), null)).toBe("hour");
    expect(intervalOf({ kind: "7d" }, null)).toBe("day");
    expect(intervalOf({ kind: "91d" }, null)).toBe("week");
    expect(intervalOf({ kind: "12mo" }, null)).toBe("month");
  });
  it("one that the period cannot be drawn in is not taken", () => {
    expect(intervalOf({ kind: "30d" }, "minute")).toBe("day");
    expect(intervalOf({ kind: "7d" }, "hour")).toBe("hour");
    // The server tells minutes of today and of the last half hour only.
    for (const kind of PRESETS) {
      const minutes = intervalsOf({ kind }).includes("minute");
      expect([kind, minutes]).toEqual([kind, kind === "day" || kind === "live"]);
      expect(intervalsOf({ kind })).toContain(intervalOf({ kind }, null));
    }
  });
  it("every preset has a key of its own", () => {
    expect(new Set([...Object.values(PRESET_KEYS), CUSTOM_KEY, COMPARE_KEY]).size).toBe(PRESETS.length + 2);
  });
});

describe("boardQuestions", () => {
  const ask = (change: Partial<View> = {}, goals: Goal[] = []) =>
    boardQuestions({ domain: "example.kz", view: { ...DEFAULT_VIEW, ...change }, zone: ALMATY, now: LATE, goals });
  it("asks for everything a dashboard shows in one batch", () => {
    expect(ask()).toEqual([
      { site_id: "example.kz", date_range: "day", metrics: [...METRICS, "events"], include: { shares: true } },
      {
        site_id: "example.kz",
        date_range: "day",
        metrics: [...METRICS],
        dimensions: ["time:hour"],
        include: { time_labels: true },
      },
      ...["event:page", "visit:source", "visit:country", "visit:device"].map((dimension) => ({
        site_id: "example.kz",
        date_range: "day",
        metrics: ["visitors"],
        dimensions: [dimension],
        pagination: { limit: SHORT_LIST },
        include: { total_rows: true },
      })),
    ]);
  });
  it("asks for the tabs that are open, a version with what it is a version of", () => {
    const [, , , sources, locations, devices] = ask({
      tabs: { ...DEFAULT_TABS, sources: "utm_term", locations: "map", devices: "browser_version" },
    });
    expect(sources?.dimensions).toEqual(["visit:utm_term"]);
    expect(locations).toMatchObject({ dimensions: ["visit:country"], pagination: { limit: 300 } });
    expect(devices?.dimensions).toEqual(["visit:browser", "visit:browser_version"]);
  });
  it("every question is filtered; goals come along when a filter is about them", () => {
    const goal: Goal = { id: 1, name: "Өтінім", kind: "scroll", page: "/kk/**", scroll: 75 };
    const filters: View["filters"] = [{ op: "is", dimension: "goal", values: ["Өтінім"] }];
    for (const question of ask({ filters }, [goal])) {
      expect(question.filters).toEqual([["is", "event:goal", ["Өтінім"]]]);
      expect(question.goals).toEqual([{ display_name: "Өтінім", page_path: "/kk/**", scroll_threshold: 75 }]);
    }
    expect(ask({ filters: [{ op: "is", dimension: "page", values: ["/"] }] }, [goal])[0]).not.toHaveProperty("goals");
  });
  it("compares the tiles and the chart", () => {
    const questions = ask({ comparison: { kind: "year", weekdays: true } });
    const compared = questions.map((question) => question.include?.comparisons);
    expect(compared).toEqual(Array(6).fill({ mode: "year_over_year", match_day_of_week: true }));
  });
  it("does not depend on the charted metric, so that changing it asks nothing", () => {
    expect(ask({ metric: "bounce_rate" })).toEqual(ask());
  });
  it("asks for minutes of counts alone, without filters and comparison; else for the hours", () => {
    const unit = (change: Partial<View>) => ask({ interval: "minute", ...change })[1];
    expect(unit({})).toMatchObject({ dimensions: ["time:minute"], metrics: ["visitors", "pageviews"] });
    const hours: Partial<View>[] = [
      { metric: "bounce_rate" },
      { filters: [{ op: "is", dimension: "page", values: ["/"] }] },
      { comparison: { kind: "previous", weekdays: false } },
    ];
    for (const change of hours)
      expect(unit(change)).toMatchObject({ dimensions: ["time:hour"], metrics: [...METRICS] });
    const bounces: View = { ...DEFAULT_VIEW, metric: "bounce_rate" };
    expect(askedBy({ ...bounces, interval: "minute" })).toBe(askedBy(bounces));
    expect(askedBy({ ...DEFAULT_VIEW, interval: "minute" })).not.toBe(askedBy(DEFAULT_VIEW));
  });
  it("stays within a batch", () => {
    expect(ask().length).toBeLessThanOrEqual(16);
    expect(overviewQuestions(["a.kz", "b.kz"]).map((question) => question.site_id)).toEqual(["a.kz", "b.kz"]);
  });
});

it("a page of details is searched within its last dimension, beside the filters", () => {
  const view: View = { ...DEFAULT_VIEW, filters: [{ op: "is", dimension: "country", values: ["KZ"] }] };
  const asking = { domain: "example.kz", view, zone: ALMATY, now: LATE };
  const question = rowsQuestion(asking, ["os", "os_version"], ["visitors"], {
    limit: 50,
    offset: 100,
    search: "14",
    order: ["visitors", "asc"],
  });
  expect(question).toMatchObject({
    dimensions: ["visit:os", "visit:os_version"],
    filters: [
      ["is", "visit:country", ["KZ"]],
      ["contains", "visit:os_version", ["14"], { case_sensitive: false }],
    ],
    order_by: [["visitors", "asc"]],
    pagination: { limit: 50, offset: 100 },
  });
});

describe("reading answers", () => {
  const answer = (metrics: (number | null)[], meta: Answer["meta"] = {}, before?: number[]): Answer => ({
    results: [
      { metrics, dimensions: [], ...(before ? { comparison: { change: [], dimensions: [], metrics: before } } : {}) },
    ],
    meta,
    query: { date_range: ["2026-11-22T00:00:00+05:00", "2026-11-22T23:59:59+05:00"] },
  });
  it("gives each answer its place, and a refusal to those left out", () => {
    const board = readBoard([answer([1]), { error: "no", code: "unknown_site" }]);
    expect(board.series).toEqual({ error: "no", code: "unknown_site" });
    expect(board.panels.devices).toMatchObject({ code: "unknown" });
  });
  it("has no share and no mean without visits", () => {
    expect(readTotals(answer([0, 0, 0, 0, 0, 0]))?.now).toEqual({
      visitors: 0,
      visits: 0,
      pageviews: 0,
      bounce_rate: null,
      visit_duration: null,
      engaged_time: null,
    });
    expect(readTotals(answer([1, 2, 3, 0, 5, 6]))?.now).toMatchObject({
      bounce_rate: 0,
      visit_duration: 5,
      engaged_time: 6,
    });
    expect(readTotals({ error: "no", code: "internal" })).toBeNull();
  });
  it("does not take a figure that is withheld for nothing", () => {
    const read = readTotals(answer([null, null, null, null, null, null], { folded_below: 5 }));
    expect([read?.now.visitors, read?.withheldBelow]).toEqual([null, 5]);
    expect(readTotals(answer([0, 0, 0, 0, 0, 0], { folded_below: 5 }))?.withheldBelow).toBeNull();
  });
  it("has the figures of the period compared with", () => {
    const read = readTotals(answer([4, 4, 8, 50, 60, 30], {}, [2, 0, 8, 40, 60, 30]));
    expect(read?.before).toMatchObject({ visitors: 2, pageviews: 8, bounce_rate: null });
    expect(readTotals(answer([4]))?.before).toBeNull();
  });
});
