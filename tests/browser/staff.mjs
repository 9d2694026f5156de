// What a member of staff does in the interface, by its test ids (dashboards/web/README.md).
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
  page.context().forgive(/ 401 .*\/api\/start/);
  await page.getByTestId('signin-email').fill(ADMINISTRATOR.email);
  await page.getByTestId('signin-password').fill(ADMINISTRATOR.password);
  await page.getByTestId('signin-submit').click();
  await page.getByTestId('site').first().waitFor();
}

/** Opens a site's dashboard and waits for its numbers. */
export async function openDashboard(page, staff, domain) {
  await page.goto(`${staff}/${domain}`);
  await page.locator('[data-testid=tile-visitors]:not([data-value=""])').waitFor();
}

/** Switches the language of whatever is shown. */
export async function speak(page, language) {
  await page.getByTestId(`lang-${language}`).click();
  await page.locator(`html[lang=${language}]`).waitFor();
}

/** The numbers behind what is shown: each figure, `current` visitors, and the lists as `{Telegram: 1}`; null for none. */
export const board = (page) =>
  page.evaluate(() => {
    const number = (value) => (value ? Number(value) : null);
    const hook = (name) => document.querySelectorAll(`[data-testid^="${name}"]`);
    const shown = { current: number(hook('current-visitors')[0]?.dataset.value) };
    for (const { dataset } of hook('tile-')) shown[dataset.testid.slice('tile-'.length)] = number(dataset.value);
    for (const list of hook('list-')) {
      const rows = [...list.querySelectorAll('tr[data-key]')];
      shown[list.dataset.testid.slice('list-'.length)] = Object.fromEntries(
        rows.map(({ dataset }) => [dataset.key, number(dataset.value)]),
      );
    }
    return shown;
  });

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
