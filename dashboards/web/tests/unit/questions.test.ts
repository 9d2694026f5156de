import { describe, expect, it } from "vitest";
import { DEFAULT_VIEW, METRICS, type Range } from "../../src/address";
import type { Answer } from "../../src/api";
import {
  dashboardQuestions,
  dateRange,
  includesToday,
  isHourly,
  LONG_LIST,
  overviewQuestions,
  readBoard,
  readTotals,
  SHORT_LIST,
} from "../../src/questions";

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

it("a single day is drawn by hour, more by day", () => {
  expect(isHourly({ kind: "day" })).toBe(true);
  expect(isHourly(custom("2026-11-01", "2026-11-01"))).toBe(true);
  expect(isHourly(custom("2026-11-01", "2026-11-02"))).toBe(false);
  expect(isHourly({ kind: "7d" })).toBe(false);
});

describe("dashboardQuestions", () => {
  it("asks for everything a dashboard shows in one batch", () => {
    const questions = dashboardQuestions("example.kz", DEFAULT_VIEW, ALMATY, LATE);
    expect(questions).toEqual([
      { site_id: "example.kz", date_range: "day", metrics: [...METRICS, "events"] },
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
  it("asks for the tab that is open and the list that is unfolded", () => {
    const view = { ...DEFAULT_VIEW, devices: "browser", more: "countries" } as const;
    const [, , pages, , countries, devices] = dashboardQuestions("example.kz", view, ALMATY, LATE);
    expect(devices?.dimensions).toEqual(["visit:browser"]);
    expect(countries?.pagination).toEqual({ limit: LONG_LIST });
    expect(pages?.pagination).toEqual({ limit: SHORT_LIST });
  });
  it("does not depend on the charted metric, so that changing it asks nothing", () => {
    const other = dashboardQuestions("example.kz", { ...DEFAULT_VIEW, metric: "bounce_rate" }, ALMATY, LATE);
    expect(other).toEqual(dashboardQuestions("example.kz", DEFAULT_VIEW, ALMATY, LATE));
  });
  it("stays within a batch", () => {
    expect(dashboardQuestions("example.kz", DEFAULT_VIEW, ALMATY, LATE).length).toBeLessThanOrEqual(16);
    expect(overviewQuestions(["a.kz", "b.kz"]).map((question) => question.site_id)).toEqual(["a.kz", "b.kz"]);
  });
});

describe("reading answers", () => {
  const answer = (metrics: number[]): Answer => ({
    results: [{ metrics, dimensions: [] }],
    meta: {},
    query: { date_range: ["2026-11-22T00:00:00+05:00", "2026-11-22T23:59:59+05:00"] },
  });
  it("gives each answer its place, and a refusal to those left out", () => {
    const board = readBoard([answer([1]), { error: "no", code: "unknown_site" }]);
    expect(board.series).toEqual({ error: "no", code: "unknown_site" });
    expect(board.lists.devices).toMatchObject({ code: "unknown" });
  });
  it("has no share and no mean without visits", () => {
    expect(readTotals(answer([0, 0, 0, 0, 0, 0]))).toEqual({
      visitors: 0,
      visits: 0,
      pageviews: 0,
      bounce_rate: null,
      visit_duration: null,
      engaged_time: null,
    });
    expect(readTotals(answer([1, 2, 3, 0, 5, 6]))).toMatchObject({
      bounce_rate: 0,
      visit_duration: 5,
      engaged_time: 6,
    });
    expect(readTotals({ error: "no", code: "internal" })).toBeNull();
  });
});
