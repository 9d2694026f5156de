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

import { MORE } from "./mock-values.mjs";

const BY_DIMENSION = {
  ...MORE,
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
  if (range === "day" || range === "realtime_30m") return { from: today, to: today };
  if (range === "month") return { from: `${today.slice(0, 7)}-01`, to: `${today.slice(0, 7)}-30` };
  if (range === "year") return { from: `${today.slice(0, 4)}-01-01`, to: `${today.slice(0, 4)}-12-31` };
  if (range === "all") return { from: addDays(today, -200), to: today };
  if (range === "12mo") return { from: addDays(today, -365), to: addDays(today, -20) };
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

/** The period that a question is compared with. */
function comparedDays(comparisons, { from, to }) {
  const length = (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
  switch (comparisons?.mode) {
    case "previous_period":
      return { from: addDays(from, -length), to: addDays(to, -length) };
    case "year_over_year":
      return { from: addDays(from, -364), to: addDays(to, -364) };
    case "custom":
      return { from: comparisons.date_range[0], to: comparisons.date_range[1] };
    default:
      return null;
  }
}

/** The bucket that an hour belongs to. */
function bucketOf(unit, label, from) {
  if (unit === "hour") return label;
  const day = label.slice(0, 10);
  if (unit === "day") return day;
  const monday = addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
  const start = unit === "week" ? monday : `${day.slice(0, 7)}-01`;
  return start < from ? from : start;
}

/** Every filter lets a part of the visits through, the same part each time. */
const letThrough = (filters) =>
  (filters ?? []).reduce((part, filter) => part * (0.35 + chance(JSON.stringify(filter)) * 0.3), 1);

function series(site, { from, to }, unit, wallNow, part) {
  const today = wallNow.slice(0, 10);
  const buckets = new Map();
  for (let day = from; day <= to; day = addDays(day, 1)) {
    HOURS.forEach((_, hour) => {
      const label = `${day} ${String(hour).padStart(2, "0")}:00:00`;
      const visits = site.empty || day > today ? 0 : Math.round(visitsOfHour(site, day, hour, wallNow) * part);
      const bucket = bucketOf(unit, label, from);
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), row(visits, site.domain + day + hour)]);
    });
  }
  return new Map([...buckets].map(([label, rows]) => [label, sum(rows)]));
}

function minutes(site, wallNow, count) {
  const now = Date.parse(`${wallNow.replace(" ", "T")}Z`);
  return new Map(
    Array.from({ length: count }, (_, back) => {
      const label = `${new Date(now - (count - 1 - back) * 60_000).toISOString().slice(0, 16).replace("T", " ")}:00`;
      const views = site.empty
        ? 0
        : Math.floor(chance(site.domain + label) * 6) + (back === count - 1 ? site.extra : 0);
      return [label, { ...row(views, label), visitors: views, pageviews: views }];
    }),
  );
}

/** Answers one question; `site` is `{domain, size, extra, empty}` and `wallNow` its present as wall-clock text. */
export function answer(question, site, wallNow) {
  const today = wallNow.slice(0, 10);
  const days = daysOf(question.date_range, today);
  if (!days) return { error: "#/date_range: Invalid date range", code: "invalid_date_range" };
  const { metrics, include = {} } = question;
  const dimension = question.dimensions?.at(-1);
  const part = letThrough(question.filters);
  const unit = dimension?.startsWith("time:") ? dimension.slice(5) : days.from === days.to ? "hour" : "day";
  const other = comparedDays(include.comparisons, days);
  const query = {
    ...question,
    date_range: [`${days.from}T00:00:00+05:00`, `${days.to}T23:59:59+05:00`],
    ...(other ? { include: { comparisons: { mode: "custom", date_range: [other.from, other.to] } } } : {}),
  };
  const live = question.date_range === "realtime_30m";
  const pick = (values) => metrics.map((metric) => values?.[metric] ?? vital(metric, site.domain + dimension) ?? 0);
  if (dimension === "time:hour_of_week") return heat(question, site, days, wallNow, query);
  const rows =
    unit === "minute" || live
      ? minutes(site, wallNow, live ? 30 : Number(wallNow.slice(11, 13)) * 60 + Number(wallNow.slice(14, 16)) + 1)
      : series(site, days, unit, wallNow, part);
  const before = other && series(site, other, unit === "minute" ? "hour" : unit, wallNow, part);
  const total = sum(rows.values());
  total.engaged_time += site.pings;
  if (!dimension) {
    const comparison = before ? { change: [], dimensions: [], metrics: pick(sum(before.values())) } : undefined;
    return {
      results: [{ metrics: pick(total), dimensions: [], ...(comparison ? { comparison } : {}) }],
      meta: include.shares ? { shares: shares(total) } : {},
      query,
    };
  }
  if (dimension.startsWith("time")) {
    const labels = [...rows.keys()];
    const beside = [...(before ?? [])];
    const results = [...rows]
      .map(([label, values], index) => ({
        metrics: pick(values),
        dimensions: [label],
        ...(before && beside[index]
          ? { comparison: { change: [], dimensions: [beside[index][0]], metrics: pick(beside[index][1]) } }
          : {}),
      }))
      .filter(({ dimensions: [label] }) => label.slice(0, 13) <= wallNow.slice(0, 13));
    return { results, meta: { time_labels: labels }, query };
  }
  return list(question, total, query, before && sum(before.values()));
}

function shares(total) {
  return {
    opted_out: { pageviews: Math.round(total.pageviews * 0.031), of: total.pageviews },
    dropped: { beacons: Math.round(total.events * 0.084), of: Math.round(total.events * 1.084) },
    folded: null,
  };
}

function list(question, total, query, before) {
  const dimension = question.dimensions.at(-1);
  const names =
    question.goals && dimension === "event:goal"
      ? question.goals.map((goal, at) => [goal.display_name, 40 - at * 9])
      : null;
  const weights = names ?? BY_DIMENSION[dimension] ?? [["(none)", 1]];
  const wanted = (question.filters ?? []).find(([op, name]) => op === "contains" && name === dimension)?.[2];
  const all =
    weights.reduce((most, entry) => most + entry[1], 0) *
    (dimension === "event:page" ? 0.55 : dimension === "event:goal" ? 6 : 1);
  const counted = weights
    .map(([key, weight, ...more]) => ({ key, more, visitors: Math.round((weight / all) * total.visitors) }))
    .filter(
      ({ visitors, key }) =>
        visitors > 0 && (!wanted || wanted.some((text) => key.toLowerCase().includes(text.toLowerCase()))),
    )
    .sort((a, b) => b.visitors - a.visitors);
  const [[by, way] = []] = question.order_by ?? [];
  if (way === "asc" && by) counted.reverse();
  const { limit, offset = 0 } = question.pagination ?? { limit: 100 };
  const folds = /region|city|language|version|screen|props/.test(dimension) || question.date_range === "realtime_30m";
  return {
    results: counted.slice(offset, offset + limit).map(({ key, more, visitors }) => {
      const values = { ...row(Math.round(visitors / 0.86), key), visitors, ...extra(key, visitors) };
      return {
        metrics: question.metrics.map((metric) =>
          metric in values ? values[metric] : (vital(metric, key) ?? visitors),
        ),
        dimensions: [...more, key],
        ...(before
          ? { comparison: beforehand(question, key, visitors * (before.visitors / (total.visitors || 1))) }
          : {}),
      };
    }),
    meta: { total_rows: counted.length, ...(folds ? { folded_below: 5 } : {}) },
    query,
  };
}

/** A row in the period compared with: some more, some fewer than all together. */
function beforehand({ metrics, dimensions }, key, expected) {
  const visitors = Math.round(expected * (0.7 + chance(`${key}before`) * 0.6));
  const values = { ...row(Math.round(visitors / 0.86), key), visitors, ...extra(`${key} `, visitors) };
  return { change: [], dimensions, metrics: metrics.map((metric) => (metric in values ? values[metric] : visitors)) };
}

function extra(key, visitors) {
  return {
    time_on_page: Math.round(20 + chance(`${key}t`) * 120),
    scroll_depth: Math.round(30 + chance(`${key}s`) * 60),
    exit_rate: Math.round(200 + chance(`${key}x`) * 500) / 10,
    conversion_rate: Math.round(chance(`${key}c`) * 1200) / 100,
    total_revenue: key.includes("Қайыр") ? { value: visitors * 2500, currency: "KZT" } : null,
  };
}

const VITALS = { lcp: 1900, inp: 140, cls: 0.07, fcp: 1300, ttfb: 480 };

function vital(metric, key) {
  const [, name] = /^(lcp|inp|cls|fcp|ttfb)_p75$/.exec(metric) ?? [];
  if (!name) return undefined;
  const value = VITALS[name] * (0.6 + chance(key + name) * 1.9);
  return name === "cls" ? Math.round(value * 1000) / 1000 : Math.round(value);
}

function heat(question, site, days, wallNow, query) {
  const hours = series(site, days, "hour", wallNow, letThrough(question.filters));
  const cells = new Map();
  for (const [label, values] of hours) {
    const weekday = ((new Date(`${label.slice(0, 10)}T00:00:00Z`).getUTCDay() + 6) % 7) + 1;
    const key = `${weekday} ${label.slice(11, 13)}`;
    cells.set(key, (cells.get(key) ?? 0) + values.visitors);
  }
  const results = [...cells].sort().map(([key, visitors]) => ({ metrics: [visitors], dimensions: [key] }));
  return { results, meta: {}, query };
}
