/** Rows of a list from an answer, with names in the shown language. */
import type { DeviceTab, List } from "./address";
import type { Answer } from "./api";
import { formats, t } from "./language";

export type Column = List | Exclude<DeviceTab, "device">;

export interface Row {
  key: string;
  name: string;
  visitors: number;
  /** Of all visitors of the period, worded. */
  share: string;
  /** Of the longest row. */
  barPercent: number;
}

/** What the API calls a missing value, by dimension; the interface has a word of its own in each language. */
const NOTHING = new Set(["", "(not set)", "(none)", "Direct / None", "Unknown", "ZZ"]);
const DEVICES = new Set(["desktop", "mobile", "tablet", "tv"]);

export function rowName(column: Column, key: string): string {
  if (key === "(other)") return t("value.other");
  if (NOTHING.has(key)) return t(column === "sources" ? "value.direct" : "value.unknown");
  if (column === "countries") return formats().country(key);
  if (column === "devices") {
    const device = key.toLowerCase();
    if (DEVICES.has(device)) return t(`device.${device as "desktop" | "mobile" | "tablet" | "tv"}`);
  }
  return key;
}

export function shareText(part: number, whole: number | null): string {
  if (!whole) return "";
  const share = (part / whole) * 100;
  if (share > 0 && share < 0.5) return `<${formats().percent(1)}`;
  return formats().percent(Math.min(100, Math.round(share)));
}

export function readRows(answer: Answer, column: Column, visitors: number | null): Row[] {
  const most = Math.max(1, ...answer.results.map((row) => row.metrics[0] ?? 0));
  return answer.results.map((row) => {
    const [key = ""] = row.dimensions;
    const [count] = row.metrics;
    return {
      key,
      name: rowName(column, key),
      visitors: count ?? 0,
      share: shareText(count ?? 0, visitors),
      barPercent: Math.round(((count ?? 0) / most) * 1000) / 10,
    };
  });
}
