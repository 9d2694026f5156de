// A foreign client, published and unmodified, pointed at our collector: what it sends is stored and counted.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { eventually, launch, watchedContext } from './browser.mjs';
import { startSanaq } from './start.mjs';

const DOMAIN = 'client.example';
// A zone where it is day now: midnight would part the visit.
const ZONE = new Date().getUTCHours() < 12 ? 'Asia/Almaty' : 'America/New_York';
let sanaq;
let browser;
let site;
let key;

/** A page that uses the npm package as its file stands. */
async function startSite(endpoint) {
  const files = {
    '/': ['text/html', '<!doctype html><title>A page</title><link rel="icon" href="data:,"><main style="height:4000px"></main><script type="module" src="/page.js"></script>'],
    '/page.js': [
      'text/javascript',
      `import { init, track } from '/plausible.js';
       init({ domain: '${DOMAIN}', endpoint: '${endpoint}', captureOnLocalhost: true });
       window.signUp = () => new Promise((callback) =>
         track('Signup', { props: { plan: 'pro' }, revenue: { amount: 9.9, currency: 'USD' }, callback }));`,
    ],
    '/plausible.js': ['text/javascript', await readFile(new URL(import.meta.resolve('@plausible-analytics/tracker')))],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[new URL(request.url, 'http://site').pathname] ?? [];
    response.writeHead(body ? 200 : 404, { 'content-type': `${type}; charset=utf-8` }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

const ask = async (question) => {
  const answer = await fetch(`${sanaq.staff}/api/v2/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ site_id: DOMAIN, date_range: 'day', ...question }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()).results;
};

before(async () => {
  sanaq = await startSanaq();
  await sanaq.cli('site', 'add', DOMAIN, '--timezone', ZONE);
  // Its pages stand on this machine.
  await sanaq.cli('site', 'set', DOMAIN, '--allow-host', '127.0.0.1');
  await sanaq.takes(DOMAIN, 'http://127.0.0.1/');
  key = await sanaq.cli('key', 'add', '--site', DOMAIN, '--scope', 'stats');
  site = await startSite(`${sanaq.public}/api/event`);
  // The client keeps still where it sees automation.
  browser = await launch({ args: ['--disable-blink-features=AutomationControlled'] });
});
after(async () => {
  await browser?.close();
  site?.stop();
  await sanaq?.stop();
});

test('@plausible-analytics/tracker 0.4.6: pageview, custom event and engagement are stored', async () => {
  const stored = async () => (await sanaq.outcomes()).stored ?? 0;
  const before = await sanaq.outcomes();
  const context = await watchedContext(browser, [site.origin, sanaq.public]);
  const page = await context.newPage();
  await page.clock.install();
  const viewed = page.waitForResponse(`${sanaq.public}/api/event`);
  await page.goto(`${site.origin}/?utm_source=telegram`);
  assert.equal((await viewed).status(), 202);
  assert.deepEqual(await page.evaluate(() => signUp()), { status: 202 });
  await page.clock.fastForward(5000);
  await page.goto('about:blank');
  await eventually('three beacons are stored', async () => (await stored()) - (before.stored ?? 0) === 3);
  assert.deepEqual({ ...(await sanaq.outcomes()), stored: 0 }, { ...before, stored: 0 }, 'nothing was dropped or refused');

  const metrics = ['visitors', 'visits', 'pageviews', 'events', 'engaged_time'];
  const totals = await eventually('they are counted', async () => {
    const [{ metrics: figures }] = await ask({ metrics });
    return figures[3] === 2 && figures[4] > 0 && figures;
  });
  assert.deepEqual(totals.slice(0, 4), [1, 1, 1, 2]);
  assert.ok(totals[4] >= 5 && totals[4] < 15, `${totals[4]} s engaged`);
  assert.deepEqual(await ask({ metrics: ['visitors'], dimensions: ['visit:source'] }), [{ metrics: [1], dimensions: ['Telegram'] }]);
  assert.deepEqual(await ask({ metrics: ['pageviews'], dimensions: ['event:page'] }), [{ metrics: [1], dimensions: ['/'] }]);
  context.assertQuiet();
});
