// The main job, end to end: a visitor walks through the demo site, and staff see it, in each language, while it happens.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { fileURLToPath } from 'node:url';
import { NOTHING_KEPT, eventually, kept, launch, watchedContext } from './browser.mjs';
import { LANGUAGES, assertReadable, board, openDashboard, setUp, signIn, speak } from './staff.mjs';
import { startSanaq } from './start.mjs';

/** What staff are promised: from the collector's answer to the number on the screen. */
const SHOWN_WITHIN_MS = 2000;
const WINDOWS = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

/** The site that the demo's pages name. */
const DOMAIN = 'demo.sanaq.kz';

const out = fileURLToPath(new URL('out/', import.meta.url));
const readmePicture = fileURLToPath(new URL('../../docs/dashboard.png', import.meta.url));

let sanaq;
let browser;
let storageState;

before(async () => {
  await mkdir(out, { recursive: true });
  sanaq = await startSanaq('--demo');
  browser = await launch();
  const administrator = await watchedContext(browser, [sanaq.staff]);
  await setUp(await administrator.newPage(), sanaq.setupLink);
  administrator.assertQuiet();
  storageState = await administrator.storageState();
  await administrator.close();
});
after(async () => {
  await browser?.close();
  await sanaq?.stop();
});

/** A person: an own profile, watched, allowed to talk to one listener only, gone when the test is over. */
async function person(t, origin, options) {
  const context = await watchedContext(browser, [origin], options);
  t.after(() => context.close());
  return context;
}

/**
 * The time at which this many beacons were not yet acknowledged, a moment before they are: answers to a page that is
 * gone are not seen from within the browser, so the collector's counter tells. The clock starts too early rather than too late.
 */
async function justBeforeStored(count) {
  let earlier = Date.now();
  await eventually(`${count} beacons are stored`, async () => {
    const asked = Date.now();
    const { stored = 0 } = await sanaq.outcomes();
    if (stored >= count) return true;
    earlier = asked;
    return false;
  });
  return earlier;
}

/**
 * Waits until the dashboard shows this, in each language; fails when that is later than promised from `since` on.
 * A value may be a function that says whether the number is right.
 */
async function shows(t, dashboard, since, what, expected) {
  const right = (shown) =>
    Object.entries(expected).every(([key, value]) =>
      typeof value === 'function' ? value(shown[key]) : isDeepStrictEqual(shown[key], value),
    );
  let shown;
  await eventually(what, async () => right((shown = await board(dashboard)))).catch((error) => {
    throw new Error(`${error.message}; shown: ${JSON.stringify(shown)}`);
  });
  const first = Date.now() - since;
  for (const language of LANGUAGES) {
    await speak(dashboard, language);
    shown = await board(dashboard);
    assert.ok(right(shown), `${what}, ${language}: ${JSON.stringify(shown)}`);
  }
  const all = Date.now() - since;
  t.diagnostic(`${what}: shown after ${first} ms, in each language after ${all} ms`);
  assert.ok(all <= SHOWN_WITHIN_MS, `${what}: shown after ${first} ms, in each language after ${all} ms`);
}

test('staff see a visit of three pages while it happens, in each language', async (t) => {
  const staff = await person(t, sanaq.staff, { storageState, viewport: WINDOWS.desktop });
  const dashboard = await staff.newPage();
  await openDashboard(dashboard, sanaq.staff, DOMAIN);
  // Without a country database, as here, the time zone decides the country.
  const visitor = await person(t, sanaq.public, { locale: 'kk-KZ', timezoneId: 'Asia/Almaty' });
  const page = await visitor.newPage();

  // How long the visitor at least looked, and at most: by the clock outside, for what a page that is gone has sent can't be seen.
  let atLeastMs = 0;
  const opened = Date.now();
  let since;
  /** Leaves the page for good; the next one has been opened when this is over. */
  const leave = async (act) => {
    assert.deepEqual(await kept(page), NOTHING_KEPT);
    atLeastMs += Date.now() - since;
    await act();
    since = Date.now();
  };
  const walkTo = (path) =>
    leave(async () => {
      await page.locator(`nav a[href="${path}"]`).click();
      await page.waitForURL(`**${path}`);
    });

  await page.goto(`${sanaq.public}/demo/`, { referer: 'https://t.me/sanaq' });
  since = Date.now();
  await shows(t, dashboard, await justBeforeStored(1), 'first page', {
    current: 1,
    visitors: 1,
    visits: 1,
    pageviews: 1,
    pages: { '/demo/': 1 },
    sources: { Telegram: 1 },
    countries: { KZ: 1 },
    devices: { Desktop: 1 },
  });

  await walkTo('/demo/about');
  await shows(t, dashboard, await justBeforeStored(3), 'second page', { visitors: 1, visits: 1, pageviews: 2 });

  await walkTo('/demo/projects');
  await shows(t, dashboard, await justBeforeStored(5), 'third page', { visitors: 1, visits: 1, pageviews: 3 });

  // A link out of the site.
  const target = await page.locator('a[href]').evaluateAll((links) => links.find((a) => a.host !== location.host)?.href);
  await leave(async () => {
    await page.locator(`a[href="${target}"]`).first().click();
    await page.waitForURL(target);
  });
  const left = await justBeforeStored(7);
  const atMostMs = Date.now() - opened;
  await shows(t, dashboard, left, 'the whole visit', {
    current: 1,
    visitors: 1,
    visits: 1,
    pageviews: 3,
    bounce_rate: 0,
    engaged_time: (seconds) => seconds >= Math.floor(atLeastMs / 1000) && seconds <= Math.ceil(atMostMs / 1000),
    pages: { '/demo/': 1, '/demo/about': 1, '/demo/projects': 1 },
    sources: { Telegram: 1 },
    countries: { KZ: 1 },
    devices: { Desktop: 1 },
  });

  assert.deepEqual(await sanaq.outcomes(), { stored: 7 });
  staff.assertQuiet();
  visitor.assertQuiet([target]);
  assert.deepEqual(await visitor.cookies(), []);
});

for (const [device, viewport] of Object.entries(WINDOWS)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`the dashboard on a ${device}, ${colorScheme}, in each language`, async (t) => {
      const context = await person(t, sanaq.staff, { viewport, colorScheme, deviceScaleFactor: 2 });
      const page = await context.newPage();
      const picture = (path) => page.screenshot({ path, fullPage: true });
      await signIn(page, sanaq.staff);
      await openDashboard(page, sanaq.staff, DOMAIN);
      for (const language of LANGUAGES) {
        await speak(page, language);
        await assertReadable(page, language);
        await picture(`${out}dashboard-${device}-${colorScheme}-${language}.png`);
      }
      if (device === 'desktop' && colorScheme === 'light' && process.env.SANAQ_WRITE_SCREENSHOTS === '1') {
        await picture(readmePicture);
      }
      context.assertQuiet();
    });
  }
}

test('a report that comes alone renews the figures too', async (t) => {
  const staff = await person(t, sanaq.staff, { storageState });
  const dashboard = await staff.newPage();
  await openDashboard(dashboard, sanaq.staff, DOMAIN);
  const { stored = 0 } = await sanaq.outcomes();
  const { pageviews, engaged_time: engagedBefore } = await board(dashboard);

  const visitor = await person(t, sanaq.public, { timezoneId: 'Asia/Almaty' });
  const page = await visitor.newPage();
  await page.goto(`${sanaq.public}/demo/contacts`);
  await shows(t, dashboard, await justBeforeStored(stored + 1), 'the view', { pageviews: pageviews + 1 });
  await eventually('the visitor has read a while', () => page.evaluate(() => performance.now() > 2000));
  await page.close({ runBeforeUnload: true });
  await shows(t, dashboard, await justBeforeStored(stored + 2), 'the report', {
    engaged_time: (seconds) => seconds > engagedBefore,
  });
  staff.assertQuiet();
  visitor.assertQuiet();
});
