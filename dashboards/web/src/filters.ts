/** What is counted only: filters as the address bar, the chips and the API hold them. All of them must hold. */
import { apiDimension, type Dimension, fromApiDimension, isOfEvent, readDimension } from "./dimensions";

export const OPERATORS = ["is", "is_not", "contains", "contains_not", "matches", "matches_not"] as const;
/** Of visits in which some event had the value, or none had. */
export const DEEDS = ["has_done", "has_not_done"] as const;
export type Operator = (typeof OPERATORS)[number] | (typeof DEEDS)[number];

export interface Filter {
  op: Operator;
  dimension: Dimension;
  /** At least one; one of them must fit (of the negative operators: none may). */
  values: string[];
}

/** As the API takes it; `contains` does not tell `Signup` from `signup`. */
export type ApiFilter =
  | [string, string, string[]]
  | [string, string, string[], { case_sensitive: boolean }]
  | ["has_done" | "has_not_done", [string, string, string[]]];

/** Most that one test may have (`aggregator/src/question/filter.rs`). */
export const MOST_VALUES = 100;

/** The operators a dimension can be tested with. Goals are reached or not, with nothing in between. */
export function operatorsOf(dimension: Dimension): readonly Operator[] {
  if (dimension === "goal") return ["is", "has_done", "has_not_done"];
  return isOfEvent(dimension) ? [...OPERATORS, ...DEEDS] : OPERATORS;
}

/** `is,source,Google,Bing`; commas and backslashes of a value are escaped with a backslash. */
export function writeFilter({ op, dimension, values }: Filter): string {
  return [op, dimension, ...values].map((part) => part.replace(/[\\,]/g, "\\$&")).join(",");
}

export function readFilter(text: string): Filter | null {
  const parts = [...text.matchAll(/(?:^|,)((?:[^\\,]|\\.)*)/gs)].map((match) =>
    (match[1] ?? "").replace(/\\(.)/gs, "$1"),
  );
  const [op, name, ...values] = parts;
  const dimension = readDimension(name);
  const operator = dimension && operatorsOf(dimension).find((known) => known === op);
  const kept = [...new Set(values)].filter((value) => value !== "");
  if (!operator || !dimension || kept.length === 0 || kept.length > MOST_VALUES) return null;
  return { op: operator, dimension, values: kept };
}

export function toApi({ op, dimension, values }: Filter): ApiFilter {
  const name = apiDimension(dimension);
  if (op === "has_done" || op === "has_not_done") return [op, ["is", name, values]];
  if (op === "contains" || op === "contains_not") return [op, name, values, { case_sensitive: false }];
  return [op, name, values];
}

/** The filters of a saved segment that the chips can show; `null` when it holds more than they can. */
export function fromApi(filters: readonly unknown[]): Filter[] | null {
  const read = filters.map((filter) => {
    if (!Array.isArray(filter)) return null;
    const deed = filter[0] === "has_done" || filter[0] === "has_not_done";
    const [op, name, values] = (deed ? filter[1] : filter) as [unknown, unknown, unknown];
    const dimension = typeof name === "string" ? fromApiDimension(name) : null;
    if (!dimension || !Array.isArray(values) || (deed && op !== "is")) return null;
    const wanted = String(deed ? filter[0] : op);
    const operator = operatorsOf(dimension).find((known) => known === wanted);
    return operator ? { op: operator, dimension, values: values.map(String) } : null;
  });
  return read.every((filter) => filter !== null) ? (read as Filter[]) : null;
}

export function sameFilters(one: readonly Filter[], other: readonly Filter[]): boolean {
  return one.map(writeFilter).sort().join("\n") === other.map(writeFilter).sort().join("\n");
}

/** Puts filters in, in place of those that test the same dimension the same way. */
export function withFilters(filters: readonly Filter[], added: readonly Filter[]): Filter[] {
  const kept = filters.filter(
    (old) => !added.some((one) => one.dimension === old.dimension && (one.op === "is") === (old.op === "is")),
  );
  return [...kept, ...added];
}

/** What a click on a row filters by: the value of each of its dimensions. */
export function rowFilters(dimensions: readonly Dimension[], values: readonly string[]): Filter[] {
  return dimensions.map((dimension, index) => ({ op: "is", dimension, values: [values[index] ?? ""] }));
}

/** Whether the filters are about goals, so that a question has to bring the site's goals along. */
export function needsGoals(filters: readonly Filter[]): boolean {
  return filters.some(({ dimension }) => dimension === "goal");
}
