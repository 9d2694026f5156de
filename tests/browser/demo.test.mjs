// The main job, end to end: a visitor walks through the demo site, and staff see it, in each language, while it happens.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NOTHING_KEPT, eventually, kept, launch, watchedContext } from './browser.mjs';
import { LANGUAGES, assertReadable, currentVisitors, figure, openDashboard, rows, setUp, signIn } from './staff.mjs';
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
  const administrator = await staffContext();
  await setUp(await administrator.newPage(), sanaq.setupLink);
  administrator.assertQuiet();
  storageState = await administrator.storageState();
});
after(async () => {
  await browser?.close();
  await sanaq?.stop();
});

/** A person of the staff: an own profile, watched, allowed to talk to the staff listener only. */
const staffContext = (options) => watchedContext(browser, [sanaq.staff], options);

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

/** Follows a link of the demo; what the page before has left in the browser is nothing. */
async function walkTo(page, path) {
  assert.deepEqual(await kept(page), NOTHING_KEPT);
  await page.locator(`nav a[href="${path}"]`).click();
  await page.waitForURL(`**${path}`);
}

test('staff see a visit of three pages while it happens, in each language', async (t) => {
  // Without a country database, as here, the time zone decides the country.
  const visitor = await watchedContext(browser, [sanaq.public], { locale: 'kk-KZ', timezoneId: 'Asia/Almaty' });
  const page = await visitor.newPage();

  // Three members of staff, each looking at the dashboard in another language.
  const watchers = await Promise.all(
    LANGUAGES.map(async (language) => {
      const context = await staffContext({ storageState, viewport: WINDOWS.desktop });
      const dashboard = await context.newPage();
      await openDashboard(dashboard, sanaq.staff, DOMAIN, language);
      return { language, context, dashboard };
    }),
  );
  /** Waits until every dashboard shows what `check` wants, and notes it when that took longer than promised from `since` on. */
  const late = [];
  const shown = async (since, what, check) => {
    const took = await Promise.all(
      watchers.map(async ({ language, dashboard }) => {
        let last;
        await eventually(
          `${what} (${language})`,
          async () => {
            last = await check(dashboard);
            return last === true;
          },
        ).catch((error) => {
          throw new Error(`${error.message}; shown: ${JSON.stringify(last)}`);
        });
        return Date.now() - since;
      }),
    );
    t.diagnostic(`${what}: shown after ${took.join(', ')} ms`);
    if (Math.max(...took) > SHOWN_WITHIN_MS) late.push(`${what}: ${took}`);
  };
  /** True when these figures are shown, else what is shown instead. */
  const figures = (expected) => async (dashboard) => {
    const now = {};
    for (const metric in expected) now[metric] = await figure(dashboard, metric);
    return Object.entries(expected).every(([metric, value]) => now[metric] === value) || now;
  };

  // How long the visitor at least looked, and at most: by the clock outside, for what a page that is gone has sent can't be seen.
  let atLeastMs = 0;
  let since = Date.now();
  const opened = since;
  /** Leaves the page for good; the next one has been opened when this is over. */
  const leave = async (act) => {
    atLeastMs += Date.now() - since;
    await act();
    since = Date.now();
  };

  // First page, from Telegram.
  await page.goto(`${sanaq.public}/demo/`, { referer: 'https://t.me/sanaq' });
  since = Date.now();
  const first = await justBeforeStored(1);
  await shown(first, 'first page', figures({ visitors: 1, visits: 1, pageviews: 1 }));
  await shown(first, 'source', async (dashboard) => {
    const sources = await rows(dashboard, 'sources');
    return sources.Telegram === 1 || sources;
  });
  await shown(first, 'current visitor', async (dashboard) => {
    const current = await currentVisitors(dashboard);
    return current === 1 || current;
  });

  // A second, by the link on the page.
  await leave(() => walkTo(page, '/demo/about'));
  await shown(await justBeforeStored(3), 'second page', figures({ visitors: 1, visits: 1, pageviews: 2 }));

  // A third, and at once a link out of the site, opened beside it.
  await leave(() => walkTo(page, '/demo/projects'));
  const target = await page.locator('a[href]').evaluateAll((links) => links.find((a) => a.host !== location.host)?.href);
  await page.locator(`a[href="${target}"]`).first().click({ button: 'middle' });
  await shown(await justBeforeStored(6), 'third page', figures({ visitors: 1, visits: 1, pageviews: 3 }));

  // The visitor reads on, and closes the page: its report comes alone.
  await leave(() => page.close({ runBeforeUnload: true }));
  const left = await justBeforeStored(7);
  const atMostMs = Date.now() - opened;
  await shown(left, 'engaged time', async (dashboard) => {
    const seconds = await figure(dashboard, 'engaged_time');
    return (seconds >= Math.floor(atLeastMs / 1000) && seconds <= Math.ceil(atMostMs / 1000)) || { seconds, atLeastMs, atMostMs };
  });
  await shown(left, 'the whole visit', figures({ visitors: 1, visits: 1, pageviews: 3, bounce_rate: 0 }));

  assert.deepEqual(late, [], `shown within ${SHOWN_WITHIN_MS} ms`);

  assert.deepEqual(await sanaq.outcomes(), { stored: 7 });
  for (const { dashboard, language, context } of watchers) {
    assert.deepEqual(await rows(dashboard, 'pages'), { '/demo/': 1, '/demo/about': 1, '/demo/projects': 1 });
    assert.deepEqual(await rows(dashboard, 'countries'), { KZ: 1 });
    assert.deepEqual(await rows(dashboard, 'devices'), { Desktop: 1 });
    await assertReadable(dashboard, language);
    context.assertQuiet();
  }
  visitor.assertQuiet([target]);
  assert.deepEqual(await visitor.cookies(), []);
});

for (const [device, viewport] of Object.entries(WINDOWS)) {
  for (const colorScheme of ['light', 'dark']) {
    test(`the dashboard on a ${device}, ${colorScheme}, in each language`, async () => {
      const context = await staffContext({ viewport, colorScheme, deviceScaleFactor: 2 });
      const page = await context.newPage();
      await signIn(page, sanaq.staff);
      for (const language of LANGUAGES) {
        await openDashboard(page, sanaq.staff, DOMAIN, language);
        await eventually('the visit', async () => (await figure(page, 'pageviews')) > 0);
        await assertReadable(page, language);
        await page.screenshot({ path: `${out}dashboard-${device}-${colorScheme}-${language}.png`, fullPage: device === 'phone' });
      }
      if (device === 'desktop' && colorScheme === 'light') {
        await page.screenshot({ path: process.env.SANAQ_WRITE_SCREENSHOTS === '1' ? readmePicture : `${out}dashboard.png` });
      }
      context.assertQuiet();
      await context.close();
    });
  }
}
