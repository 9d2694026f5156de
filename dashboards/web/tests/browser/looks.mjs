// Every page in three languages, light and dark, on a desktop and a phone: a screenshot, axe, and nothing sticking out.
import assert from "node:assert/strict";
import { SIZES, settled } from "./stage.mjs";

const PAGES = [
  ["sign-in", "/", { signedIn: false }],
  ["setup", "/setup#mock-token", { signedIn: false }],
  ["sites", "/", {}, (page) => page.locator(".sparkline").nth(2).waitFor()],
  ["dashboard", "/example.kz", {}, (page) => settled(page)],
  ["dashboard-30d", "/example.kz?range=30d&metric=visit_duration&devices=browser", {}, readOut],
  ["dashboard-empty", "/zhana-sait.kz", {}, (page) => page.getByTestId("snippet").getByText("script").waitFor()],
  ["calendar", "/example.kz?range=custom&from=2026-11-03&to=2026-11-12", {}, opened("range-custom")],
  [
    "dashboard-filtered",
    "/example.kz?range=30d&compare=year&f=is,country,KZ&f=contains,page,kk&locations=region",
    {},
    lower,
  ],
  ["dashboard-map", "/example.kz?range=12mo&locations=map&sources=utm_campaign&devices=os_version", {}, mapped],
  [
    "live",
    "/example.kz?range=live",
    {},
    (page) => page.getByTestId("live-list-country").locator("tr").nth(1).waitFor(),
  ],
  [
    "details",
    "/example.kz?range=30d&details=page",
    {},
    (page) => page.getByTestId("details").locator("tr").nth(3).waitFor(),
  ],
  ["filter", "/example.kz", {}, filter],
  ["why", "/example.kz/why", {}, whyNot],
  ["shared", "/share/open?range=30d", { signedIn: false }, (page) => settled(page)],
  ["definition", "/example.kz", {}, define],
  ["settings", "/example.kz/settings", {}, (page) => page.getByTestId("snippet").getByText("script").waitFor()],
  ["add-site", "/", {}, addSite],
  ["account", "/", {}, opened("account")],
  ["missing", "/example.kz/nothing", {}],
];

function opened(testId) {
  return async (page) => {
    await page.getByTestId(testId).click();
    await page.locator(".disclosure-panel").waitFor();
  };
}

/** Down to the end, so that what is asked for when it is seen is there. */
async function lower(page) {
  await settled(page);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.getByTestId("vital-lcp").locator("strong").waitFor();
  await page.getByTestId("funnel-step").nth(2).waitFor();
  await page.getByTestId("drops-show").click();
  await page.getByTestId("drops").waitFor();
  await page.evaluate(() => scrollTo(0, 0));
}

async function mapped(page) {
  await settled(page);
  await page.getByTestId("world-map").waitFor();
}

async function filter(page) {
  await settled(page);
  await page.getByTestId("filter-add").click();
  await page.getByTestId("filter-dimension").selectOption("browser_version");
  await page.getByTestId("filter-form").getByRole("checkbox").first().check();
}

async function whyNot(page, stage) {
  stage.mock.state.publicUrl = stage.url;
  await page.reload();
  await page.getByTestId("why-run").click();
  await page.getByTestId("why-outcome").waitFor();
}

async function readOut(page) {
  await settled(page);
  await page.getByTestId("chart").press("ArrowLeft");
  await page.getByTestId("chart-readout").waitFor();
}

async function define(page) {
  await settled(page);
  await page.locator(".tile-ask").nth(3).click();
  await page.locator(".tile-definition").waitFor();
}

async function addSite(page) {
  await page.getByTestId("add-site-open").click();
  await page.getByTestId("add-site-timezone").fill("aq");
  await page.getByRole("option").first().waitFor();
}

/** Signs of another language's data under the Kazakh interface: Chromium's root formats, English and Russian words. */
const NOT_KAZAKH =
  /\bM\d\d\b|\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Kazakhstan|Russia)\b|ноябр|янв\.|Казахстан|\d,\d{3}/;

export const looks = PAGES.flatMap(([name, path, options, prepare]) =>
  Object.keys(SIZES).flatMap((size) =>
    ["light", "dark"].map((scheme) => [
      `look: ${name}, ${size}, ${scheme}`,
      async (stage) => {
        if (options.signedIn === false) stage.allow(/401/);
        for (const language of ["kk", "ru", "en"]) {
          const page = await stage.open(path, { size, scheme, language, ...options });
          await prepare?.(page, stage);
          const where = `${name}.${language}.${size}.${scheme}`;
          await stage.screenshot(page, where);
          await stage.axe(page, where);
          assert.equal(await page.locator("html").getAttribute("lang"), language);
          const [content, room] = await page.evaluate(() => [
            document.documentElement.scrollWidth,
            document.documentElement.clientWidth,
          ]);
          assert.ok(content <= room, `${where}: ${content} px wide in ${room} px`);
          const text = await page.locator("body").innerText();
          if (language === "kk") assert.doesNotMatch(text, NOT_KAZAKH, where);
          assert.doesNotMatch(text, /\{\w+\}|undefined|NaN/, where);
          await page.context().close();
        }
      },
    ]),
  ),
);
