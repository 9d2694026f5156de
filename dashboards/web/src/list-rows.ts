/** Rows of a panel from an answer, with names in the shown language. */
import { type Answer, type AnswerRow, numberOf } from "./api";
import { type Change, changeOf } from "./comparison";
import type { Dimension } from "./dimensions";
import { formats, hasWord, t } from "./language";
import type { WordKey } from "./languages/files";

export interface Row {
  /** The API's values, one for each dimension. */
  values: string[];
  key: string;
  name: string;
  visitors: number;
  /** Of all visitors of the period, worded. */
  share: string;
  /** Of the longest row. */
  barPercent: number;
  /** The visitors of the period compared with, and what has changed since; `null` where nothing is compared. */
  before: { visitors: number | null; change: Change } | null;
  /** Whether a click can filter by it: what is folded has no value of its own. */
  folded: boolean;
}

export const OTHER = "(other)";

/** What the API calls a missing value, by dimension; the interface has a word of its own in each language. */
const NOTHING = new Set(["", "(not set)", "(none)", "Direct / None", "Unknown", "ZZ"]);

/** Values that are words of ours, so that each language has its own. */
const WORDED: Partial<Record<Dimension, string>> = {
  device: "device",
  channel: "channel",
  region: "region",
  screen: "screen",
  language: "tongue",
};

function wordOf(dimension: Dimension, value: string): string | null {
  const area = WORDED[dimension];
  if (!area) return null;
  const key = `${area}.${area === "region" ? value : value.toLowerCase().replaceAll(" ", "_")}`;
  return hasWord(key) ? t(key as WordKey) : null;
}

export function valueName(dimension: Dimension, value: string): string {
  if (value === OTHER) return t("value.other");
  if (NOTHING.has(value)) {
    return t(
      dimension === "source" || dimension === "referrer" || dimension === "channel" ? "value.direct" : "value.unknown",
    );
  }
  if (dimension === "country") return formats().country(value);
  if (dimension === "event" && value === "pageview") return t("metric.pageviews");
  return wordOf(dimension, value) ?? value;
}

export function rowName(dimensions: readonly Dimension[], values: readonly string[]): string {
  if (values.every((value) => value === OTHER)) return t("value.other");
  return values.map((value, index) => valueName(dimensions[index] ?? "page", value)).join(" ");
}

export function shareText(part: number, whole: number | null): string {
  if (!whole) return "";
  const share = (part / whole) * 100;
  if (share > 0 && share < 0.5) return `<${formats().percent(1)}`;
  return formats().percent(Math.min(100, Math.round(share)));
}

function beside({ comparison }: AnswerRow, now: number): Row["before"] {
  if (!comparison) return null;
  const visitors = numberOf(comparison.metrics[0]);
  return { visitors, change: changeOf("visitors", now, visitors) };
}

export function readRows(answer: Answer, dimensions: readonly Dimension[], visitors: number | null): Row[] {
  const most = Math.max(1, ...answer.results.map((row) => numberOf(row.metrics[0]) ?? 0));
  return answer.results.map((row) => {
    const count = numberOf(row.metrics[0]) ?? 0;
    return {
      values: row.dimensions,
      key: row.dimensions.join(" "),
      name: rowName(dimensions, row.dimensions),
      visitors: count,
      share: shareText(count, visitors),
      barPercent: Math.round((count / most) * 1000) / 10,
      before: beside(row, count),
      folded: row.dimensions.includes(OTHER),
    };
  });
}
