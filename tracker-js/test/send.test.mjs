import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Page } from './page.mjs';
import { built, scripts } from './scripts.mjs';

for (const [shape, script] of scripts) {
  const open = (given) => new Page(given).load(script);

  describe(`${shape}: sending`, () => {
    test('goes to the origin the script came from, or where data-api says', () => {
      const to = (given) => String(open(given).requests[0][0]);
      assert.equal(to(), 'https://stats.example.org/api/event');
      assert.equal(to({ attributes: { api: '/x/e' } }), 'https://stats.example.org/x/e');
      assert.equal(to({ attributes: { api: 'https://other.example/e' } }), 'https://other.example/e');
      assert.equal(to({ src: 'https://example.kz/count/js/other-name.js' }), 'https://example.kz/count/api/event', 'a proxied folder');
    });

    test('outlives the page, needs no preflight and takes neither cookies nor the address of the page along', () => {
      const { body, ...options } = open().requests[0][1];
      assert.equal(typeof body, 'string');
      // Minified, a boolean may have become a number: to the browser it is the same.
      options.keepalive = !!options.keepalive;
      assert.deepEqual(options, { method: 'POST', keepalive: true, credentials: 'omit', referrerPolicy: 'no-referrer' });
    });

    test('uses sendBeacon where a fetch would be cut off', () => {
      const page = open({ keepalive: false }).wait(5).leave();
      assert.deepEqual(page.requests.map(([, how]) => how), ['beacon', 'beacon']);
      assert.deepEqual(page.beacons.map(({ n }) => n), ['pageview', 'engagement']);
    });

    test('data-debug prints each beacon and what the collector made of it', async () => {
      const page = open({
        attributes: { debug: '' },
        fetch: async () => new Response('ok', { status: 202, headers: { 'x-sanaq-dropped': 'unknown_site' } }),
      });
      await new Promise(setImmediate);
      assert.equal(page.log[0][0], 'sanaq');
      assert.equal(JSON.parse(page.log[0][1]).n, 'pageview');
      const answer = page.log[1][1];
      assert.deepEqual([answer.status, answer.headers.get('x-sanaq-dropped')], [202, 'unknown_site']);
    });
  });

  describe(`${shape}: a page that breaks what we need is not harmed`, () => {
    const broken = {
      'fetch throws': { fetch: () => { throw new Error('no'); } },
      'fetch rejects': { fetch: () => Promise.reject(new TypeError('offline')) },
      'fetch is not a promise': { fetch: () => undefined },
      'fetch is gone': { fetch: undefined },
      'performance is gone': { performance: undefined },
      'history is frozen': { navigationApi: false, history: Object.freeze({ pushState() {}, replaceState() {} }) },
      'Request is gone': { Request: undefined, keepalive: false },
      'screen is gone': { screen: undefined },
    };
    for (const [what, given] of Object.entries(broken)) {
      test(what, async () => {
        const unhandled = [];
        const note = (error) => unhandled.push(error);
        process.on('unhandledRejection', note);
        const page = open(given);
        page.event('Signup').wait(5000).scrollTo(10).push('/a').leave().show();
        await new Promise(setImmediate);
        process.off('unhandledRejection', note);
        assert.deepEqual(unhandled, []);
      });
    }

    test('the script element is not known', () => {
      const page = new Page();
      page.document.currentScript = null;
      assert.deepEqual(page.load(script).bodies, []);
    });
  });

  test(`${shape}: nothing but sanaq becomes global`, () => {
    const page = new Page();
    const before = Object.keys(page.window);
    page.load(script);
    assert.deepEqual(Object.keys(page.window).filter((name) => !before.includes(name)), ['sanaq']);
  });
}

test('the built script names no storage but the opt-out it reads, no fingerprinting surface and nothing a strict policy forbids', () => {
  const forbidden = /cookie|localStorage(?!\.sanaq_ignore\b(?!\s*=[^=]))|setItem|sessionStorage|indexedDB|caches|serviceWorker|getContext|AudioContext|fonts|plugins|hardwareConcurrency|userAgent|document\.title|\beval\b|Function\(|innerHTML|createElement/;
  assert.doesNotMatch(built, forbidden);
  for (const caught of ['document.cookie', 'localStorage.id', 'localStorage.sanaq_ignore=1']) assert.match(caught, forbidden);
});
