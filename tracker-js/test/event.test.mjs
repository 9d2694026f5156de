import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Page } from './page.mjs';
import { scripts } from './scripts.mjs';

for (const [shape, script] of scripts) {
  const open = (given) => new Page(given).load(script);

  describe(`${shape}: custom events`, () => {
    test('carry properties, revenue and the page', () => {
      const { n, u, p, $, i } = open().event('Signup', {
        props: { plan: 'pro', seats: 3 },
        revenue: { amount: 10.5, currency: 'KZT' },
      }).last;
      assert.deepEqual({ n, u, p, $, i }, {
        n: 'Signup',
        u: 'https://example.kz/kk/bet',
        p: { plan: 'pro', seats: 3 },
        $: { amount: 10.5, currency: 'KZT' },
        i: undefined,
      });
    });

    test('say that they are not interactive only when they are not', () => {
      assert.equal(open().event('Ad', { interactive: false }).last.i, false);
      assert.equal(open().event('Ad', { interactive: true }).last.i, undefined);
      assert.equal(open().event('Ad').last.i, undefined);
    });

    test('called before the script has loaded follow the pageview, in order', () => {
      const page = new Page();
      const early = (...call) => (early.q = early.q || []).push(call);
      page.window.sanaq = early;
      early('First');
      early('Second', { props: { a: 1 } });
      page.load(script).event('Third');
      assert.deepEqual(page.story.map(([name]) => name), ['pageview', 'First', 'Second', 'Third']);
      assert.deepEqual(page.beacons[2].p, { a: 1 });
    });

    test('of a page not yet seen wait until it is', () => {
      const page = open({ hidden: true }).event('Early');
      assert.deepEqual(page.bodies, []);
      assert.deepEqual(page.show().story.map(([name]) => name), ['pageview', 'Early']);
    });

    test('one that cannot be sent does not hold up the others', () => {
      const page = new Page();
      const circle = {};
      circle.circle = circle;
      page.window.sanaq = Object.assign(() => {}, { q: [['Bad', { props: circle }], ['Bad', null], ['Good']] });
      assert.deepEqual(page.load(script).story.map(([name]) => name), ['pageview', 'Good']);
    });
  });

  describe(`${shape}: outbound links`, () => {
    const count = (page) => page.beacons.filter(({ n }) => n === 'Outbound Link: Click').length;

    test('are counted with host and path only', () => {
      const { n, p } = open().click('https://user:pw@other.example:8443/a/b?token=1#x').last;
      assert.deepEqual([n, p], ['Outbound Link: Click', { url: 'other.example:8443/a/b' }]);
    });

    test('count with the middle button, not with the right one', () => {
      assert.equal(count(open().click('https://other.example/', { type: 'auxclick', button: 1 })), 1);
      assert.equal(count(open().click('https://other.example/', { type: 'auxclick', button: 2 })), 0);
    });

    test('are links to web pages of another host', () => {
      const page = open().click('https://example.kz/other').click('mailto:a@b.kz').click('tel:+77010000000').click('tg://resolve');
      assert.equal(count(page.click(undefined)), 0);
    });
  });
}
