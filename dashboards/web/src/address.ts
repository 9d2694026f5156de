/** The address bar is the source of truth: which page and site; `view.ts` reads and writes what a dashboard shows. */
import { signal } from "@preact/signals";
import { DEFAULT_VIEW, readView, type View, writeView } from "./view";

export type Route =
  | { page: "sites" }
  | { page: "setup"; token: string }
  | { page: "invitation"; token: string }
  | { page: "account" }
  | { page: "users" }
  /** Keys for all sites. */
  | { page: "all-keys" }
  | { page: "members"; domain: string }
  | { page: "keys"; domain: string }
  | { page: "dashboard"; domain: string; view: View }
  | { page: "settings"; domain: string; tab: SettingsTab }
  /** A dashboard seen through a shared link, maybe within another page. */
  | { page: "share"; slug: string; frame: Frame; view: View }
  /** Why is my visit not counted? */
  | { page: "why"; domain: string }
  | { page: "missing" };

/** How a shared dashboard is shown: within another page it has no header, and takes the theme it is told. */
export interface Frame {
  embed: boolean;
  theme: "light" | "dark" | null;
}

/** Areas of a site's settings. */
export const SETTINGS_TABS = [
  "general",
  "visibility",
  "shields",
  "properties",
  "goals",
  "funnels",
  "links",
  "deletion",
] as const;
export type SettingsTab = (typeof SETTINGS_TABS)[number];
const isSettingsTab = (text: string): text is SettingsTab => SETTINGS_TABS.some((tab) => tab === text);

/** What an address shows. Whatever is unknown in the query falls back to the default. */
export function parseAddress(address: { pathname: string; search: string; hash: string }): Route {
  const [first = "", second, ...rest] = address.pathname.replace(/^\/|\/$/g, "").split("/");
  if (first === "" || (first === "sign-in" && second === undefined)) return { page: "sites" };
  if (first === "setup" && second === undefined) return { page: "setup", token: address.hash.slice(1) };
  if (first === "invitation" && second === undefined) return { page: "invitation", token: address.hash.slice(1) };
  if ((first === "account" || first === "users") && second === undefined) return { page: first };
  if (first === "share" && second !== undefined && rest.length === 0) {
    const query = new URLSearchParams(address.search);
    const theme = query.get("theme");
    const frame: Frame = {
      embed: query.get("embed") === "true",
      theme: theme === "light" || theme === "dark" ? theme : null,
    };
    return { page: "share", slug: second, frame, view: readView(query) };
  }
  if (first === "keys" && second === undefined) return { page: "all-keys" };
  let domain: string;
  try {
    domain = decodeURIComponent(first);
  } catch {
    return { page: "missing" };
  }
  const [tab = "general", ...deeper] = rest;
  if (second === "settings" && deeper.length === 0 && isSettingsTab(tab)) return { page: "settings", domain, tab };
  if ((second === "members" || second === "keys") && rest.length === 0) return { page: second, domain };
  if (second === "why" && rest.length === 0) return { page: "why", domain };
  if (second !== undefined) return { page: "missing" };
  return { page: "dashboard", domain, view: readView(new URLSearchParams(address.search)) };
}

/** The address of a view. */
export function dashboardPath(domain: string, view: View = DEFAULT_VIEW): string {
  const search = writeView(view);
  return `/${encodeURIComponent(domain)}${search ? `?${search}` : ""}`;
}

export function sharePath(slug: string, { embed, theme }: Frame, view: View): string {
  const search = [embed ? "embed=true" : "", theme ? `theme=${theme}` : "", writeView(view)].filter(Boolean).join("&");
  return `/share/${encodeURIComponent(slug)}${search ? `?${search}` : ""}`;
}

/** The settings of a site; each area has an address of its own. */
export const settingsPath = (domain: string, tab: SettingsTab = "general"): string =>
  `/${encodeURIComponent(domain)}/settings${tab === "general" ? "" : `/${tab}`}`;

export const whyPath = (domain: string): string => `/${encodeURIComponent(domain)}/why`;

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
