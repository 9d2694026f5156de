// A reader of a shared link, without an account: numbers, funnels of staff's goals, journeys; and staff save what they see.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { eventually, launch, watchedContext } from './browser.mjs';
import { LANGUAGES, assertReadable, openDashboard, setUp, speak } from './staff.mjs';
import { AGENT, startSanaq } from './start.mjs';

/** The site that the demo's pages name. */
const DOMAIN = 'demo.sanaq.kz';
const VISITORS = 12;

let sanaq;
let browser;
let staff;
let slug;

before(async () => {
  sanaq = await startSanaq('--demo');
  browser = await launch();
  staff = await watchedContext(browser, [sanaq.staff], { acceptDownloads: true });
  const page = await staff.newPage();
  await setUp(page, sanaq.setupLink);
  slug = await page.evaluate(async (site) => {
    const { csrf } = await (await fetch('/api/session')).json();
    const make = async (what, body) => {
      const headers = { 'content-type': 'application/json', 'x-sanaq-csrf': csrf };
      const answer = await fetch(`/api/sites/${site}/${what}`, { method: 'POST', headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${what}: ${await answer.text()}`);
      return answer.json();
    };
    const home = await make('goals', { name: 'Home', kind: 'page', page: '/demo/' });
    const about = await make('goals', { name: 'About', kind: 'page', page: '/demo/about' });
    await make('funnels', { name: 'To know us', steps: [home.id, about.id] });
    return (await make('links', { name: 'For the council' })).url.split('/').at(-1);
  }, DOMAIN);
  // More than the public may be told of alone, each on two pages.
  for (let visitor = 0; visitor < VISITORS; visitor += 1) {
    for (const path of ['/demo/', '/demo/about']) {
      const agent = AGENT.replace('Chrome/148', `Chrome/${130 + visitor}`);
      const view = { n: 'pageview', u: `https://${DOMAIN}${path}`, d: DOMAIN, r: path === '/demo/' ? 'https://t.me/sanaq' : null };
      const headers = { 'user-agent': agent, 'content-type': 'text/plain' };
      await fetch(`${sanaq.public}/api/event`, { method: 'POST', headers, body: JSON.stringify(view) });
    }
  }
  await eventually('the views are stored', async () => (await sanaq.outcomes()).stored >= 2 * VISITORS);
});
after(async () => {
  await browser?.close();
  await sanaq?.stop();
});

test('a reader sees the numbers, the funnel that staff laid down and the journeys, and asks for nothing of staff', async (t) => {
  const reader = await watchedContext(browser, [sanaq.staff]);
  t.after(() => reader.close());
  const page = await reader.newPage();
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  // Readers have no live stream: the page is as of when it was opened.
  await eventually('a reader who opens the link sees all views', async () => {
    await page.goto(`${sanaq.staff}/share/${slug}`);
    await page.locator('[data-testid=tile-pageviews]:not([data-value=""])').waitFor();
    return page.locator(`[data-testid=tile-pageviews][data-value="${2 * VISITORS}"]`).count();
  });
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.getByTestId('funnels').getByText('To know us').waitFor();
  await page.getByTestId('journeys').waitFor();
  for (const language of LANGUAGES) {
    await speak(page, language);
    await assertReadable(page, language);
    assert.equal(await page.getByRole('alert').count(), 0, `${language}: nothing is refused`);
  }
  const api = asked.filter((path) => path.startsWith('/api/'));
  assert.ok(api.length > 0 && api.every((path) => path.startsWith(`/api/shared/${slug}`)), api.join(' '));
  reader.assertQuiet();
});

test('the details of a panel are saved as they are shown', async () => {
  const page = await staff.newPage();
  await openDashboard(page, sanaq.staff, DOMAIN);
  await speak(page, 'en');
  await page.getByTestId('details-sources').click();
  await page.getByTestId('details').locator('tr[data-key="Telegram"][data-value="12"]').waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('save-csv').click()]);
  const lines = (await readFile(await file.path(), 'utf8')).replace('\ufeff', '').split('\r\n');
  assert.match(lines[0], /^Source,Visitors,/);
  assert.match(lines[1], /^Telegram,12,/);
  assert.deepEqual(lines.slice(2), ['']);
  staff.assertQuiet();
});
