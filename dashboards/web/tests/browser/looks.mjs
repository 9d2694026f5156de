// Every page in three languages, light and dark, on a desktop and a phone: a screenshot, axe, and nothing sticking out.
import assert from "node:assert/strict";
import { SIZES, settled } from "./stage.mjs";

const PAGES = [
  ["sign-in", "/", { signedIn: false }],
  ["setup", "/setup#mock-token", { signedIn: false }],
  ["sites", "/", {}, (page) => page.locator(".sparkline").nth(2).waitFor()],
  ["dashboard", "/example.kz", {}, settled],
  ["dashboard-30d", "/example.kz?range=30d&metric=visit_duration&devices=browser", {}, readOut],
  ["dashboard-empty", "/zhana-sait.kz", {}, (page) => page.getByTestId("snippet").getByText("script").waitFor()],
  ["calendar", "/example.kz?range=custom&from=2026-11-03&to=2026-11-12", {}, opened("range-custom")],
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
          await prepare?.(page);
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
