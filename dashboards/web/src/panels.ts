/** The panels of the dashboard: their tabs, and what the details of each tab tell. */
import type { Dimension, NamedDimension } from "./dimensions";
import type { AnyMetric } from "./metrics";

export const PANELS = ["pages", "sources", "locations", "devices"] as const;
export type Panel = (typeof PANELS)[number];

/** A tab is a dimension; the map is another look at the countries. */
export type Tab = Exclude<NamedDimension, "event" | "goal"> | "map";

interface PanelShape {
  /** Tabs in the open; the first is the default. */
  tabs: readonly Tab[];
  /** Tabs behind a button. */
  folded: readonly Tab[];
}

export const PANEL_SHAPES: Record<Panel, PanelShape> = {
  pages: { tabs: ["page", "entry_page", "exit_page"], folded: ["hostname"] },
  sources: {
    tabs: ["source", "channel", "referrer"],
    folded: ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"],
  },
  locations: { tabs: ["country", "map", "region"], folded: [] },
  devices: {
    tabs: ["device", "browser", "os"],
    folded: ["browser_version", "os_version", "screen", "language"],
  },
};

export type Tabs = Record<Panel, Tab>;

export const DEFAULT_TABS: Tabs = { pages: "page", sources: "source", locations: "country", devices: "device" };

export function isTabOf(panel: Panel, name: string | null): name is Tab {
  const { tabs, folded } = PANEL_SHAPES[panel];
  return [...tabs, ...folded].some((tab) => tab === name);
}

export function panelOf(dimension: Dimension): Panel | null {
  return PANELS.find((panel) => isTabOf(panel, dimension)) ?? null;
}

/** What a tab groups by: a version means little without what it is a version of. */
export function tabDimensions(tab: Dimension | "map"): Dimension[] {
  if (tab === "map") return ["country"];
  if (tab === "browser_version") return ["browser", tab];
  if (tab === "os_version") return ["os", tab];
  return [tab];
}

/** Columns of a tab's details; the first also orders the rows at first. */
export function detailMetrics(tab: Dimension): AnyMetric[] {
  switch (tab) {
    case "page":
      return ["visitors", "pageviews", "bounce_rate", "time_on_page", "scroll_depth", "exit_rate"];
    case "exit_page":
      return ["visitors", "visits", "visit_duration"];
    case "hostname":
      return ["visitors", "pageviews"];
    case "event":
      return ["visitors", "events"];
    case "goal":
      return ["visitors", "events", "conversion_rate", "total_revenue"];
    default:
      return tab.startsWith("prop:")
        ? ["visitors", "events"]
        : ["visitors", "visits", "bounce_rate", "visit_duration", "engaged_time"];
  }
}
