import { describe, expect, it } from "vitest";
import { changeOf, toApiComparison } from "../../src/comparison";
import { apiDimension, DIMENSION_NAMES, fromApiDimension, readDimension } from "../../src/dimensions";
import {
  type Filter,
  fromApi,
  MOST_VALUES,
  operatorsOf,
  readFilter,
  sameFilters,
  toApi,
  withFilters,
  writeFilter,
} from "../../src/filters";
import { rate, THRESHOLDS, VITALS } from "../../src/vitals";

const filter = (op: Filter["op"], dimension: Filter["dimension"], ...values: string[]): Filter => ({
  op,
  dimension,
  values,
});

describe("a filter in the address", () => {
  it("is read back, whatever its values hold", () => {
    for (const dimension of [...DIMENSION_NAMES, "prop:plan", "prop:a,b"] as const) {
      for (const op of operatorsOf(dimension)) {
        for (const values of [["a"], ["a,b", "c\\d", "\\,", " "], ["Қ", "\n", "🐎"]]) {
          const one = { op, dimension, values };
          expect(readFilter(writeFilter(one))).toEqual(one);
        }
      }
    }
  });
  it("is dropped when it says nothing or too much", () => {
    const many = Array.from({ length: MOST_VALUES + 1 }, (_, index) => String(index));
    for (const text of [
      "",
      "is",
      "is,page",
      "is,page,",
      "like,page,/",
      "is,luck,x",
      "matches,goal,x",
      `is,page,${many}`,
    ]) {
      expect(readFilter(text)).toBeNull();
    }
    expect(readFilter("is,page,/,/")).toEqual(filter("is", "page", "/"));
    expect(readFilter("is,toString,x")).toBeNull();
  });
});

describe("a filter for the API", () => {
  it("is spelled in its grammar", () => {
    expect(toApi(filter("is_not", "source", "Google", "Bing"))).toEqual(["is_not", "visit:source", ["Google", "Bing"]]);
    expect(toApi(filter("contains", "page", "/kk"))).toEqual([
      "contains",
      "event:page",
      ["/kk"],
      { case_sensitive: false },
    ]);
    expect(toApi(filter("matches", "prop:plan", "^p"))).toEqual(["matches", "event:props:plan", ["^p"]]);
    expect(toApi(filter("has_not_done", "event", "Signup"))).toEqual([
      "has_not_done",
      ["is", "event:name", ["Signup"]],
    ]);
  });
  it("comes back from a segment, unless the segment holds more than chips can show", () => {
    const filters = DIMENSION_NAMES.flatMap((dimension) =>
      operatorsOf(dimension).map((op) => filter(op, dimension, "x")),
    );
    expect(fromApi(filters.map(toApi))).toEqual(filters);
    expect(fromApi([["or", [["is", "event:page", ["/"]]]]])).toBeNull();
    expect(fromApi([["is", "visit:luck", ["good"]]])).toBeNull();
    expect(fromApi([])).toEqual([]);
  });
  it("names dimensions both ways", () => {
    for (const name of DIMENSION_NAMES) expect(fromApiDimension(apiDimension(name))).toBe(name);
    expect(readDimension(`prop:${"ұ".repeat(50)}`)).not.toBeNull();
    expect(readDimension(`prop:${"ұ".repeat(51)}`)).toBeNull();
  });
});

it("a click on a row replaces the value of its dimension and leaves the rest", () => {
  const old = [filter("is", "page", "/a"), filter("is_not", "page", "/b"), filter("is", "country", "KZ")];
  expect(withFilters(old, [filter("is", "page", "/c")])).toEqual([
    filter("is_not", "page", "/b"),
    filter("is", "country", "KZ"),
    filter("is", "page", "/c"),
  ]);
  expect(sameFilters(old, old.toReversed())).toBe(true);
  expect(sameFilters(old, old.slice(1))).toBe(false);
});

describe("changeOf", () => {
  it("is percent, of shares the difference in points", () => {
    expect(changeOf("visitors", 150, 100)).toMatchObject({ amount: 50, points: false, direction: "up", good: true });
    expect(changeOf("visitors", 1, 3)).toMatchObject({ amount: -67, direction: "down", good: false });
    expect(changeOf("bounce_rate", 40, 52)).toMatchObject({ amount: -12, points: true, direction: "down", good: true });
    expect(changeOf("visits", 7, 7)).toMatchObject({ amount: 0, direction: "same", good: null });
  });
  it("from nothing to something is a hundred; of the unknown nothing is told", () => {
    expect(changeOf("visits", 3, 0).amount).toBe(100);
    expect(changeOf("visits", 0, 0).amount).toBe(0);
    expect(changeOf("visits", null, 3)).toMatchObject({ amount: null, direction: "unknown", good: null });
    expect(changeOf("engaged_time", 3, null).amount).toBeNull();
  });
  it("is asked for in the API's words", () => {
    expect(toApiComparison({ kind: "previous", weekdays: false })).toEqual({ mode: "previous_period" });
    expect(toApiComparison({ kind: "custom", from: "2026-01-01", to: "2026-01-31", weekdays: true })).toEqual({
      mode: "custom",
      date_range: ["2026-01-01", "2026-01-31"],
      match_day_of_week: true,
    });
  });
});

it("a vital is good up to its first threshold and poor above its second", () => {
  for (const vital of VITALS) {
    const [good, poor] = THRESHOLDS[vital];
    expect([good, good + 0.001, poor, poor + 0.001].map((value) => rate(vital, value))).toEqual([
      "good",
      "middling",
      "middling",
      "poor",
    ]);
  }
});
