import { describe, expect, it } from "vitest";
import { dashboardPath, parseAddress } from "../../src/address";
import type { Filter } from "../../src/filters";
import { METRICS } from "../../src/metrics";
import { DEFAULT_TABS } from "../../src/panels";
import { PRESETS } from "../../src/ranges";
import { askedBy, DEFAULT_VIEW, type View } from "../../src/view";

const parse = (path: string) => {
  const { pathname, search, hash } = new URL(path, "http://staff");
  return parseAddress({ pathname, search, hash });
};

describe("parseAddress", () => {
  it("knows the pages", () => {
    expect(parse("/")).toEqual({ page: "sites" });
    expect(parse("/sign-in")).toEqual({ page: "sites" });
    expect(parse("/setup#t0ken")).toEqual({ page: "setup", token: "t0ken" });
    expect(parse("/example.kz")).toEqual({ page: "dashboard", domain: "example.kz", view: DEFAULT_VIEW });
    expect(parse("/example.kz/settings")).toEqual({ page: "settings", domain: "example.kz", tab: "general" });
    expect(parse("/example.kz/settings/goals")).toEqual({ page: "settings", domain: "example.kz", tab: "goals" });
    expect(parse("/example.kz/why")).toEqual({ page: "why", domain: "example.kz" });
    expect(parse("/example.kz/what")).toEqual({ page: "missing" });
    expect(parse("/example.kz/settings/more")).toEqual({ page: "missing" });
    expect(parse("/%E0%A4%A")).toEqual({ page: "missing" });
  });

  it("falls back to defaults for what it does not know", () => {
    const route = parse(
      "/example.kz?range=century&metric=luck&devices=toaster&details=everything&f=is,luck,good&f=like,page,x&compare=luck&interval=second&page=-1",
    );
    expect(route).toEqual({ page: "dashboard", domain: "example.kz", view: DEFAULT_VIEW });
  });

  it("takes a custom period only with two days that exist, and puts them in order", () => {
    const range = (query: string) => {
      const route = parse(`/example.kz?range=custom&${query}`);
      return route.page === "dashboard" ? route.view.range : null;
    };
    const custom = { kind: "custom", from: "2026-11-01", to: "2026-11-15" };
    expect(range("from=2026-11-01&to=2026-11-15")).toEqual(custom);
    expect(range("from=2026-11-15&to=2026-11-01")).toEqual(custom);
    expect(range("from=2026-02-30&to=2026-11-01")).toEqual({ kind: "day" });
    expect(range("from=2026-11-01")).toEqual({ kind: "day" });
    expect(range("from=yesterday&to=today")).toEqual({ kind: "day" });
  });
});

describe("dashboardPath", () => {
  it("leaves defaults out", () => {
    expect(dashboardPath("example.kz")).toBe("/example.kz");
  });

  it("is read back as the same view", () => {
    const ranges: View["range"][] = [
      ...PRESETS.map((kind) => ({ kind })),
      { kind: "custom", from: "2026-01-31", to: "2026-02-28" },
    ];
    const filters: Filter[] = [
      { op: "is", dimension: "source", values: ["Direct / None", "a,b\\c & d=e+f%20"] },
      { op: "matches_not", dimension: "prop:түр, түс", values: ["^/kk/(?:[^,]+)$"] },
      { op: "has_not_done", dimension: "goal", values: ["Өтінім жіберілді"] },
    ];
    const changes: Partial<View>[] = [
      {},
      { filters },
      { comparison: { kind: "previous", weekdays: false }, interval: "week" },
      { comparison: { kind: "year", weekdays: true } },
      { comparison: { kind: "custom", from: "2025-01-01", to: "2025-02-28", weekdays: true } },
      { tabs: { ...DEFAULT_TABS, sources: "utm_term", locations: "map" }, deeds: "prop:plan" },
      { journey: { page: "/kk?", direction: "previous" } },
      {
        details: {
          dimension: "utm_campaign",
          search: "наурыз 50%",
          order: { metric: "visits", ascending: true },
          page: 3,
        },
      },
    ];
    for (const range of ranges) {
      for (const metric of METRICS) {
        for (const change of changes) {
          const view: View = { ...DEFAULT_VIEW, range, metric, ...(range.kind === "live" ? {} : change) };
          expect(parse(dashboardPath("сайт.қаз", view))).toEqual({ page: "dashboard", domain: "сайт.қаз", view });
        }
      }
    }
  });

  it("asks the same whichever figure is charted and whatever stands above the page", () => {
    const details: View["details"] = { dimension: "page", search: "", order: null, page: 1 };
    expect(askedBy({ ...DEFAULT_VIEW, metric: "visits", details })).toBe(askedBy(DEFAULT_VIEW));
    expect(askedBy({ ...DEFAULT_VIEW, interval: "minute" })).not.toBe(askedBy(DEFAULT_VIEW));
  });

  it("neither filters nor compares the last half hour", () => {
    const route = parse("/example.kz?range=live&f=is,source,Google&compare=previous");
    expect(route).toMatchObject({ view: { filters: [], comparison: null } });
  });
});
