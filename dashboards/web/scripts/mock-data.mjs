// Invented but plausible statistics for the mock API: the same question always gets the same answer.
const PAGES = [
  ["/", 340],
  ["/kk/jobalar/zhastar-ortalygy", 128],
  ["/kk/biz-turaly", 97],
  ["/ru/novosti/otkrytie-centra", 88],
  ["/kk/bailanys", 71],
  ["/ru/programmy", 64],
  ["/kk/zhanalyqtar/2026/naurys-merekesi-kuntizbesi-zhane-qala-boiynsha-is-sharalar", 52],
  ["/en/about", 41],
  ["/kk/qoldau", 33],
  ["/ru/kontakty", 29],
  ["/kk/esepter/2025", 21],
  ["/ru/otchety/2025", 17],
  ["/en/contact", 9],
  ["/kk/:id", 4],
];
const SOURCES = [
  ["Direct / None", 260],
  ["Google", 214],
  ["Instagram", 122],
  ["Telegram", 96],
  ["Yandex", 61],
  ["WhatsApp", 44],
  ["2GIS", 31],
  ["ChatGPT", 18],
  ["egov.kz", 12],
  ["tengrinews.kz", 9],
  ["Facebook", 6],
];
const COUNTRIES = [
  ["KZ", 702],
  ["RU", 64],
  ["UZ", 31],
  ["KG", 22],
  ["TR", 17],
  ["DE", 11],
  ["US", 9],
  ["CN", 6],
  ["KR", 4],
  ["AE", 3],
  ["", 2],
];
const DEVICES = [
  ["Mobile", 561],
  ["Desktop", 268],
  ["Tablet", 33],
  ["TV", 4],
  ["(not set)", 5],
];
const BROWSERS = [
  ["Chrome", 402],
  ["Safari", 204],
  ["Samsung Internet", 92],
  ["Yandex Browser", 71],
  ["Firefox", 38],
  ["Edge", 33],
  ["Opera", 17],
];
const SYSTEMS = [
  ["Android", 361],
  ["iOS", 198],
  ["Windows", 221],
  ["macOS", 52],
  ["Linux", 21],
  ["(not set)", 6],
];

const BY_DIMENSION = {
  "event:page": PAGES,
  "visit:source": SOURCES,
  "visit:country": COUNTRIES,
  "visit:device": DEVICES,
  "visit:browser": BROWSERS,
  "visit:os": SYSTEMS,
};

/** How a day's visits spread over its hours. */
const HOURS = [2, 1, 1, 1, 1, 2, 4, 9, 17, 26, 31, 33, 34, 30, 29, 32, 33, 30, 27, 28, 30, 24, 14, 6];
const HOURS_SUM = HOURS.reduce((sum, value) => sum + value, 0);

/** A number in [0, 1) that depends on the text alone. */
function chance(text) {
  let hash = 2_166_136_261;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 16_777_619);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 2_246_822_507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 4_294_967_296;
}

export const addDays = (day, count) =>
  new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);

function row(visits, key) {
  const visitors = Math.round(visits * 0.86);
  return {
    visitors,
    visits,
    pageviews: Math.round(visits * (2.1 + chance(`${key}p`) * 0.8)),
    events: Math.round(visits * 2.9),
    bounce_rate: visits ? Math.round(34 + chance(`${key}b`) * 22) : 0,
    visit_duration: visits ? Math.round(95 + chance(`${key}d`) * 110) : 0,
    engaged_time: visits ? Math.round(48 + chance(`${key}e`) * 60) : 0,
  };
}

function visitsOfDay(site, day) {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  const weekend = weekday === 0 || weekday === 6 ? 0.62 : 1;
  return Math.round(site.size * weekend * (0.8 + chance(site.domain + day) * 0.4));
}

/** Visits of an hour, cut at the mock's present. */
function visitsOfHour(site, day, hour, wallNow) {
  const label = `${day} ${String(hour).padStart(2, "0")}`;
  const now = wallNow.slice(0, 13);
  if (label > now) return 0;
  const whole = (visitsOfDay(site, day) * HOURS[hour] * (0.75 + chance(site.domain + label) * 0.5)) / HOURS_SUM;
  const part = label === now ? Number(wallNow.slice(14, 16)) / 60 : 1;
  return Math.round(whole * part) + (label === now ? site.extra : 0);
}

function daysOf(range, today) {
  if (Array.isArray(range)) return { from: range[0].slice(0, 10), to: range[1].slice(0, 10) };
  if (range === "day") return { from: today, to: today };
  const count = /^(\d+)d$/.exec(range);
  if (count) return { from: addDays(today, -Number(count[1])), to: addDays(today, -1) };
  return null;
}

function sum(rows) {
  const total = { visitors: 0, visits: 0, pageviews: 0, events: 0, bounces: 0, duration: 0, engaged: 0 };
  for (const one of rows) {
    for (const key of ["visitors", "visits", "pageviews", "events"]) total[key] += one[key];
    total.bounces += one.bounce_rate * one.visits;
    total.duration += one.visit_duration * one.visits;
    total.engaged += one.engaged_time * one.visits;
  }
  const mean = (value) => (total.visits ? Math.round(value / total.visits) : 0);
  return {
    ...total,
    bounce_rate: mean(total.bounces),
    visit_duration: mean(total.duration),
    engaged_time: mean(total.engaged),
  };
}

/** Answers one question; `site` is `{domain, size, extra, empty}` and `wallNow` its present as wall-clock text. */
export function answer(question, site, wallNow) {
  const today = wallNow.slice(0, 10);
  const days = daysOf(question.date_range, today);
  if (!days) return { error: "#/date_range: Invalid date range", code: "invalid_date_range" };
  const labels = [];
  const rows = new Map();
  const hourly = question.dimensions?.[0] === "time:hour" || days.from === days.to;
  for (let day = days.from; day <= days.to; day = addDays(day, 1)) {
    const hours = HOURS.map((_, hour) => {
      const visits = site.empty || day > today ? 0 : visitsOfHour(site, day, hour, wallNow);
      return [`${day} ${String(hour).padStart(2, "0")}:00:00`, row(visits, site.domain + day + hour)];
    });
    if (hourly) for (const [label, values] of hours) rows.set(label, values);
    else rows.set(day, sum(hours.map(([, values]) => values)));
  }
  labels.push(...rows.keys());
  const total = sum(rows.values());
  total.engaged_time += site.pings;
  const { metrics } = question;
  const pick = (values) => metrics.map((metric) => values[metric]);
  const dimension = question.dimensions?.[0];
  const query = { ...question, date_range: [`${days.from}T00:00:00+05:00`, `${days.to}T23:59:59+05:00`] };
  if (!dimension) return { results: [{ metrics: pick(total), dimensions: [] }], meta: {}, query };
  if (dimension.startsWith("time")) {
    const results = [...rows]
      .filter(([, values]) => values.visits > 0)
      .map(([label, values]) => ({ metrics: pick(values), dimensions: [label] }));
    return { results, meta: { time_labels: labels }, query };
  }
  const weights = BY_DIMENSION[dimension];
  const all = weights.reduce((most, [, weight]) => most + weight, 0) * (dimension === "event:page" ? 0.55 : 1);
  const counted = weights
    .map(([key, weight]) => ({ key, visitors: Math.round((weight / all) * total.visitors) }))
    .filter(({ visitors }) => visitors > 0)
    .sort((a, b) => b.visitors - a.visitors);
  const { limit, offset = 0 } = question.pagination ?? { limit: 100 };
  return {
    results: counted
      .slice(offset, offset + limit)
      .map(({ key, visitors }) => ({ metrics: metrics.map(() => visitors), dimensions: [key] })),
    meta: { total_rows: counted.length },
    query,
  };
}
