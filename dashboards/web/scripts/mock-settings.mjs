// What the mock keeps of a site's settings, and its answers to those who change them.
const defaults = () => ({
  week_start: 1,
  rules: {
    hosts: [],
    shields: { addresses: ["192.0.2.0/24"], countries: [], pages: ["/admin/**"], hosts: [] },
    parameters: [],
    properties: [],
    opt_out: "tally",
    umami_id: null,
  },
  retention: null,
  thresholds: { staff_k: null, public_k: null },
});
const defaultLinks = (base) => [
  { id: 1, name: "Басқарма", url: `${base}/share/${"0a1b2c3d".repeat(4)}`, has_password: true, segment_id: 1 },
];

/** What is shown of a site beside what everybody sees. */
export function settingsOf(one) {
  one.settings ??= defaults();
  return { role: "owner", ...one.settings };
}

function change(one, body, refuse) {
  settingsOf(one);
  const { thresholds, retention, rules, timezone, week_start } = body;
  const low = [thresholds?.staff_k, thresholds?.public_k].some((k) => k !== null && k !== undefined && k < 3);
  if (low || (retention && retention.detail_months > 25)) refuse(422, "bad_setting");
  if ((rules?.shields?.addresses ?? []).some((text) => !/^[\d.:a-f/]+$/.test(text))) refuse(422, "bad_rule");
  if (timezone) one.timezone = timezone;
  if (week_start) one.settings.week_start = week_start;
  if (thresholds) one.settings.thresholds = thresholds;
  if (retention !== undefined) one.settings.retention = retention;
  if (rules) {
    const shields = { ...one.settings.rules.shields, ...rules.shields };
    one.settings.rules = { ...one.settings.rules, ...rules, shields };
    if (rules.opt_out) one.opt_out = rules.opt_out;
  }
  return { domain: one.domain, timezone: one.timezone, ...settingsOf(one) };
}

/** `null` where the address is none of the settings'. */
export function settingsAnswer({ method, path, body, state, find, kept, refuse }) {
  const [, domain, area, id] =
    /^\/api\/sites\/([^/]+)(?:\/(deletion|links|goals|funnels))?(?:\/(\d+))?$/.exec(path) ?? [];
  if (!domain) return null;
  const one = find(decodeURIComponent(domain));
  const lists = kept(one);
  if (!area && method === "PATCH") return change(one, body, refuse);
  if (!area && method === "DELETE") {
    state.sites = state.sites.filter((other) => other !== one);
    return { gone: true };
  }
  if (area === "deletion") {
    return {
      domain: one.domain,
      first_beacon_at: one.first_beacon_at,
      pageviews: 48_210,
      goals: lists.goals.length,
      funnels: lists.funnels.length,
      segments: lists.segments.length,
      annotations: lists.annotations.length,
      links: 1,
      keys: 2,
    };
  }
  if (area === "links") {
    one.links ??= defaultLinks("https://sanaq.example.kz");
    if (method === "GET") return { links: one.links };
    if (method === "DELETE") {
      one.links = one.links.filter((link) => link.id !== Number(id));
      return { gone: true };
    }
    if (body.password && body.password.length < 12) refuse(422, "weak_password");
    const url = `https://sanaq.example.kz/share/${String(one.links.length + 1).padStart(32, "f")}`;
    const { name, password, segment_id } = body;
    const link = { id: one.links.length + 10, name, url, has_password: password !== null, segment_id };
    one.links.push(link);
    return link;
  }
  if (area === "goals" && method === "DELETE") {
    if (lists.funnels.some(({ steps }) => steps.includes(Number(id)))) refuse(409, "goal_in_use");
    return null;
  }
  if (area && method === "PUT") {
    const at = lists[area].findIndex((entry) => entry.id === Number(id));
    lists[area][at] = { ...lists[area][at], ...body };
    return lists[area][at];
  }
  return null;
}
