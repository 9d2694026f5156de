/** The staff API: one function that asks, and errors that carry the server's stable code. */
import { signal } from "@preact/signals";
import type { ApiComparison } from "./comparison";
import type { ApiFilter } from "./filters";
import type { ApiGoal, Goal } from "./goals";

export interface Session {
  /** `role`: on every site; `null` is none but at the sites they are members of. */
  user: { email: string; role: string | null };
  csrf: string;
  language: string | null;
  /** Everybody needs a second factor here, and this person has none yet. */
  must_enrol?: boolean;
}

export interface Site {
  domain: string;
  timezone: string;
  opt_out: "tally" | "drop" | "ignore";
  first_beacon_at: number | null;
}

export interface SiteWithSnippet extends Site {
  snippet: string;
}

export interface Question {
  site_id: string;
  metrics: string[];
  date_range: string | [string, string];
  dimensions?: string[];
  filters?: ApiFilter[];
  goals?: ApiGoal[];
  order_by?: [string, "asc" | "desc"][];
  pagination?: { limit: number; offset?: number };
  include?: { time_labels?: boolean; total_rows?: boolean; shares?: boolean; comparisons?: ApiComparison };
}

export interface Money {
  value: number;
  currency: string;
}

export type Figure = number | Money | null;

export interface AnswerRow {
  metrics: Figure[];
  dimensions: string[];
  comparison?: { change: (number | null)[]; dimensions: string[]; metrics: Figure[] };
}

/** A part of a whole, both as counts. */
export interface Part {
  of: number;
}

export interface Answer {
  results: AnswerRow[];
  meta: {
    time_labels?: string[];
    comparison_time_labels?: string[];
    total_rows?: number;
    /** Groups of fewer visitors than this are folded. */
    folded_below?: number;
    shares?: {
      opted_out?: (Part & { pageviews: number }) | null;
      dropped?: (Part & { beacons: number }) | null;
      folded?: (Part & { visitors: number }) | null;
    };
  };
  query: { date_range: [string, string]; include?: { comparisons?: { date_range?: [string, string] } } };
}

/** What a reader of a shared link is told first. */
export type SharedSite =
  | { locked: true }
  | {
      locked: false;
      name: string;
      domain: string;
      timezone: string;
      limited: boolean;
      goals: Goal[];
      funnels: Funnel[];
    };

/** A named set of filters. */
export interface Segment {
  id: number;
  name: string;
  shared: boolean;
  mine: boolean;
  filters: unknown[];
}

export interface Annotation {
  id: number;
  date: string;
  text: string;
}

export interface Funnel {
  id: number;
  name: string;
  /** Ids of goals. */
  steps: number[];
}

export interface Start {
  session: Session;
  /** `null` while a second factor has to be set up first. */
  sites: Site[] | null;
  annotations: Annotation[] | null;
}

/** Beacons of a day that were not kept, by reason. */
export interface Drop {
  day: string;
  reason: string;
  count: number;
}

export interface Refusal {
  error: string;
  code: string;
}

export class ApiError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
  ) {
    super(code);
  }
}

/** Milliseconds the server's clock is ahead of ours, from its `Date` header. */
let ahead = 0;

/** The server's present, as far as its last answer tells. */
export const serverNow = (): number => Date.now() + ahead;

/** Who is signed in: `undefined` until known, `null` when nobody is. */
export const session = signal<Session | null | undefined>(undefined);

export async function request<T>(method: string, path: string, body?: unknown, stop?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  const csrf = session.peek()?.csrf;
  if (method !== "GET" && csrf) headers["x-sanaq-csrf"] = csrf;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: stop ?? null,
    });
  } catch (cause) {
    if (stop?.aborted) throw cause;
    throw new ApiError("network", 0);
  }
  const date = Date.parse(response.headers.get("date") ?? "");
  // The header counts whole seconds; a smaller difference says nothing.
  if (Number.isFinite(date)) ahead = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
  if (response.status === 204) return undefined as T;
  let content: unknown;
  try {
    content = await response.json();
  } catch (cause) {
    if (stop?.aborted) throw cause;
    throw new ApiError("network", response.status);
  }
  if (!response.ok) {
    const { code = "unknown" } = content as Partial<Refusal>;
    if (response.status === 401 && code === "signed_out") session.value = null;
    throw new ApiError(code, response.status);
  }
  return content as T;
}

/** The same for calls that one page alone makes. */
export const send = request;

/** The shared link that questions go through; `null` for staff. */
export const sharedLink = signal<string | null>(null);

const questionsPath = (): string => {
  const slug = sharedLink.peek();
  return slug === null ? "/api/questions" : `/api/shared/${encodeURIComponent(slug)}/questions`;
};

const site = (domain: string): string => `/api/sites/${encodeURIComponent(domain)}`;

export const api = {
  /** Who is signed in, their sites, and the notes of the site that is opened. */
  start: (opened: string | null) =>
    request<Start>("GET", `/api/start${opened ? `?site=${encodeURIComponent(opened)}` : ""}`),
  session: () => request<Session>("GET", "/api/session"),
  signIn: (email: string, password: string, code?: string) =>
    request<Session>("POST", "/api/session", code ? { email, password, code } : { email, password }),
  keepLanguage: (language: string) => request<Session>("PATCH", "/api/session", { language }),
  signOut: () => request<void>("DELETE", "/api/session"),
  setUp: (token: string, email: string, password: string) =>
    request<Session>("POST", "/api/setup", { token, email, password }),
  sites: () => request<{ sites: Site[] }>("GET", "/api/sites"),
  addSite: (domain: string, timezone: string) => request<Site>("POST", "/api/sites", { domain, timezone }),
  site: (domain: string) => request<SiteWithSnippet>("GET", site(domain)),
  timezones: () => request<{ timezones: string[] }>("GET", "/api/timezones"),
  ask: (questions: Question[], stop?: AbortSignal) =>
    request<{ answers: (Answer | Refusal)[] }>("POST", questionsPath(), { questions }, stop),
  /** Funnels and journeys are items of the same batch; the caller knows the shape of what it asked for. */
  analyse: <T>(questions: unknown[], stop?: AbortSignal) =>
    request<{ answers: (T | Refusal)[] }>("POST", questionsPath(), { questions }, stop),
  shared: (slug: string) => request<SharedSite>("GET", `/api/shared/${encodeURIComponent(slug)}`),
  unlock: (slug: string, password: string) =>
    request<void>("POST", `/api/shared/${encodeURIComponent(slug)}/password`, { password }),
  goals: (domain: string) => request<{ goals: Goal[] }>("GET", `${site(domain)}/goals`),
  funnels: (domain: string) => request<{ funnels: Funnel[] }>("GET", `${site(domain)}/funnels`),
  segments: (domain: string) => request<{ segments: Segment[] }>("GET", `${site(domain)}/segments`),
  addSegment: (domain: string, segment: { name: string; shared: boolean; filters: unknown[] }) =>
    request<Segment>("POST", `${site(domain)}/segments`, segment),
  dropSegment: (domain: string, id: number) => request<void>("DELETE", `${site(domain)}/segments/${id}`),
  annotations: (domain: string) => request<{ annotations: Annotation[] }>("GET", `${site(domain)}/annotations`),
  addAnnotation: (domain: string, note: { date: string; text: string }) =>
    request<Annotation>("POST", `${site(domain)}/annotations`, note),
  dropAnnotation: (domain: string, id: number) => request<void>("DELETE", `${site(domain)}/annotations/${id}`),
  drops: (domain: string, from: string, to: string) =>
    request<{ drops: Drop[] }>("GET", `${site(domain)}/drops?from=${from}&to=${to}`),
  livePath: (domain: string) => `${site(domain)}/live`,
};

/** The number of a figure; of money its amount. */
export function numberOf(figure: Figure | undefined): number | null {
  if (figure === undefined || figure === null) return null;
  return typeof figure === "number" ? figure : figure.value;
}

/** The stable code of whatever was thrown. */
export function codeOf(error: unknown): string {
  return error instanceof ApiError ? error.code : "unknown";
}

export function isRefusal(answer: Answer | Refusal): answer is Refusal {
  return "code" in answer;
}
