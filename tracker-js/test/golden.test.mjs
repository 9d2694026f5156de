// Golden beacons: the exact bodies that the built script sends. The collector's tests parse the same files.
// `npm run golden` writes them anew after a change that is meant.
import assert from 'node:assert/strict';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Page } from './page.mjs';
import { built } from './scripts.mjs';

const folder = new URL('../golden/', import.meta.url);
const open = (given) => new Page(given).load(built);
const campaign = {
  url: 'https://example.kz/kk/%D0%B1%D0%B5%D1%82?id=7&utm_source=telegram&utm_medium=post&utm_campaign=nauryz&utm_content=a&utm_term=b&gclid=EAIaIQ#top',
  referrer: 'https://t.me/s/sanaq?before=100',
};

const situations = {
  pageview: () => open(),
  'pageview-campaign': () => open(campaign),
  'pageview-hash-routing': () => open({ url: 'https://example.kz/app#/orders', attributes: { hash: '' } }),
  'pageview-opted-out': () => open({ ...campaign, navigator: { globalPrivacyControl: true } }),
  'pageview-two-sites': () => open({ attributes: { site: 'example.kz,all.example.kz' } }),
  'event-props-revenue': () =>
    open(campaign).event('Тіркелу', {
      props: { lang: 'kk', seats: 3, trial: true },
      revenue: { amount: 4990.5, currency: 'KZT' },
    }),
  'event-revenue-text': () => open().event('Purchase', { revenue: { amount: '9.90', currency: 'USD' } }),
  'event-non-interactive': () => open().event('Video: Autoplay', { interactive: false }),
  'event-outbound-link': () => open().click('https://other.example/kk/article?token=1'),
  'engagement-scrolled': () => open(campaign).wait(12_345).scrollTo(900).leave(),
  'engagement-no-height': () => open({ height: 0 }).wait(4086).leave(),
  'engagement-second': () => open().wait(2000).hide().show().wait(4000.6).scrollTo(1200).hide(),
  'event-download': () => open().click('https://example.kz/files/esep.pdf?v=2'),
  'event-form': () => open({ url: 'https://example.kz/kk/%D0%B1%D0%B5%D1%82' }).submit(),
  'event-tagged': () => open().click(undefined, { dataset: { sanaqEvent: 'Apply', sanaqProps: '{"place":"top","step":2}' } }),
  'event-missing-page': () => open({ url: 'https://example.kz/%D0%B6%D0%BE%D2%9B', status: 404 }),
  'pageview-canonical': () =>
    open({ ...campaign, canonical: 'https://example.kz/bet', attributes: { canonical: 'link[rel=canonical]' } }),
  vitals: () =>
    open().event('vitals', {
      u: 'https://example.kz/kk/bet',
      props: { ttfb: 81, fcp: 640, lcp: 1312, cls: 43, inp: 96 },
      interactive: false,
    }),
};

const write = process.env.SANAQ_WRITE_GOLDEN === '1';
if (write) for (const file of await readdir(folder)) await rm(new URL(file, folder));

for (const [name, reach] of Object.entries(situations)) {
  test(`golden beacon ${name}`, async () => {
    const body = reach().bodies.at(-1);
    const file = new URL(`${name}.json`, folder);
    if (write) await writeFile(file, body);
    assert.equal(body, await readFile(file, 'utf8'));
  });
}

test('every golden file belongs to a situation', async () => {
  assert.deepEqual((await readdir(folder)).sort(), Object.keys(situations).map((name) => `${name}.json`).sort());
});
