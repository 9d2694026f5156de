/** The address bar is the source of truth: which page, site, period, charted metric, tab. */
import { signal } from "@preact/signals";

export const METRICS = ["visitors", "visits", "pageviews", "bounce_rate", "visit_duration", "engaged_time"] as const;
export type Metric = (typeof METRICS)[number];

export const PRESETS = ["day", "yesterday", "7d", "30d"] as const;
export type Preset = (typeof PRESETS)[number];
export type Range = { kind: Preset } | { kind: "custom"; from: string; to: string };

export const DEVICE_TABS = ["device", "browser", "os"] as const;
export type DeviceTab = (typeof DEVICE_TABS)[number];

export const LISTS = ["pages", "sources", "countries", "devices"] as const;
export type List = (typeof LISTS)[number];

export interface View {
  range: Range;
  metric: Metric;
  devices: DeviceTab;
  /** The list that is shown at full length. */
  more: List | null;
}

export type Route =
  | { page: "sites" }
  | { page: "setup"; token: string }
  | { page: "dashboard"; domain: string; view: View }
  | { page: "settings"; domain: string }
  | { page: "missing" };

export const DEFAULT_VIEW: View = { range: { kind: "day" }, metric: "visitors", devices: "device", more: null };

function oneOf<T extends string>(values: readonly T[], value: string | null): T | null {
  return values.find((known) => known === value) ?? null;
}

/** Whether `2026-02-30`-like text names a day that exists. */
export function isDay(text: string | null): text is string {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
}

function parseRange(query: URLSearchParams): Range {
  const kind = query.get("range");
  if (kind === "custom") {
    const [from, to] = [query.get("from"), query.get("to")];
    if (isDay(from) && isDay(to)) return from <= to ? { kind, from, to } : { kind, from: to, to: from };
  }
  return { kind: oneOf(PRESETS, kind) ?? "day" };
}

/** What an address shows. Whatever is unknown in the query falls back to the default. */
export function parseAddress(address: { pathname: string; search: string; hash: string }): Route {
  const [first = "", second, ...rest] = address.pathname.replace(/^\/|\/$/g, "").split("/");
  if (first === "" || (first === "sign-in" && second === undefined)) return { page: "sites" };
  if (first === "setup" && second === undefined) return { page: "setup", token: address.hash.slice(1) };
  let domain: string;
  try {
    domain = decodeURIComponent(first);
  } catch {
    return { page: "missing" };
  }
  if (second === "settings" && rest.length === 0) return { page: "settings", domain };
  if (second !== undefined) return { page: "missing" };
  const query = new URLSearchParams(address.search);
  return {
    page: "dashboard",
    domain,
    view: {
      range: parseRange(query),
      metric: oneOf(METRICS, query.get("metric")) ?? DEFAULT_VIEW.metric,
      devices: oneOf(DEVICE_TABS, query.get("devices")) ?? DEFAULT_VIEW.devices,
      more: oneOf(LISTS, query.get("more")),
    },
  };
}

/** The address of a view; defaults are left out, so that equal views have equal addresses. */
export function dashboardPath(domain: string, view: View = DEFAULT_VIEW): string {
  const query = new URLSearchParams();
  const { range } = view;
  if (range.kind !== DEFAULT_VIEW.range.kind) query.set("range", range.kind);
  if (range.kind === "custom") {
    query.set("from", range.from);
    query.set("to", range.to);
  }
  if (view.metric !== DEFAULT_VIEW.metric) query.set("metric", view.metric);
  if (view.devices !== DEFAULT_VIEW.devices) query.set("devices", view.devices);
  if (view.more) query.set("more", view.more);
  const search = query.toString();
  return `/${encodeURIComponent(domain)}${search ? `?${search}` : ""}`;
}

export const settingsPath = (domain: string): string => `/${encodeURIComponent(domain)}/settings`;

export const route = signal<Route>({ page: "missing" });

function follow(): void {
  route.value = parseAddress(location);
}

/** Goes to an address of our own. Views of one page keep the scroll position; another page starts at its top. */
export function go(path: string, how: "push" | "replace" = "push"): void {
  const from = location.pathname;
  if (how === "push") history.pushState(null, "", path);
  else history.replaceState(null, "", path);
  follow();
  if (location.pathname !== from) scrollTo(0, 0);
}

/** Follows the address bar, back and forward, and plain clicks on links of our own. */
export function startAddress(): void {
  follow();
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
    event.preventDefault();
    go(link.pathname + link.search + link.hash);
  });
}
