// What staff do, step by step.
import assert from "node:assert/strict";
import { numberOf, settled, until } from "./stage.mjs";

const at = (page) => new URL(page.url()).pathname + new URL(page.url()).search;

export const journeys = [
  ["journey: the one-time link, the first site, its first beacon", firstSite],
  ["journey: signing in leads to the address that was asked for", signIn],
  ["journey: the address holds the period, the metric and the tab; back and forward work", address],
  ["journey: a custom period by keyboard", calendar],
  ["journey: the chart is read by keyboard and as a table", chart],
  ["journey: the live stream renews the numbers at once, and not more than about once a second", live],
  ["journey: the stream comes back after it was cut", streamCut],
  ["journey: one batch of questions, few requests, no storage but preferences", frugal],
  ["journey: refused questions and a silent server are worded, and tried again", failures],
  ["journey: a session that ends leads to the sign-in page", sessionEnds],
  ["journey: language and theme are kept", preferences],
  ["journey: switching sites, a domain that is not there", around],
];

async function firstSite(stage) {
  stage.allow(/status of (401|409|410|422)/);
  const page = await stage.open("/setup#mock-token", { signedIn: false });
  await page.getByTestId("setup-email").fill("admin@example.kz");
  await page.getByTestId("setup-password").fill("short");
  await page.getByTestId("setup-submit").click();
  await page.getByRole("alert").getByText("12").waitFor();
  await page.getByTestId("setup-password").fill("on eki tanbadan uzyn");
  await page.getByTestId("setup-submit").click();
  await page.getByTestId("add-site-open").waitFor();
  assert.equal(at(page), "/");

  await page.getByTestId("add-site-open").click();
  await page.getByTestId("add-site-domain").fill("https://www.Example.kz/kk");
  await page.getByTestId("add-site-submit").click();
  await page.getByRole("alert").waitFor();
  await page.getByTestId("add-site-domain").fill("https://Jana.kz/");
  assert.equal(await page.getByTestId("add-site-timezone").inputValue(), "Asia/Almaty");
  await page.getByTestId("add-site-timezone").fill("қоста");
  await page.getByTestId("add-site-timezone").press("Enter");
  assert.equal(await page.getByTestId("add-site-timezone").inputValue(), "Asia/Qostanay");
  await page.getByTestId("add-site-submit").click();

  await page.waitForURL("**/jana.kz/settings");
  await page.getByTestId("snippet").getByText('data-site="jana.kz"').waitFor();
  await page.getByTestId("snippet-copy").click();
  const copied = await until(() => page.evaluate(() => navigator.clipboard.readText()), Boolean, "the clipboard");
  assert.match(copied, /^<script defer data-site="jana\.kz" src=".*"><\/script>$/);
  const status = page.getByTestId("first-beacon-status");
  assert.equal(await status.getAttribute("data-value"), "waiting");
  stage.mock.visit("jana.kz");
  await until(
    () => status.getAttribute("data-value"),
    (value) => value === "arrived",
    "the first beacon",
  );

  // The link works once.
  const again = await stage.open("/setup#mock-token", { signedIn: false });
  await again.getByTestId("setup-email").fill("other@example.kz");
  await again.getByTestId("setup-password").fill("on eki tanbadan uzyn");
  await again.getByTestId("setup-submit").click();
  await until(
    () => again.getByTestId("setup-problem").getAttribute("data-code"),
    (code) => code === "setup_link_used",
    "the code",
  );
}

async function signIn(stage) {
  stage.allow(/status of 401/);
  const page = await stage.open("/example.kz?range=7d", { signedIn: false });
  await page.getByTestId("signin-email").fill("admin@example.kz");
  await page.getByTestId("signin-password").fill("wrong");
  await page.getByTestId("signin-submit").click();
  await until(
    () => page.getByTestId("signin-problem").getAttribute("data-code"),
    (code) => code === "wrong_credentials",
    "the code",
  );
  await page.getByTestId("signin-password").fill("a long enough password");
  await page.getByTestId("signin-password").press("Enter");
  await settled(page);
  assert.equal(at(page), "/example.kz?range=7d");
  await page.getByTestId("account").click();
  await page.getByTestId("sign-out").click();
  await page.getByTestId("signin-form").waitFor();
  assert.equal(stage.mock.state.signedIn, false);
}

async function address(stage) {
  const page = await stage.open("/example.kz");
  const today = await settled(page);
  const { state } = stage.mock;
  const asked = state.questions;
  await page.getByTestId("tile-bounce_rate").click();
  await page.waitForURL("**/example.kz?metric=bounce_rate");
  assert.equal(state.questions, asked, "another metric needs no question");
  await page.getByTestId("range-30d").click();
  await until(
    () => numberOf(page, "tile-visitors"),
    (value) => value > today * 5,
    "visitors of 30 days",
  );
  assert.equal(at(page), "/example.kz?range=30d&metric=bounce_rate");
  await page.getByTestId("devices-os").click();
  await page.getByTestId("list-devices").getByText("Android").waitFor();
  assert.equal(at(page), "/example.kz?range=30d&metric=bounce_rate&devices=os");
  await page.reload();
  await page.getByTestId("list-devices").getByText("Android").waitFor();
  for (const path of ["/example.kz?range=30d&metric=bounce_rate", "/example.kz?metric=bounce_rate", "/example.kz"]) {
    await page.goBack();
    await until(
      async () => at(page),
      (now) => now === path,
      "back",
    );
  }
  await until(
    () => numberOf(page, "tile-visitors"),
    (value) => value === today,
    "visitors of today",
  );
  assert.equal(await page.getByTestId("tile-visitors").getAttribute("aria-current"), "true");
  await page.goForward();
  await until(
    () => page.getByTestId("tile-bounce_rate").getAttribute("aria-current"),
    (now) => now === "true",
    "forward",
  );
}

async function calendar(stage) {
  const page = await stage.open("/example.kz");
  await settled(page);
  await page.getByTestId("range-custom").focus();
  await page.keyboard.press("Enter");
  await until(
    () => page.evaluate(() => document.activeElement?.dataset.day),
    (day) => day === "2026-11-20",
    "the focused day",
  );
  await page.keyboard.press("PageUp");
  await page.keyboard.press("ArrowUp");
  await until(
    () => page.evaluate(() => document.activeElement?.dataset.day),
    (day) => day === "2026-10-13",
    "the focused day",
  );
  await page.keyboard.press("Enter");
  for (let step = 0; step < 4; step += 1) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/example.kz?range=custom&from=2026-10-13&to=2026-10-17");
  await until(
    () => page.getByTestId("range-custom").innerText(),
    (text) => text === "13–17 қаз.",
    "the period's name",
  );
  await page.getByTestId("range-custom").click();
  await page.keyboard.press("Escape");
  assert.equal(await page.getByTestId("calendar").count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement?.dataset.testid), "range-custom");
}

async function chart(stage) {
  const page = await stage.open("/example.kz", { language: "en" });
  const total = await settled(page);
  const slider = page.getByTestId("chart");
  assert.match((await slider.getAttribute("aria-valuetext")) ?? "", /^15:00: \d+ \(not over yet\)$/);
  await slider.press("Home");
  assert.match(await page.getByTestId("chart-readout").innerText(), /00:00/);
  await slider.press("ArrowRight");
  assert.match((await slider.getAttribute("aria-valuetext")) ?? "", /^01:00: \d+$/);
  await slider.press("End");
  assert.match(await page.getByTestId("chart-readout").innerText(), /15:00/);
  assert.ok(await page.getByTestId("chart-running").getAttribute("d"), "the running hour is drawn apart");
  await page.getByTestId("chart-table").locator("summary").click();
  const rows = page.getByTestId("chart-table").locator("tbody tr");
  await rows.first().waitFor();
  const values = await rows.evaluateAll((all) => all.map((row) => Number(row.dataset.value)));
  assert.equal(values.length, 16);
  assert.equal(
    values.reduce((sum, value) => sum + value, 0),
    total,
    "the table adds up to the tile of the mock",
  );
  const definition = page.getByRole("button", { name: "What does “Visits” mean?" });
  await definition.press("Enter");
  await page.getByText("gaps of at most 30 minutes").waitFor();
  await definition.press("Escape");
  assert.equal(await page.getByText("gaps of at most 30 minutes").count(), 0);
}

async function live(stage) {
  const { mock } = stage;
  const page = await stage.open("/example.kz");
  const before = await settled(page, "tile-visits");
  await until(
    () => numberOf(page, "current-visitors"),
    (value) => value === 7,
    "current visitors",
  );
  // A quiet moment: whatever the first pulse asked for is answered.
  await page.waitForTimeout(1200);
  const asked = mock.state.questions;
  const began = Date.now();
  mock.visit("example.kz");
  await until(
    () => numberOf(page, "tile-visits"),
    (value) => value === before + 1,
    "visits",
  );
  assert.ok(Date.now() - began < 700, `at once when idle: ${Date.now() - began} ms`);
  assert.equal(await numberOf(page, "current-visitors"), 8);
  for (let visit = 0; visit < 20; visit += 1) {
    mock.visit("example.kz");
    await page.waitForTimeout(50);
  }
  await until(
    () => numberOf(page, "tile-visits"),
    (value) => value === before + 21,
    "visits",
  );
  const seconds = (Date.now() - began) / 1000;
  assert.ok(mock.state.questions - asked <= seconds + 2, `${mock.state.questions - asked} batches in ${seconds} s`);
  const engaged = await numberOf(page, "tile-engaged_time");
  mock.engage("example.kz");
  await until(
    () => numberOf(page, "tile-engaged_time"),
    (value) => value === engaged + 1,
    "engaged time",
  );
  await page.getByTestId("range-yesterday").click();
  await until(
    () => numberOf(page, "tile-visits"),
    (value) => value !== before + 21,
    "visits of yesterday",
  );
  const then = mock.state.questions;
  mock.visit("example.kz");
  await until(
    () => numberOf(page, "current-visitors"),
    (value) => value === 29,
    "current visitors",
  );
  assert.equal(mock.state.questions, then, "yesterday does not change");
}

async function streamCut(stage) {
  stage.allow(/ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/);
  const page = await stage.open("/example.kz");
  await until(
    () => numberOf(page, "current-visitors"),
    (value) => value === 7,
    "current visitors",
  );
  stage.mock.cutStreams();
  await page.locator(".live.lost").waitFor();
  stage.mock.state.sites[0].current = 3;
  await until(
    () => numberOf(page, "current-visitors"),
    (value) => value === 3,
    "current visitors",
  );
  assert.equal(await page.locator(".live.lost").count(), 0);
}

async function frugal(stage) {
  const page = await stage.open("/example.kz");
  await settled(page);
  stage.mock.state.requests.length = 0;
  await page.reload();
  await settled(page);
  await until(
    () => numberOf(page, "current-visitors"),
    (value) => value !== null,
    "current visitors",
  );
  const { requests } = stage.mock.state;
  assert.equal(requests.filter((request) => request.endsWith("/api/questions")).length, 1, "one batch");
  const api = requests.filter((request) => request.includes("/api/"));
  assert.deepEqual(api.toSorted(), ["GET /api/sites/example.kz/live", "GET /api/start", "POST /api/questions"]);
  // Besides these three the page itself with its style, its script, and the language.
  assert.ok(requests.length <= 6, requests.join(", "));
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
  assert.equal(await page.evaluate(() => document.cookie), "");
}

async function failures(stage) {
  const { mock } = stage;
  stage.allow(/ERR_|status of 5/);
  mock.state.failQuestions = "statistics_unavailable";
  const page = await stage.open("/example.kz", { language: "ru" });
  await page.getByRole("alert").first().waitFor();
  const texts = await page.getByRole("alert").allInnerTexts();
  assert.ok(
    texts.every((text) => text.includes("Хранилище данных временно не отвечает")),
    texts.join("; "),
  );
  await stage.axe(page, "a dashboard without data");
  await stage.screenshot(page, "dashboard-refused.ru.desktop.light");
  mock.state.failQuestions = null;
  await page.getByRole("button", { name: "Повторить" }).first().click();
  await settled(page);
  assert.equal(await page.getByRole("alert").count(), 0);

  await page.route("**/api/questions", (route) => route.abort());
  await page.getByTestId("range-7d").click();
  await page.getByText("Нет связи с сервером").waitFor();
  await page.unroute("**/api/questions");
  await page.getByRole("button", { name: "Повторить" }).click();
  await until(
    () => page.getByRole("alert").count(),
    (count) => count === 0,
    "notices",
  );
}

async function sessionEnds(stage) {
  stage.allow(/status of 401/);
  const page = await stage.open("/example.kz");
  await settled(page);
  stage.mock.state.signedIn = false;
  await page.getByTestId("range-7d").click();
  await page.getByTestId("signin-form").waitFor();
  assert.equal(at(page), "/example.kz?range=7d");
}

async function preferences(stage) {
  const page = await stage.open("/example.kz");
  await settled(page);
  await page.getByTestId("lang-ru").click();
  await page.getByText("Просмотры").first().waitFor();
  await until(
    async () => stage.mock.state.language,
    (language) => language === "ru",
    "the account's language",
  );
  await page.getByTestId("theme-switch").click();
  await page.getByTestId("theme-dark").click();
  const dark = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.reload();
  await settled(page);
  assert.equal(await page.locator("html").getAttribute("lang"), "ru");
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), dark);
  await page.getByTestId("theme-switch").click();
  await page.getByTestId("theme-system").click();
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor), dark);
  // On another machine the account's language greets.
  const other = await stage.open("/example.kz");
  await until(
    () => other.locator("html").getAttribute("lang"),
    (language) => language === "ru",
    "the language",
  );
}

async function around(stage) {
  const page = await stage.open("/");
  await page.getByRole("link", { name: "jastar-ortalygy.kz", exact: true }).click();
  await settled(page);
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H1", "the focus follows the page");
  await page.getByTestId("site-switcher").click();
  await page.getByRole("link", { name: "example.kz", exact: true }).click();
  await until(
    () => page.getByTestId("site-title").innerText(),
    (title) => title === "example.kz",
    "the site",
  );
  await settled(page);
  const rows = page.getByTestId("list-pages").locator("tbody tr");
  assert.equal(await rows.count(), 9);
  const kazakhstan = page.getByTestId("list-countries").locator('tr[data-key="KZ"]');
  assert.match(await kazakhstan.innerText(), /Қазақстан/);
  assert.ok(Number(await kazakhstan.getAttribute("data-value")) > 0);
  await page.keyboard.press("Tab");
  await page.goto(`${stage.url}/nobody.kz`);
  await page.getByText("«nobody.kz»").waitFor();
}
