// What the mock keeps with a site: goals, funnels, segments, annotations; and its analyses of visits.
const GOALS = [
  {
    id: 1,
    name: "Бағдарламаларды қарау",
    kind: "page",
    event: null,
    page: "/ru/programmy",
    scroll: null,
    conditions: [],
    currency: null,
  },
  {
    id: 2,
    name: "Жобаны соңына дейін оқу",
    kind: "scroll",
    event: null,
    page: "/kk/jobalar/**",
    scroll: 75,
    conditions: [],
    currency: null,
  },
  {
    id: 3,
    name: "Өтінім жіберілді",
    kind: "event",
    event: "Өтінім жіберілді",
    page: null,
    scroll: null,
    conditions: [],
    currency: null,
  },
  {
    id: 4,
    name: "Қайырымдылық",
    kind: "event",
    event: "Donation",
    page: null,
    scroll: null,
    conditions: [],
    currency: "KZT",
  },
];
const DROPS = [
  ["bot", 212],
  ["spam_referrer", 31],
  ["opted_out_engagement", 17],
  ["host_not_allowed", 4],
];

export const keptLists = () => ({
  goals: structuredClone(GOALS),
  funnels: [{ id: 1, name: "Өтінімге дейін", steps: [1, 2, 3] }],
  segments: [
    {
      id: 1,
      name: "Қазақстан, телефон",
      shared: true,
      mine: true,
      filters: [
        ["is", "visit:country", ["KZ"]],
        ["is", "visit:device", ["Mobile"]],
      ],
    },
  ],
  annotations: [{ id: 1, date: "2026-11-12", text: "Жаңа сайт іске қосылды" }],
});

export function drops(day) {
  return { from: day, to: day, drops: DROPS.map(([reason, count]) => ({ day, reason, count })) };
}

export function funnel({ steps }, visits) {
  let before = visits;
  const results = steps.map((step, index) => {
    const came = Math.round(before * [0.41, 0.52, 0.33, 0.6][index % 4]);
    const one = {
      step: index + 1,
      name: step.display_name,
      visits: came,
      visitors: Math.round(came * 0.9),
      from_previous: before ? Math.round((came / before) * 10_000) / 100 : null,
      from_first: 100,
      dropped: before - came,
    };
    before = came;
    return one;
  });
  for (const one of results)
    one.from_first = results[0].visits ? Math.round((one.visits / results[0].visits) * 10_000) / 100 : null;
  return {
    kind: "funnel",
    results,
    meta: { visits, visitors: visits, days_told: 28, days_untold: 2, folded_below: 5 },
    query: {},
  };
}

export function journeys({ page, direction }, visits) {
  const ways = page
    ? [
        ["page", "/kk/bailanys", 0.3],
        [direction === "next" ? "left" : "came_in", null, 0.34],
        ["page", "/ru/programmy", 0.2],
        ["other", null, 0.16],
      ]
    : [
        ["page", "/", 0.5],
        ["page", "/kk/jobalar/zhastar-ortalygy", 0.28],
        ["page", "/ru/novosti/otkrytie-centra", 0.14],
        ["other", null, 0.08],
      ];
  const results = ways.map(([kind, name, part]) => {
    const count = Math.round(visits * part);
    return { kind, page: name, visits: count, visitors: count, pageviews: count, percentage: part * 100 };
  });
  return {
    kind: "journeys",
    results,
    meta: { total_rows: results.length, pageviews: visits, folded_below: 5 },
    query: {},
  };
}

/** A dry run as the collector tells it. */
export const dryRun = (domain) => ({
  dry_run: true,
  address: "public IPv4",
  proxy_believed: true,
  opted_out: false,
  country: { code: "KZ", from: "address" },
  browser: "Chrome",
  browser_version: "142",
  os: "Android",
  os_version: "16",
  device: "Mobile",
  sites: [
    { domain, outcome: "stored", row: { name: "pageview", host: domain, path: "/", country: "KZ", browser: "Chrome" } },
  ],
});
