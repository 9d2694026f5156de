/** What the server keeps of a site's settings, and the calls that change it. */
import { type Funnel, type SiteWithSnippet, send } from "../../api";
import type { Goal } from "../../goals";

export interface Rules {
  hosts: string[];
  shields: { addresses: string[]; countries: string[]; pages: string[]; hosts: string[] };
  parameters: string[];
  properties: string[];
  opt_out: "tally" | "drop" | "ignore";
}

export interface Retention {
  detail_months: number;
  statistics_months: number | null;
}

export interface Thresholds {
  staff_k: number | null;
  public_k: number | null;
}

/** Only those who may change them are told rules, retention and thresholds. */
export interface Settings extends SiteWithSnippet {
  role?: string | null;
  week_start?: number;
  rules?: Rules;
  retention?: Retention | null;
  thresholds?: Thresholds;
}

export interface Change {
  timezone?: string;
  week_start?: number;
  rules?: Partial<Omit<Rules, "shields">> & { shields?: Partial<Rules["shields"]> };
  retention?: Retention | null;
  thresholds?: Thresholds;
}

export interface Link {
  id: number;
  name: string;
  url: string;
  has_password: boolean;
  segment_id: number | null;
}

/** What would go with a site. */
export interface Deletion {
  pageviews: number | null;
  goals: number;
  funnels: number;
  segments: number;
  annotations: number;
  links: number;
  keys: number;
}

const at = (domain: string) => `/api/sites/${encodeURIComponent(domain)}`;

export const changeSite = (domain: string, change: Change) => send<Settings>("PATCH", at(domain), change);

export const putGoal = (domain: string, goal: Omit<Goal, "id">, id?: number) =>
  id === undefined
    ? send<Goal>("POST", `${at(domain)}/goals`, goal)
    : send<Goal>("PUT", `${at(domain)}/goals/${id}`, goal);
export const dropGoal = (domain: string, id: number) => send<void>("DELETE", `${at(domain)}/goals/${id}`);

export const putFunnel = (domain: string, funnel: Omit<Funnel, "id">, id?: number) =>
  id === undefined
    ? send<Funnel>("POST", `${at(domain)}/funnels`, funnel)
    : send<Funnel>("PUT", `${at(domain)}/funnels/${id}`, funnel);
export const dropFunnel = (domain: string, id: number) => send<void>("DELETE", `${at(domain)}/funnels/${id}`);

export const links = (domain: string) => send<{ links: Link[] }>("GET", `${at(domain)}/links`);
export const addLink = (domain: string, link: { name: string; password: string | null; segment_id: number | null }) =>
  send<Link>("POST", `${at(domain)}/links`, link);
export const revokeLink = (domain: string, id: number) => send<void>("DELETE", `${at(domain)}/links/${id}`);

export const deletion = (domain: string) => send<Deletion>("GET", `${at(domain)}/deletion`);
export const deleteSite = (domain: string) => send<void>("DELETE", at(domain));
export const exportPath = (domain: string, from: string, to: string) => `${at(domain)}/export?from=${from}&to=${to}`;
