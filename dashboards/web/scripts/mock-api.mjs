// A stand-in for the staff server: the built files under the same strict policy, and the staff API over invented data.
// `npm run preview:mock` serves it on PORT (default 4173); the browser test starts its own and moves it by hand.
// Sign in with admin@example.kz and any password of at least 12 characters; the setup token is "mock-token".
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { makeAccounts } from "./mock-accounts.mjs";
import { answer } from "./mock-data.mjs";
import { drops, dryRun, funnel, journeys, keptLists } from "./mock-kept.mjs";
import { settingsAnswer, settingsOf } from "./mock-settings.mjs";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "../dist");
const POLICY =
  "default-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; " +
  "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/** As the staff server says it: the style sheet within the page, by its hash, and no other. */
const policy = () => `${POLICY}; style-src 'self' '${readFileSync(join(DIST, ".style-hash"), "utf8")}'`;
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const ZONES = [...new Set([...Intl.supportedValuesOf("timeZone"), "Asia/Almaty", "Asia/Qyzylorda"])].sort();

class Refused extends Error {
  constructor(status, code) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

function wallTime(zone, now) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(now);
}

/** `now_ms` is the mock's present when it starts; it runs on from there. */
export function makeMock({ now_ms = Date.now(), signedIn = false } = {}) {
  const started = Date.now();
  const now = () => now_ms + Date.now() - started;
  const hoursAgo = (hours) => Math.floor(now() / 1000 - hours * 3600);
  const site = (domain, timezone, size, first_beacon_at) => ({
    domain,
    timezone,
    opt_out: "tally",
    first_beacon_at,
    size,
    extra: 0,
    pings: 0,
    empty: first_beacon_at === null,
    current: size ? 7 : 0,
  });
  const state = {
    signedIn,
    setupUsed: false,
    language: null,
    /** Code with which every question is refused, when set. */
    failQuestions: null,
    questions: 0,
    lastQuestions: [],
    requests: [],
    sites: [
      site("example.kz", "Asia/Almaty", 830, hoursAgo(24 * 200)),
      site("jastar-ortalygy.kz", "Asia/Almaty", 214, hoursAgo(24 * 41)),
      site("qazaq-tili-kurstary.edu.kz", "Asia/Aqtobe", 58, hoursAgo(24 * 12)),
      site("zhana-sait.kz", "Asia/Almaty", 0, null),
    ],
  };
  const refuse = (status, code) => {
    throw new Refused(status, code);
  };
  const accounts = makeAccounts({ now, refuse });
  const streams = new Map();
  const publicSite = ({ domain, timezone, opt_out, first_beacon_at }) => ({
    domain,
    timezone,
    opt_out,
    first_beacon_at,
  });
  const session = () => ({
    user: { email: "admin@example.kz", role: "owner" },
    csrf: "mock-csrf",
    language: state.language,
    must_enrol: accounts.state.mustEnrol,
  });
  const find = (domain) => {
    const found = state.sites.find((known) => known.domain === domain);
    if (!found) throw new Refused(404, "unknown_site");
    return found;
  };
  const pulseOf = (one) => {
    const events = answer({ date_range: "day", metrics: ["events"] }, one, wallTime(one.timezone, now()));
    const [events_today] = events.results[0].metrics;
    const pulse = { current_visitors: one.current, events_today, beacons_today: events_today + one.pings };
    return `event: pulse\ndata: ${JSON.stringify(pulse)}\n\n`;
  };
  const pulse = (domain) => {
    for (const stream of streams.get(domain) ?? []) stream.write(pulseOf(find(domain)));
  };

  const ask = ({ questions }) => ({
    answers: questions.map((question) => {
      if (state.failQuestions) return { error: "refused by the mock", code: state.failQuestions };
      const one = state.sites.find((known) => known.domain === question.site_id);
      if (!one) return { error: "no such site", code: "unknown_site" };
      const wallNow = wallTime(one.timezone, now());
      if (question.kind === "funnel" || question.kind === "journeys") {
        const { results } = answer({ ...question, metrics: ["visits"] }, one, wallNow);
        return (question.kind === "funnel" ? funnel : journeys)(question, results[0].metrics[0]);
      }
      return answer(question, one, wallNow);
    }),
  });

  /** One question as a file. */
  function panelFile({ question, format, headings }, response) {
    const [told] = ask({ questions: [question] }).answers;
    const lines = [
      headings ?? [...question.dimensions, ...question.metrics],
      ...told.results.map(({ dimensions, metrics }) => [...dimensions, ...metrics]),
    ];
    const csv = `\ufeff${lines.map((line) => `${line.join(",")}\r\n`).join("")}`;
    response.writeHead(200, { "content-type": format === "csv" ? "text/csv; charset=utf-8" : "application/json" });
    return response.end(format === "csv" ? csv : JSON.stringify(told));
  }

  function addSite({ domain, timezone }) {
    if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain ?? "")) throw new Refused(422, "bad_domain");
    if (!ZONES.includes(timezone)) throw new Refused(422, "bad_timezone");
    if (state.sites.some((known) => known.domain === domain)) throw new Refused(409, "domain_taken");
    const added = site(domain, timezone, 0, null);
    state.sites.push(added);
    return publicSite(added);
  }

  /** Two shared links: "open" and "locked", whose password is "qupiya soz". */
  function shared(slug, deed, body) {
    if (slug !== "open" && slug !== "locked") throw new Refused(404, "unknown_link");
    if (deed === "password") {
      if (body.password !== "qupiya soz") throw new Refused(401, "wrong_password");
      state.unlocked = true;
      return undefined;
    }
    if (slug === "locked" && !state.unlocked) return { locked: true };
    if (deed === "questions") return ask(body);
    const { domain, timezone } = state.sites[0];
    return {
      locked: false,
      name: "Кеңеске",
      domain,
      timezone,
      week_start: 1,
      limited: false,
      goals: keptLists().goals,
      funnels: keptLists().funnels,
    };
  }

  /** The lists that staff keep with a site. */
  function kept(one, area, method, id, body) {
    if (area === "drops") return drops(wallTime(one.timezone, now()).slice(0, 10));
    one.kept ??= keptLists();
    const list = one.kept[area];
    if (method === "GET") return { [area]: list };
    if (method === "DELETE") {
      one.kept[area] = list.filter((entry) => entry.id !== Number(id));
      return undefined;
    }
    const added = { id: list.length + 100, mine: true, ...body };
    list.push(added);
    return added;
  }

  function api(method, path, body, request, response) {
    const route = `${method} ${path}`;
    if (route === "POST /api/session") {
      if (body.email !== "admin@example.kz" || (body.password ?? "").length < 12)
        throw new Refused(401, "wrong_credentials");
      if (accounts.state.totp && !body.code) throw new Refused(401, "code_needed");
      if (accounts.state.totp && body.code !== "123456") throw new Refused(422, "wrong_code");
      state.signedIn = true;
      return session();
    }
    if (route === "POST /api/setup") {
      if (body.token !== "mock-token" || state.setupUsed) throw new Refused(410, "setup_link_used");
      if ((body.password ?? "").length < 12) throw new Refused(422, "weak_password");
      state.setupUsed = true;
      state.signedIn = true;
      return session();
    }
    const invited = accounts.outside(route, body);
    if (invited?.signIn) {
      state.signedIn = true;
      return session();
    }
    if (invited !== null) return invited;
    const [, slug, deed] = /^\/api\/shared\/([^/]+)(?:\/(password|questions))?$/.exec(path) ?? [];
    if (slug) return shared(slug, deed, body);
    if (!state.signedIn) throw new Refused(401, "signed_out");
    if (method !== "GET" && request.headers["x-sanaq-csrf"] !== "mock-csrf") {
      throw new Refused(403, "csrf");
    }
    const ofAccounts = accounts.answer(method, path, body);
    if (ofAccounts?.session) return session();
    if (ofAccounts !== null) return ofAccounts;
    if (accounts.state.mustEnrol && route !== "GET /api/session" && route !== "GET /api/start")
      throw new Refused(403, "second_factor_required");
    switch (route) {
      case "GET /api/start": {
        if (accounts.state.mustEnrol) return { session: session(), sites: null, annotations: null };
        const opened = new URL(request.url, "http://mock").searchParams.get("site");
        const one = state.sites.find(({ domain }) => domain === opened);
        const annotations = one ? kept(one, "annotations", "GET").annotations : null;
        return { session: session(), sites: state.sites.map(publicSite), annotations };
      }
      case "GET /api/session":
        return session();
      case "PATCH /api/session":
        state.language = body.language;
        return session();
      case "DELETE /api/session":
        state.signedIn = false;
        return undefined;
      case "GET /api/sites":
        return { sites: state.sites.map(publicSite) };
      case "POST /api/sites":
        return addSite(body);
      case "GET /api/timezones":
        return { timezones: ZONES };
      case "POST /api/export":
        return panelFile(body, response);
      case "POST /api/questions":
        state.questions += 1;
        state.lastQuestions = body.questions;
        return ask(body);
    }
    const ofSettings = settingsAnswer({
      method,
      path,
      body,
      state,
      find,
      refuse,
      kept: (one) => {
        one.kept ??= keptLists();
        return one.kept;
      },
    });
    if (ofSettings) return ofSettings.gone ? undefined : ofSettings;
    const [, of, area, id] =
      /^\/api\/sites\/([^/]+)\/(goals|funnels|segments|annotations|drops)(?:\/(\d+))?$/.exec(path) ?? [];
    if (area) return kept(find(decodeURIComponent(of)), area, method, id, body);
    const [, domain, live] = /^\/api\/sites\/([^/]+)(\/live)?$/.exec(path) ?? [];
    if (method !== "GET" || !domain) throw new Refused(404, "unknown_route");
    const one = find(decodeURIComponent(domain));
    if (!live) {
      const snippet = `<script defer data-site="${one.domain}" src="${state.publicUrl ?? "https://sanaq.example.kz"}/js/script.js"></script>`;
      return { ...publicSite(one), snippet, ...settingsOf(one) };
    }
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(pulseOf(one));
    const group = streams.get(one.domain) ?? new Set();
    streams.set(one.domain, group.add(response));
    request.on("close", () => group.delete(response));
    return response;
  }

  function serveFile(path, request, response) {
    const asset = /^\/assets\/[\w.-]+$/.test(path);
    const file = join(DIST, asset ? normalize(path) : "index.html");
    const brotli = /\bbr\b/.test(request.headers["accept-encoding"] ?? "");
    let bytes;
    try {
      bytes = readFileSync(brotli ? `${file}.br` : file);
    } catch {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "cache-control": asset ? "public, max-age=31536000, immutable" : "no-cache",
      ...(brotli ? { "content-encoding": "br" } : {}),
    });
    response.end(bytes);
  }

  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://mock").pathname;
    state.requests.push(`${request.method} ${path}`);
    response.setHeader("date", new Date(now()).toUTCString());
    response.setHeader("content-security-policy", policy());
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("referrer-policy", "no-referrer");
    if (path === "/api/event" && request.headers["x-debug-request"]) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(dryRun("example.kz")));
      return;
    }
    if (!path.startsWith("/api/")) return serveFile(path, request, response);
    let text = "";
    for await (const chunk of request) text += chunk;
    let [status, content] = [200, null];
    try {
      content = api(request.method, path, text ? JSON.parse(text) : null, request, response);
      if (content === response) return;
      if (content === undefined) status = 204;
      else if (request.method === "POST" && path === "/api/sites") status = 201;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      status = error.status;
      content = { error: `refused: ${error.code}`, code: error.code };
    }
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(content === undefined ? undefined : JSON.stringify(content));
  });

  return {
    state,
    accounts: accounts.state,
    pulse,
    now,
    /** A visit happens: the numbers grow and the stream says so. */
    visit(domain, count = 1) {
      const one = find(domain);
      one.empty = false;
      one.extra += count;
      one.current += count;
      one.first_beacon_at ??= Math.floor(now() / 1000);
      pulse(domain);
    },
    /** Somebody who was counted stays a while longer: only times change. */
    engage(domain) {
      find(domain).pings += 1;
      pulse(domain);
    },
    cutStreams() {
      for (const group of streams.values()) for (const stream of group) stream.destroy();
    },
    listen: (port = 0) =>
      new Promise((resolve) => {
        server.listen(port, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}`));
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const mock = makeMock();
  const url = await mock.listen(Number(process.env.PORT ?? 4173));
  console.log(`${url}  (setup link: ${url}/setup#mock-token)`);
  setInterval(() => {
    const one = mock.state.sites[0];
    one.current = Math.max(1, one.current + Math.round(Math.random() * 4 - 2.2));
    mock.visit(one.domain, Math.random() > 0.6 ? 1 : 0);
  }, 4000);
}
