import { describe, expect, it } from "vitest";
import { DEFAULT_VIEW, dashboardPath, METRICS, PRESETS, parseAddress, type View } from "../../src/address";

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
    expect(parse("/example.kz/settings")).toEqual({ page: "settings", domain: "example.kz" });
    expect(parse("/example.kz/what")).toEqual({ page: "missing" });
    expect(parse("/example.kz/settings/more")).toEqual({ page: "missing" });
    expect(parse("/%E0%A4%A")).toEqual({ page: "missing" });
  });

  it("falls back to defaults for what it does not know", () => {
    const route = parse("/example.kz?range=century&metric=luck&devices=toaster&more=everything");
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
    for (const range of ranges) {
      for (const metric of METRICS) {
        for (const devices of ["device", "os"] as const) {
          for (const more of [null, "pages"] as const) {
            const view: View = { range, metric, devices, more };
            expect(parse(dashboardPath("сайт.қаз", view))).toEqual({ page: "dashboard", domain: "сайт.қаз", view });
          }
        }
      }
    }
  });
});
