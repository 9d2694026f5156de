/** The staff API: one function that asks, and errors that carry the server's stable code. */
import { signal } from "@preact/signals";

export interface Session {
  user: { email: string; role: string };
  csrf: string;
  language: string | null;
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
  pagination?: { limit: number; offset?: number };
  include?: { time_labels?: boolean; total_rows?: boolean };
}

export interface AnswerRow {
  metrics: (number | null)[];
  dimensions: string[];
}

export interface Answer {
  results: AnswerRow[];
  meta: { time_labels?: string[]; total_rows?: number };
  query: { date_range: [string, string] };
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

async function request<T>(method: string, path: string, body?: unknown, stop?: AbortSignal): Promise<T> {
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

const site = (domain: string): string => `/api/sites/${encodeURIComponent(domain)}`;

export const api = {
  session: () => request<Session>("GET", "/api/session"),
  signIn: (email: string, password: string) => request<Session>("POST", "/api/session", { email, password }),
  keepLanguage: (language: string) => request<Session>("PATCH", "/api/session", { language }),
  signOut: () => request<void>("DELETE", "/api/session"),
  setUp: (token: string, email: string, password: string) =>
    request<Session>("POST", "/api/setup", { token, email, password }),
  sites: () => request<{ sites: Site[] }>("GET", "/api/sites"),
  addSite: (domain: string, timezone: string) => request<Site>("POST", "/api/sites", { domain, timezone }),
  site: (domain: string) => request<SiteWithSnippet>("GET", site(domain)),
  timezones: () => request<{ timezones: string[] }>("GET", "/api/timezones"),
  ask: (questions: Question[], stop?: AbortSignal) =>
    request<{ answers: (Answer | Refusal)[] }>("POST", "/api/questions", { questions }, stop),
  livePath: (domain: string) => `${site(domain)}/live`,
};

/** The stable code of whatever was thrown. */
export function codeOf(error: unknown): string {
  return error instanceof ApiError ? error.code : "unknown";
}

export function isRefusal(answer: Answer | Refusal): answer is Refusal {
  return "code" in answer;
}
