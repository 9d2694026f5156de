import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/api";
import { chartScales, timeTicks, valueAxis } from "../../src/charts/scales";
import { chartShapes } from "../../src/charts/shapes";
import { METRICS } from "../../src/metrics";
import { type Point, pointState, readSeries } from "../../src/series";

describe("valueAxis", () => {
  it("begins at zero, reaches the greatest value, and rises evenly in few whole steps", () => {
    for (const metric of METRICS) {
      for (const most of [0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 49, 50, 51, 99, 100, 101, 999, 12_345, 999_999, 7_654_321]) {
        if (metric === "bounce_rate" && most > 100) continue;
        const { top, ticks } = valueAxis(metric, most);
        expect(ticks[0]).toBe(0);
        expect(top).toBeGreaterThanOrEqual(Math.max(1, most));
        expect(ticks.at(-1)).toBe(top);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(9);
        const steps = new Set(ticks.slice(1).map((tick, index) => tick - (ticks[index] ?? 0)));
        expect([metric, most, steps.size]).toEqual([metric, most, 1]);
        expect(ticks.every(Number.isInteger)).toBe(true);
      }
    }
  });
  it("counts times in steps of a clock", () => {
    expect(valueAxis("visit_duration", 161).ticks).toEqual([0, 60, 120, 180]);
    expect(valueAxis("engaged_time", 40).ticks).toEqual([0, 10, 20, 30, 40]);
    expect(valueAxis("visit_duration", 5000).ticks).toEqual([0, 1800, 3600, 5400]);
  });
});

describe("chartScales", () => {
  const frame = { left: 40, right: 640, top: 10, bottom: 210 };
  it("spreads the points over the whole frame and finds the nearest", () => {
    const scales = chartScales(frame, 25, { top: 100, ticks: [] });
    expect([scales.x(0), scales.x(24), scales.y(0), scales.y(100)]).toEqual([40, 640, 210, 10]);
    for (let index = 0; index < 25; index += 1) expect(scales.nearest(scales.x(index) + 10)).toBe(index);
    expect([scales.nearest(-50), scales.nearest(5000)]).toEqual([0, 24]);
  });
  it("puts a single point in the middle", () => {
    const scales = chartScales(frame, 1, { top: 1, ticks: [] });
    expect([scales.x(0), scales.nearest(600)]).toEqual([340, 0]);
  });
});

describe("timeTicks", () => {
  it("leaves room between labels, however many points and however narrow", () => {
    for (const [count, interval] of [
      [24, "hour"],
      [23, "hour"],
      [168, "hour"],
      [1440, "minute"],
      [7, "day"],
      [30, "day"],
      [365, "day"],
      [53, "week"],
      [60, "month"],
      [1500, "day"],
    ] as const) {
      for (const width of [200, 320, 560, 900, 1400]) {
        const ticks = timeTicks(count, interval, width, 70);
        expect(ticks[0]).toBe(0);
        expect(ticks.every((index) => index < count)).toBe(true);
        expect((ticks.length - 1) * 70).toBeLessThanOrEqual(width);
      }
    }
  });
});

describe("readSeries", () => {
  const hours = Array.from({ length: 24 }, (_, hour) => `2026-11-22 ${String(hour).padStart(2, "0")}:00:00`);
  const answer: Answer = {
    results: [
      { metrics: [4, 5, 9, 40, 100, 50], dimensions: ["2026-11-22 09:00:00"] },
      { metrics: [2, 2, 3, 50, 80, 40], dimensions: ["2026-11-22 14:00:00"] },
    ],
    meta: { time_labels: hours },
    query: { date_range: ["2026-11-22T00:00:00+05:00", "2026-11-22T23:59:59+05:00"] },
  };
  it("tells what is complete, what is running and what is to come", () => {
    const points = readSeries(answer, "visitors", "hour", "2026-11-22 14:37:12");
    expect(points[8]).toEqual({ label: hours[8], value: 0, state: "complete", before: null });
    expect(points[9]).toEqual({ label: hours[9], value: 4, state: "complete", before: null });
    expect(points[14]).toEqual({ label: hours[14], value: 2, state: "running", before: null });
    expect(points[15]).toEqual({ label: hours[15], value: null, state: "to-come", before: null });
  });
  it("has no mean for an hour without visits", () => {
    const points = readSeries(answer, "visit_duration", "hour", "2026-11-22 14:37:12");
    expect([points[8]?.value, points[9]?.value]).toEqual([null, 100]);
  });
  it("treats the present day of a longer period as running", () => {
    const now = "2026-11-22 14:37:12";
    expect(["2026-11-21", "2026-11-22", "2026-11-23"].map((label) => pointState(label, null, "", "day", now))).toEqual([
      "complete",
      "running",
      "to-come",
    ]);
  });
  it("knows which week and month are running, also the last of a period that is over", () => {
    const now = "2026-11-22 14:37:12";
    const state = (label: string, next: string | null, end: string) => pointState(label, next, end, "week", now);
    expect(state("2026-11-09", "2026-11-16", "2026-12-01T23:59:59")).toBe("complete");
    expect(state("2026-11-16", "2026-11-23", "2026-12-01T23:59:59")).toBe("running");
    expect(state("2026-11-23", "2026-11-30", "2026-12-01T23:59:59")).toBe("to-come");
    expect(state("2026-11-16", null, "2026-11-22T23:59:59")).toBe("running");
    expect(state("2026-11-16", null, "2026-11-20T23:59:59")).toBe("complete");
  });
  it("puts the period compared with beside each interval", () => {
    const [first] = answer.results;
    const compared: Answer = {
      ...answer,
      results: [
        { ...first, comparison: { change: [], dimensions: ["2026-11-21 09:00:00"], metrics: [3, 3, 4, 50, 60, 30] } },
      ] as Answer["results"],
    };
    const points = readSeries(compared, "visit_duration", "hour", "2026-11-22 14:37:12");
    expect(points[9]?.before).toEqual({ label: "2026-11-21 09:00:00", value: 60 });
    expect(points[8]?.before).toBeNull();
  });
});

describe("chartShapes", () => {
  const scales = { x: (index: number) => index * 10, y: (value: number) => 100 - value };
  const point = (value: number | null, state: Point["state"] = "complete"): Point => ({
    label: "",
    value,
    state,
    before: null,
  });
  it("draws the running interval apart, from the last complete point", () => {
    const shapes = chartShapes([point(1), point(2), point(5, "running"), point(null, "to-come")], scales, 100);
    expect(shapes.running).toBe("M10,98L20,95");
    expect(shapes.line.startsWith("M0,99")).toBe(true);
    expect(shapes.line).not.toContain("20");
    expect(shapes.dots).toEqual([]);
  });
  it("shows points without neighbours as dots", () => {
    expect(chartShapes([point(3, "running")], scales, 100)).toMatchObject({ line: "", running: "", dots: [[0, 97]] });
    const gaps = chartShapes([point(null), point(7), point(null), point(1), point(2)], scales, 100);
    expect(gaps.dots).toEqual([[10, 93]]);
  });
});
