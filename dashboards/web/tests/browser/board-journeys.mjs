// What staff do on a dashboard: filter, compare, look closer.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { numberOf, settled, until } from "./stage.mjs";

const at = (page) => new URL(page.url()).pathname + decodeURIComponent(new URL(page.url()).search).replaceAll("+", " ");
const address = (page, wanted) =>
  until(
    async () => at(page),
    (now) => now === wanted,
    "the address",
  );
const changed = (page, testId, from) =>
  until(
    () => numberOf(page, testId),
    (value) => value !== null && value !== from,
    testId,
  );

export const boardJourneys = [
  ["journey: a click on a row filters everything; chips are edited and taken away; back and refresh work", filters],
  ["journey: a filter by the dialog, with every operator, by keyboard alone", editor],
  ["journey: what is withheld is not taken for nothing", withheld],
  ["journey: figures and chart are compared with another period", comparison],
  ["journey: periods and comparison by single keys, also on a Cyrillic keyboard", shortcuts],
  ["journey: the chart is drawn in another interval, and carries notes", intervals],
  ["journey: details are searched, ordered and paged at an address of their own", details],
  ["journey: the world on a map and the regions as tiles", maps],
  ["journey: goals, funnels, journeys, heat map, vitals and what is not counted", deeper],
  ["journey: what lies below is renewed by the live stream, more seldom", renewed],
  ["journey: details are saved as CSV and JSON and read again", saved],
  ["journey: filters are kept as a segment", segments],
  ["journey: the last half hour, minute by minute", liveView],
  ["journey: why is my visit not counted", why],
  ["journey: a shared link shows numbers and nothing of staff's, with a password and within another page", shared],
  ["journey: sites are found by keyboard", findSite],
  ["journey: a printed report", print],
];

async function filters(stage) {
  const page = await stage.open("/example.kz");
  const all = await settled(page);
  await page.getByTestId("list-sources").getByRole("link", { name: "Telegram" }).click();
  await address(page, "/example.kz?f=is,source,Telegram");
  const some = await changed(page, "tile-visitors", all);
  assert.ok(some < all);
  await page.getByTestId("list-countries").getByRole("link", { name: "Қазақстан" }).click();
  await address(page, "/example.kz?f=is,source,Telegram&f=is,country,KZ");
  const fewer = await changed(page, "tile-visitors", some);
  assert.deepEqual(await page.getByTestId("filter-chip").locator(".chip-text").allInnerTexts(), [
    "Көз: Telegram",
    "Ел: Қазақстан",
  ]);
  // Another row of the same panel takes the place of the first.
  await page.getByTestId("list-sources").getByRole("link", { name: "Google" }).click();
  await address(page, "/example.kz?f=is,country,KZ&f=is,source,Google");
  await page.goBack();
  await until(
    () => numberOf(page, "tile-visitors"),
    (value) => value === fewer,
    "back",
  );
  await page.reload();
  assert.equal(await settled(page), fewer);
  await page.getByTestId("filter-remove").first().click();
  await address(page, "/example.kz?f=is,country,KZ");
  await page.keyboard.press("Escape");
  await address(page, "/example.kz");
  await until(
    () => numberOf(page, "tile-visitors"),
    (value) => value === all,
    "all visitors again",
  );
}

async function editor(stage) {
  const page = await stage.open("/example.kz", { language: "en" });
  await settled(page);
  await page.getByTestId("filter-add").press("Enter");
  await page.getByTestId("filter-dimension").selectOption("source");
  await page.getByTestId("filter-op").selectOption("is_not");
  await page.getByTestId("filter-value").fill("goo");
  const google = page.getByTestId("filter-form").getByRole("checkbox", { name: "Google" });
  await google.press("Space");
  await page.getByTestId("filter-value").fill("");
  await page.getByTestId("filter-form").getByRole("checkbox", { name: "Yandex" }).press("Space");
  await stage.axe(page, "the filter's dialog");
  await page.getByTestId("filter-apply").press("Enter");
  await address(page, "/example.kz?f=is_not,source,Google,Yandex");
  await page.getByText("Source: not Google or Yandex").waitFor();

  await page.getByTestId("filter-chip").locator(".chip-text").press("Enter");
  assert.equal(await page.getByTestId("filter-op").inputValue(), "is_not");
  await page.getByTestId("filter-dimension").selectOption("page");
  const operators = await page
    .getByTestId("filter-op")
    .locator("option")
    .evaluateAll((all) => all.map(({ value }) => value));
  assert.deepEqual(operators, [
    "is",
    "is_not",
    "contains",
    "contains_not",
    "matches",
    "matches_not",
    "has_done",
    "has_not_done",
  ]);
  await page.getByTestId("filter-op").selectOption("matches");
  await page.getByTestId("filter-value").fill("^/kk/");
  await page.getByTestId("filter-value").press("Enter");
  await address(page, "/example.kz?f=matches,page,^/kk/");
  const { filters: sent } = stage.mock.state.lastQuestions[0];
  assert.deepEqual(sent, [["matches", "event:page", ["^/kk/"]]]);
  await page.getByTestId("filter-add").click();
  await page.keyboard.press("Escape");
  assert.equal(await page.getByTestId("filter-form").count(), 0);
}

async function withheld(stage) {
  const page = await stage.page({ language: "en" });
  await page.route("**/api/questions", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    const [totals] = body.answers;
    totals.results[0].metrics = totals.results[0].metrics.map(() => null);
    totals.meta.folded_below = 5;
    await route.fulfill({ response, json: body });
  });
  await page.goto(`${stage.url}/example.kz?f=is,page,/&f=is,country,KZ`);
  await page.getByText("fewer than 5 visitors").first().waitFor();
  assert.equal(await page.getByTestId("tile-visitors").innerText(), "Visitors\n–");
}

async function comparison(stage) {
  const page = await stage.open("/example.kz?range=7d", { language: "en" });
  await settled(page);
  await page.getByTestId("compare").click();
  await page.getByTestId("compare-previous").click();
  await address(page, "/example.kz?range=7d&compare=previous");
  await page.getByTestId("change-visitors").waitFor();
  const now = await numberOf(page, "tile-visitors");
  const text = await page.getByTestId("change-visitors").innerText();
  const before = Number(/was ([\d,]+)/.exec(text)?.[1].replaceAll(",", ""));
  assert.equal(await numberOf(page, "change-visitors"), Math.round(((now - before) / before) * 100));
  assert.match(await page.getByTestId("change-bounce_rate").innerText(), /points?|0/);
  assert.match(await page.getByTestId("compared-with").innerText(), /Nov 6/);
  assert.ok(await page.getByTestId("chart-before").getAttribute("d"), "the other period is drawn");
  const row = page.getByTestId("list-sources").locator('[data-key="Telegram"]');
  const cells = await row.locator("td").allInnerTexts();
  const rowBefore = Number(/was ([\d,]+)/.exec(cells[1])?.[1].replaceAll(",", ""));
  const rowNow = Number(await row.getAttribute("data-value"));
  const rowChange = Math.round(((rowNow - rowBefore) / rowBefore) * 100);
  assert.equal(Number(await row.locator(".change").getAttribute("data-value")), rowChange);
  await page.getByTestId("details-sources").click();
  const inDetails = page.getByTestId("details").locator('[data-key="Telegram"] .change');
  await inDetails.nth(4).waitFor();
  assert.equal(Number(await inDetails.first().getAttribute("data-value")), rowChange, "the details say the same");
  await stage.axe(page, "compared details");
  await page.getByTestId("details-close").click();
  await page.getByTestId("chart").press("End");
  assert.equal(await page.getByTestId("chart-readout").locator("span.quiet").count(), 2);
  await page.getByTestId("compare").click();
  await page.getByTestId("compare-weekdays").click();
  await address(page, "/example.kz?range=7d&compare=previous&weekdays=1");
  await page.getByTestId("compare-custom").click();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await address(page, "/example.kz?range=7d&compare=custom&compare_from=2026-11-13&compare_to=2026-11-14&weekdays=1");
  await page.reload();
  await page.getByTestId("change-visitors").waitFor();
}

async function shortcuts(stage) {
  const page = await stage.open("/example.kz");
  await settled(page);
  const press = (code, key) =>
    page.evaluate(
      ([code, key]) => document.body.dispatchEvent(new KeyboardEvent("keydown", { code, key, bubbles: true })),
      [code, key],
    );
  for (const [key, range] of [
    ["e", "yesterday"],
    ["w", "7d"],
    ["f", "28d"],
    ["t", "30d"],
    ["n", "91d"],
    ["m", "month"],
    ["p", "last_month"],
    ["y", "year"],
    ["l", "12mo"],
    ["a", "all"],
  ]) {
    await page.keyboard.press(key);
    await address(page, `/example.kz?range=${range}`);
  }
  // The key of the letter Ы: the same place on the keyboard is S, which means nothing; Ц is W.
  await press("KeyS", "ы");
  await press("KeyW", "ц");
  await address(page, "/example.kz?range=7d");
  await page.keyboard.press("x");
  await address(page, "/example.kz?range=7d&compare=previous");
  await page.keyboard.press("x");
  await address(page, "/example.kz?range=7d");
  await page.keyboard.press("c");
  await page.getByTestId("calendar").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("d");
  await address(page, "/example.kz");
  await page.getByTestId("filter-add").click();
  await page.getByTestId("filter-value").pressSequentially("way");
  assert.equal(at(page), "/example.kz", "typing is not a shortcut");
}

async function intervals(stage) {
  const page = await stage.open("/example.kz?range=30d", { language: "en" });
  await settled(page);
  const points = async () => Number(await page.getByTestId("chart").getAttribute("aria-valuemax")) + 1;
  assert.equal(await points(), 30);
  await page.getByTestId("interval-week").click();
  await address(page, "/example.kz?range=30d&interval=week");
  await until(points, (count) => count === 5, "weeks");
  assert.match((await page.getByTestId("chart").getAttribute("aria-valuetext")) ?? "", /^Week of Nov 16, 2026: /);
  await page.getByTestId("range-day").click();
  await page.getByTestId("interval-minute").click();
  await until(points, (count) => count > 900, "minutes of today");
  assert.ok(await page.getByTestId("chart-running").getAttribute("d"), "the running minute is drawn apart");

  await page.goto(`${stage.url}/example.kz?range=30d`);
  await page.getByTestId("chart-mark").first().waitFor({ state: "attached" });
  await page.getByTestId("annotations").click();
  await page.getByTestId("annotation-date").fill("2026-11-03");
  await page.getByTestId("annotation-text").fill("Radio interview");
  await page.getByTestId("annotation-save").click();
  await until(
    () => page.getByTestId("chart-mark").count(),
    (count) => count === 2,
    "marks",
  );
  await stage.axe(page, "notes");
}

async function details(stage) {
  const page = await stage.open("/example.kz?range=7d", { language: "ru" });
  await settled(page);
  await page.getByTestId("details-pages").click();
  const rows = page.getByTestId("details").locator("tbody tr");
  await until(
    () => rows.count(),
    (count) => count === 14,
    "rows",
  );
  assert.equal(await page.getByTestId("details").locator("thead th").count(), 7);
  await page.getByTestId("details-search").fill("novosti");
  await until(
    () => rows.count(),
    (count) => count === 1,
    "found rows",
  );
  await page.getByTestId("details-search").fill("");
  await page.getByTestId("order-visitors").click();
  await address(page, "/example.kz?range=7d&details=page&order=visitors:asc");
  await until(
    async () => Number(await rows.first().getAttribute("data-value")),
    (value) => value < 60,
    "the smallest first",
  );
  await stage.axe(page, "details");
  await page.reload();
  await rows.first().waitFor();
  await page.keyboard.press("Escape");
  await address(page, "/example.kz?range=7d");
  assert.equal(await page.getByTestId("details").count(), 0);
  await page.goBack();
  await page.getByTestId("details").waitFor();
  await page.getByTestId("details").getByRole("link", { name: "/ru/programmy" }).click();
  await address(page, "/example.kz?range=7d&f=is,page,/ru/programmy");
}

async function maps(stage) {
  const page = await stage.open("/example.kz");
  await settled(page);
  assert.equal(stage.mock.state.requests.filter((request) => request.includes("world-map")).length, 0);
  await page.getByTestId("locations-map").click();
  const kazakhstan = page.getByTestId("world-map").locator('[data-key="KZ"]');
  await kazakhstan.waitFor();
  assert.ok(Number(await kazakhstan.getAttribute("data-value")) > 0);
  await kazakhstan.click();
  await address(page, "/example.kz?f=is,country,KZ");
  await page.goBack();
  await page.getByTestId("locations-region").click();
  const tiles = page.getByTestId("region-tiles").locator("li");
  await until(
    () => tiles.count(),
    (count) => count === 20,
    "the twenty regions",
  );
  await page.getByText("біріктірілген").first().waitFor();
  await page.getByTestId("sources-more").click();
  await page.getByTestId("sources-utm_campaign").click();
  await page.getByTestId("list-sources").getByText("naurys-2026").waitFor();
  await page.getByTestId("devices-more").click();
  await page.getByTestId("devices-browser_version").click();
  await page.getByTestId("list-devices").getByText("Chrome 142").waitFor();
}

async function deeper(stage) {
  const page = await stage.open("/example.kz?range=30d", { language: "en" });
  await settled(page);
  const asked = stage.mock.state.questions;
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.getByTestId("deeds").getByRole("link", { name: "Өтінім жіберілді" }).waitFor();
  await page.getByTestId("vital-lcp").locator("strong").waitFor();
  await page.getByTestId("funnel-step").nth(2).waitFor();
  // Goals and funnels have to be known before their questions can be asked: two batches, not seven.
  assert.ok(stage.mock.state.questions - asked <= 2, `${stage.mock.state.questions - asked} batches`);
  await until(
    () => page.getByTestId("heat-map").locator("tbody td").count(),
    (count) => count === 168,
    "hours of the week",
  );
  await stage.axe(page, "the lower half");
  await page.getByTestId("deeds-event").click();
  await page.getByTestId("deeds").getByRole("link", { name: "File Download" }).waitFor();
  await page.getByTestId("deeds-property").click();
  await page.getByTestId("deeds-key").fill("plan");
  await page.getByTestId("deeds-key").press("Enter");
  await page.getByTestId("deeds").getByRole("link", { name: "student" }).waitFor();
  assert.match(at(page), /deeds=prop:plan/);
  await page.getByTestId("journeys").getByRole("link", { name: "/", exact: true }).click();
  await page.getByTestId("journeys").getByText("Left the site").waitFor();
  assert.match(at(page), /journey=\//);
  await page.getByTestId("journey-previous").click();
  await page.getByTestId("journeys").getByText("The visit began here").waitFor();
  await page.getByTestId("drops-show").click();
  const bots = page.getByTestId("drops").locator('[data-key="bot"]');
  assert.equal(await bots.getAttribute("data-value"), "212");
}

async function renewed(stage) {
  const page = await stage.open("/example.kz", { language: "en" });
  await settled(page);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  const step = page.getByTestId("funnel-step").first();
  await step.waitFor();
  const [before, { questions }] = [Number(await step.getAttribute("data-value")), stage.mock.state];
  // As many visits at once as would show in every figure; more pulses than may be asked about.
  for (let visit = 0; visit < 5; visit += 1) stage.mock.visit("example.kz", 60);
  await until(
    async () => Number(await step.getAttribute("data-value")),
    (value) => value > before,
    "the funnel's first step",
  );
  // The first batch twice at most, what lies below once.
  assert.ok(stage.mock.state.questions - questions <= 4, `${stage.mock.state.questions - questions} batches`);
}

async function saved(stage) {
  const page = await stage.open("/example.kz?range=7d&details=source&search=o", { language: "ru" });
  await page.getByTestId("details").locator("tbody tr").nth(1).waitFor();
  const save = async (format) => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByTestId(`save-${format}`).click()]);
    assert.equal(file.suggestedFilename(), `example.kz-source.${format}`);
    return readFileSync(await file.path(), "utf8");
  };
  const screen = await page
    .getByTestId("details")
    .locator("tbody tr")
    .evaluateAll((rows) => rows.map(({ dataset }) => [dataset.key, dataset.value]));
  const [headings, ...lines] = (await save("csv")).replace("\ufeff", "").trim().split("\r\n");
  assert.match(headings, /^Источник,Посетители,/);
  assert.deepEqual(
    lines.map((line) => line.split(",").slice(0, 2)),
    screen,
  );
  const { results } = JSON.parse(await save("json"));
  assert.deepEqual(
    results.map(({ dimensions: [key], metrics: [value] }) => [key, String(value)]),
    screen,
  );
  await stage.axe(page, "details that can be saved");
}

async function segments(stage) {
  const page = await stage.open("/example.kz?f=contains,page,kk", { language: "ru" });
  await settled(page);
  await page.getByTestId("segments").click();
  await page.getByTestId("segment-name").fill("Казахские страницы");
  await page.getByTestId("segment-save").click();
  await until(
    () => page.getByTestId("segment").count(),
    (count) => count === 2,
    "segments",
  );
  await stage.axe(page, "segments");
  await page.getByTestId("segment").first().click();
  await address(page, "/example.kz?f=is,country,KZ&f=is,device,Mobile");
  await page.getByText("Устройство: Телефон").waitFor();
}

async function liveView(stage) {
  const page = await stage.open("/example.kz");
  await settled(page);
  await page.keyboard.press("r");
  await address(page, "/example.kz?range=live");
  const before = await changed(page, "live-pageviews", null);
  await until(
    () => page.locator(".minute").count(),
    (count) => count === 30,
    "minutes",
  );
  stage.mock.visit("example.kz", 3);
  await until(
    () => numberOf(page, "live-pageviews"),
    (value) => value === before + 3,
    "views",
  );
  await page.getByTestId("live-list-page").locator("tbody tr").first().waitFor();
  await stage.axe(page, "the live view");
}

async function why(stage) {
  stage.mock.state.publicUrl = stage.url;
  const page = await stage.open("/example.kz/why", { language: "ru" });
  await page.getByTestId("why-run").click();
  await until(
    () => page.getByTestId("why-outcome").getAttribute("data-value"),
    (value) => value === "stored",
    "the outcome",
  );
  await page.getByText("Такое посещение было бы учтено").waitFor();
  await stage.axe(page, "why");
}

async function shared(stage) {
  stage.allow(/status of 401/);
  const page = await stage.open("/share/open?range=7d", { signedIn: false, language: "ru" });
  const all = await settled(page);
  for (const absent of ["site-switcher", "site-settings", "current-visitors", "segments", "annotations"]) {
    assert.equal(await page.getByTestId(absent).count(), 0, absent);
  }
  await page.getByTestId("list-sources").getByRole("link", { name: "Telegram" }).click();
  await address(page, "/share/open?range=7d&f=is,source,Telegram");
  await changed(page, "tile-visitors", all);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.getByTestId("vital-lcp").locator("strong").waitFor();
  await page.getByTestId("funnel-step").nth(2).waitFor();
  await page.getByTestId("journeys").locator("tbody tr").nth(2).waitFor();
  const asked = stage.mock.state.requests.filter((request) => request.includes("/api/"));
  assert.ok(
    asked.every((request) => request.includes("/api/shared/open")),
    asked.join(", "),
  );
  await stage.axe(page, "a shared link");

  const framed = await stage.open("/share/open?embed=true&theme=dark", { signedIn: false });
  await settled(framed);
  assert.equal(await framed.locator("header.band, footer").count(), 0);
  assert.equal(await framed.locator("html").getAttribute("data-theme"), "dark");
  await framed.getByTestId("range-7d").click();
  await address(framed, "/share/open?embed=true&theme=dark&range=7d");
  assert.deepEqual(await framed.evaluate(() => Object.keys(localStorage)), []);

  const locked = await stage.open("/share/locked", { signedIn: false });
  await locked.getByTestId("share-password").fill("wrong");
  await locked.getByTestId("share-open").click();
  await locked.getByRole("alert").waitFor();
  await stage.axe(locked, "a locked link");
  await locked.getByTestId("share-password").fill("qupiya soz");
  await locked.getByTestId("share-password").press("Enter");
  await settled(locked);
}

async function findSite(stage) {
  const page = await stage.open("/");
  await page.getByTestId("site").nth(3).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("jastar");
  assert.equal(await page.getByTestId("site").count(), 1);
  await page.keyboard.press("Enter");
  await address(page, "/jastar-ortalygy.kz");
  await settled(page);
  await page.keyboard.press("s");
  await page.getByRole("link", { name: "example.kz", exact: true }).waitFor();
}

/** A4 at 96 dots an inch: everything is there without scrolling to it, and nothing to click. */
async function print(stage) {
  const page = await stage.open("/example.kz?range=30d");
  await settled(page);
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 718, height: 1010 });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.getByTestId("vital-lcp").locator("strong").waitFor();
  for (const control of ["filter-add", "range-picker", "compare", "site-switcher"]) {
    assert.equal(await page.getByTestId(control).isVisible(), false, control);
  }
  await until(
    () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
    (over) => over <= 0,
    "pixels beside the page",
  );
  await stage.screenshot(page, "report.kk.print");
  await page.pdf({ format: "A4", path: new URL("../out/report.pdf", import.meta.url).pathname });
}
