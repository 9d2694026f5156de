/** Filters in words. */
import { type Dimension, dimensionWord, isProperty } from "./dimensions";
import type { Filter } from "./filters";
import { t } from "./language";
import { valueName } from "./list-rows";

export function dimensionName(dimension: Dimension): string {
  return isProperty(dimension) ? dimension.slice(5) : t(dimensionWord(dimension));
}

/** Patterns and parts of names are what was typed; whole values have names. */
function shownValue({ op, dimension }: Filter, value: string): string {
  return /^(is|has)/.test(op) ? valueName(dimension, value) : `“${value}”`;
}

/** `Көз: Google немесе Bing`. */
export function filterText(filter: Filter): string {
  const values = filter.values.map((value) => shownValue(filter, value)).join(` ${t("filter.or")} `);
  return t(`filter.${filter.op}`, { dimension: dimensionName(filter.dimension), values });
}
