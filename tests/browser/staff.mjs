// What a member of staff does in the interface, by its test ids (see the components in dashboards/web/src/parts).
import assert from 'node:assert/strict';

export const LANGUAGES = ['kk', 'ru', 'en'];

export const ADMINISTRATOR = { email: 'aigul@example.kz', password: 'a long enough passphrase' };

/** Opens the one-time link and becomes the first administrator. */
export async function setUp(page, link) {
  await page.goto(link);
  await page.getByTestId('setup-email').fill(ADMINISTRATOR.email);
  await page.getByTestId('setup-password').fill(ADMINISTRATOR.password);
  await page.getByTestId('setup-submit').click();
  await page.getByTestId('site').first().waitFor();
}

/** Signs in with the password. */
export async function signIn(page, staff) {
  await page.goto(staff);
  await page.getByTestId('signin-form').waitFor();
  // Who is signed out is told so with a 401, which Chromium prints.
  page.context().forgive(/ 401 .*\/api\/session$/);
  await page.getByTestId('signin-email').fill(ADMINISTRATOR.email);
  await page.getByTestId('signin-password').fill(ADMINISTRATOR.password);
  await page.getByTestId('signin-submit').click();
  await page.getByTestId('site').first().waitFor();
}

/** Opens a site's dashboard in a language and waits for its numbers. */
export async function openDashboard(page, staff, domain, language) {
  await page.goto(`${staff}/${domain}`);
  await page.getByTestId(`lang-${language}`).click();
  await page.locator(`html[lang=${language}]`).waitFor();
  await figureElement(page, 'visitors').waitFor();
}

const figureElement = (page, metric) => page.getByTestId(`tile-${metric}`);

/** The number behind a figure; NaN as long as there is none. */
export const figure = async (page, metric) =>
  Number.parseFloat(await figureElement(page, metric).getAttribute('data-value'));

/** Rows of a list as `{Telegram: 1}`. */
export const rows = (page, list) =>
  page
    .locator(`[data-testid=list-${list}] tr[data-key]`)
    .evaluateAll((found) => Object.fromEntries(found.map(({ dataset }) => [dataset.key, Number(dataset.value)])));

export const currentVisitors = async (page) =>
  Number(await page.getByTestId('current-visitors').getAttribute('data-value'));

/** The page scrolls down only, and says nothing that a missing word or format would leave behind. */
export async function assertReadable(page, language) {
  const { text, width, seen } = await page.evaluate(() => ({
    text: document.body.innerText,
    width: document.documentElement.scrollWidth,
    seen: document.documentElement.clientWidth,
  }));
  assert.ok(width <= seen, `${language}: the page is ${width} px wide in a window of ${seen} px`);
  assert.doesNotMatch(text, /undefined|NaN|\[object|\bM\d\d\b/, language);
}
