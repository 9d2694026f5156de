import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Page } from './page.mjs';
import { scripts } from './scripts.mjs';

for (const [shape, script] of scripts) {
  const open = (given) => new Page(given).load(script);
  const reports = (page) => page.beacons.filter(({ n }) => n === 'engagement');

  describe(`${shape}: engagement`, () => {
    test('only time both visible and focused counts', () => {
      const page = open().wait(1000).blur().wait(10_000).focus().wait(3500).hide();
      assert.deepEqual(reports(page).map(({ e }) => e), [1000, 3500]);
      page.wait(60_000).show().wait(4000).hide();
      assert.deepEqual(reports(page).map(({ e }) => e), [1000, 3500, 4000]);
    });

    test('hiding a tab takes its focus too: still one report', () => {
      assert.equal(reports(open().wait(5000).blur().hide()).length, 1);
      assert.equal(reports(open().wait(5000).hide().blur()).length, 1);
    });

    test('a page that never had the focus has nothing to report', () => {
      assert.deepEqual(reports(open({ focused: false }).wait(5000).scrollTo(900).dispatch('pageshow', { persisted: false }).leave()), []);
    });

    test('a page opened without focus starts its clock with the focus', () => {
      assert.equal(open({ focused: false }).wait(5000).focus().wait(200).hide().last.e, 200);
    });

    test('leaving a page is one report, whatever order the browser tells it in', () => {
      assert.equal(reports(open().wait(5000).leave()).length, 1);
      const page = open().wait(5000).hide();
      assert.equal(reports(page.dispatch('pagehide')).length, 1);
    });

    test('even a short look is reported once', () => {
      assert.equal(open().wait(3).leave().last.e, 3);
    });

    test('a later report needs 3 s more or a deeper view, and loses no time', () => {
      const page = open().wait(100).hide();
      page.show().wait(2000).hide();
      assert.equal(reports(page).length, 1);
      page.show().wait(1001).hide();
      assert.deepEqual(reports(page).map(({ e }) => e), [100, 3001]);
      page.show().wait(10).scrollTo(700).hide();
      assert.deepEqual(reports(page).map(({ e, sd }) => [e, sd]), [[100, 40], [3001, 40], [10, 75]]);
    });

    test('a navigation reports on the page that is left, under its own address', () => {
      const page = open().wait(2000).scrollTo(1200).push('/kk/next').wait(400);
      page.window.scrollY = 0;
      page.leave();
      assert.deepEqual(
        page.beacons.map(({ n, u, e, sd }) => [n, new URL(u).pathname, e, sd]),
        [
          ['pageview', '/kk/bet', undefined, undefined],
          ['engagement', '/kk/bet', 2000, 100],
          ['pageview', '/kk/next', undefined, undefined],
          ['engagement', '/kk/next', 400, 40],
        ],
      );
    });

    test('an opaque element that takes the focus of the window back and forth costs nothing', () => {
      const page = open().wait(1000).dispatch('blur').wait(1000).dispatch('focus').wait(1000).leave();
      assert.equal(page.last.e, 3000);
    });
  });

  test(`${shape}: while a page loads, it is not laid out for our sake, with the focus elsewhere or here`, () => {
    for (const focused of [true, false]) {
      const page = new Page({ focused });
      let asked = 0;
      const watch = (owner, name, value) => Object.defineProperty(owner, name, { get: () => ((asked += 1), value) });
      watch(page.document.documentElement, 'scrollHeight', 2000);
      watch(page.window, 'innerHeight', 800);
      watch(page.window, 'scrollY', 0);
      page.load(script);
      assert.equal(page.bodies.length, 1);
      assert.equal(asked, 0);
      // The control: a report does look.
      page.focus().wait(500).hide();
      assert.ok(asked > 0);
    }
  });

  describe(`${shape}: scroll depth`, () => {
    const depth = (given, act = (page) => page) => act(open(given).wait(10)).leave().last.sd;

    test('is the furthest point seen, in percent of the whole page', () => {
      assert.equal(depth({}), 40);
      assert.equal(depth({}, (page) => page.scrollTo(500).scrollTo(100)), 65);
      assert.equal(depth({}, (page) => page.scrollTo(1200)), 100);
      assert.equal(depth({ height: 3000 }, (page) => page.scrollTo(1200.4)), 67);
    });

    test('takes content into account that grew later', () => {
      assert.equal(
        depth({}, (page) => {
          page.scrollTo(1200).document.documentElement.scrollHeight = 4000;
          return page;
        }),
        50,
      );
    });

    test('exceeds 100 where the page has shrunk or bounces: the collector takes that for 100', () => {
      assert.equal(depth({}, (page) => page.scrollTo(1300)), 105);
    });

    test('is 0 for a page without height, whose time is reported once it is worth it', () => {
      assert.equal(depth({ height: 0, viewport: 0 }, (page) => page.wait(4000)), 0);
      assert.equal(depth({ height: 0 }, (page) => page.wait(4000)), 0);
    });
  });
}
