// What only Chromium lets a test look into: its counters, its lifecycle, its prerenderer. Against the real collector.
import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { eventually, launch } from './browser.mjs';
import { DOMAIN, startSite } from './fixture-site.mjs';
import { AGENT, startSanaq } from './start.mjs';

const PATIENCE_MS = 30_000;
const NAVIGATIONS = 200;

let sanaq;
let browser;
let site;
let context;
let page;

before(async () => {
  sanaq = await startSanaq();
  await sanaq.cli('site', 'add', DOMAIN, '--timezone', new Date().getUTCHours() < 12 ? 'Asia/Almaty' : 'America/New_York');
  await sanaq.cli('site', 'set', DOMAIN, '--allow-host', '127.0.0.1');
  await sanaq.takes(DOMAIN, 'http://127.0.0.1/');
  browser = await launch({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });
});
after(async () => {
  await browser?.close();
  await sanaq?.stop();
});
beforeEach(async () => {
  site = await startSite(sanaq.public);
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(async () => {
  await context.close();
  site.stop();
});

const arrived = (count) => eventually(`${count} beacons among ${JSON.stringify(site.story)}`, () => site.beacons.length >= count, PATIENCE_MS);
const lookedAt = () => eventually('a moment has passed', () => page.evaluate(() => performance.now() > 50), PATIENCE_MS);
const devTools = async () => {
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable');
  const metric = async (name) => (await session.send('Performance.getMetrics')).metrics.find((entry) => entry.name === name).value;
  return { session, metric };
};

test(`${NAVIGATIONS} navigations leave no listener and no memory behind`, { timeout: 3 * PATIENCE_MS }, async () => {
  await page.goto(`${site.origin}/spa.html`);
  await arrived(1);
  const { session, metric } = await devTools();
  const navigate = (count) =>
    page.evaluate(async (many) => {
      for (let i = 0; i < many; i += 1) {
        history.pushState({}, '', `/spa/${i % 2 ? 'a' : 'b'}`);
        // Time for a page to be looked at, so that each is reported.
        await new Promise(requestAnimationFrame);
      }
    }, count);
  const settled = async () => {
    const sent = site.beacons.length;
    await page.evaluate(() => window.sanaq('Last'));
    await eventually('all has been answered', () => site.named('Last').length && site.beacons.length > sent, PATIENCE_MS);
    await session.send('HeapProfiler.collectGarbage');
    return { listeners: await metric('JSEventListeners'), heap: await metric('JSHeapUsedSize') };
  };
  /** In small steps: browsers refuse more than 64 KiB of requests that may outlive the page. */
  const navigateAndCount = async (count) => {
    for (let done = 0; done < count; done += 10) {
      const counted = site.named('pageview').length;
      await navigate(10);
      await eventually('they are counted', () => site.named('pageview').length === counted + 10, PATIENCE_MS);
    }
  };
  await navigateAndCount(20);
  const before = await settled();
  await navigateAndCount(NAVIGATIONS);
  const later = await settled();
  assert.equal(later.listeners, before.listeners);
  // One string of an address kept for each would be more than this.
  assert.ok(later.heap - before.heap < NAVIGATIONS * 500, `${later.heap - before.heap} B more`);
  // The control: a listener for each navigation would be seen.
  await page.evaluate((many) => {
    for (let i = 0; i < many; i += 1) addEventListener('click', () => i);
  }, NAVIGATIONS);
  assert.ok((await metric('JSEventListeners')) >= before.listeners + NAVIGATIONS);
});

test('a tab that is hidden, frozen and thrown away has told all there was', { timeout: 3 * PATIENCE_MS }, async () => {
  await page.goto(`${site.origin}/page.html`);
  await arrived(1);
  await lookedAt();
  const { session } = await devTools();
  // What the browser says when another tab takes its place: headless windows are never covered.
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  });
  await arrived(2);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  // Thrown away: the process is gone, no event is fired.
  const gone = new Promise((resolve) => page.once('crash', resolve));
  session.send('Page.crash').catch(() => {});
  await gone;
  assert.deepEqual(site.story, [['pageview', '/page.html'], ['engagement', '/page.html']]);
});

// Playwright forbids prerendering (the browser says `PrerenderingDisabledByDevTools`); Puppeteer lets it be.
test('a prerendered page counts when it is shown, once', { timeout: 3 * PATIENCE_MS }, async (t) => {
  const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
  const other = await puppeteer.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', `--user-agent=${AGENT}`] });
  t.after(() => other.close());
  const tab = await other.newPage();
  await tab.goto(`${site.origin}/no-vitals.html`);
  await arrived(1);
  await tab.evaluate(() => {
    const rules = Object.assign(document.createElement('script'), { type: 'speculationrules' });
    rules.textContent = JSON.stringify({ prerender: [{ source: 'list', urls: ['/prerendered.html'], eagerness: 'immediate' }] });
    document.head.append(rules);
    document.querySelector('a').href = '/prerendered.html';
  });
  const told = (what) => eventually(what, () => site.passed.some(({ path }) => path === `/js/pinned.json?${what}`), PATIENCE_MS);
  await told('prerendering=true&ran=true');
  // It has run in a page that nobody has seen.
  assert.deepEqual(site.story.filter(([name]) => name === 'pageview'), [['pageview', '/no-vitals.html']]);
  // The page that is asked goes away while it answers.
  tab.evaluate(() => document.querySelector('a').click()).catch(() => {});
  await told('activated=true');
  await eventually('the second view', () => site.named('pageview').length === 2, PATIENCE_MS);
  assert.deepEqual(site.named('pageview').map(({ u }) => new URL(u).pathname), ['/no-vitals.html', '/prerendered.html']);
});

test('scrolling a page that changes all the time makes the browser lay out no more than without the tracker', { timeout: 3 * PATIENCE_MS }, async () => {
  const layouts = async (path) => {
    await page.goto(site.origin + path);
    const { metric } = await devTools();
    const before = await metric('LayoutCount');
    await page.evaluate(async () => {
      document.body.style.minHeight = '20000px';
      // A page that dirties its layout in each scroll event, as many do.
      addEventListener('scroll', () => (document.body.style.paddingTop = `${scrollY % 7}px`));
      for (let i = 1; i <= 60; i += 1) {
        scrollTo(0, i * 50);
        await new Promise(requestAnimationFrame);
        await new Promise((done) => setTimeout(done));
      }
    });
    return (await metric('LayoutCount')) - before;
  };
  const without = await layouts('/noscript.html');
  const withTracker = await layouts('/next.html');
  assert.ok(without >= 30, `${without} layouts`);
  assert.ok(withTracker <= without * 1.2 + 5, `${withTracker} layouts instead of ${without}`);
});

test('without scripts a picture counts the page', { timeout: 3 * PATIENCE_MS }, async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const before = (await sanaq.outcomes()).stored ?? 0;
  await (await plain.newPage()).goto(`${site.origin}/noscript.html`);
  await eventually('the view is stored', async () => ((await sanaq.outcomes()).stored ?? 0) === before + 1, PATIENCE_MS);
  await plain.close();
  assert.deepEqual(site.passed.map(({ path }) => path.split('?')[0]), ['/api/pixel.gif']);
});

test('a page of another origin runs the pinned file with its hash, and not with another', { timeout: 3 * PATIENCE_MS }, async () => {
  const pinned = await (await fetch(`${sanaq.public}/js/pinned.json`)).json();
  await page.goto(`${site.origin}/noscript.html`);
  const load = (integrity) =>
    page.evaluate(
      (given) =>
        new Promise((done) => {
          const script = Object.assign(document.createElement('script'), { ...given, crossOrigin: 'anonymous' });
          script.onload = () => done(`ran: ${typeof window.sanaq}`);
          script.onerror = () => done(`refused: ${typeof window.sanaq}`);
          document.head.append(script);
        }),
      { src: `${sanaq.public}/js/${pinned['script.js'].name}`, integrity },
    );
  assert.equal(await load(pinned['vitals.js'].integrity), 'refused: undefined');
  assert.equal(await load(pinned['script.js'].integrity), 'ran: function');
});

test('served compressed, the script is as small as it was measured', { timeout: 3 * PATIENCE_MS }, async () => {
  for (const [coding, limit] of [['br', 1200], ['gzip', 1350]]) {
    const { createBrotliDecompress, createGunzip } = await import('node:zlib');
    const { get } = await import('node:http');
    const bytes = await new Promise((resolve, reject) =>
      get(`${sanaq.public}/js/script.js`, { headers: { 'accept-encoding': coding } }, (answer) => {
        assert.equal(answer.headers['content-encoding'], coding);
        let length = 0;
        answer.on('data', (chunk) => (length += chunk.length)).on('end', () => resolve(length)).on('error', reject);
        answer.pipe(coding === 'br' ? createBrotliDecompress() : createGunzip()).on('error', reject).resume();
      }).on('error', reject),
    );
    assert.ok(bytes <= limit, `${bytes} B ${coding}`);
  }
});
