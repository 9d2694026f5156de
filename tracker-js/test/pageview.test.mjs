import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Page } from './page.mjs';
import { scripts } from './scripts.mjs';

for (const [shape, script] of scripts) {
  const open = (given) => new Page(given).load(script);

  describe(`${shape}: what counts as a pageview`, () => {
    test('the first load counts once, and says what the collector needs and no more', () => {
      assert.deepEqual(open().beacons, [
        { n: 'pageview', u: 'https://example.kz/kk/bet', d: 'example.kz', r: '', h: false, z: 'Asia/Almaty', w: 1536, o: false },
      ]);
    });

    test('a browser that cannot tell its time zone cheaply leaves it out', () => {
      assert.equal('z' in open({ Temporal: undefined }).last, false);
    });

    test('a tab opened in the background counts when it is first shown, with the address it has then', () => {
      const page = open({ hidden: true });
      page.push('/kk/other').hide();
      assert.deepEqual(page.story, []);
      page.show().hide().show();
      assert.deepEqual(page.story.filter(([name]) => name === 'pageview'), [['pageview', '/kk/other']]);
    });

    for (const navigationApi of [true, false]) {
      const spa = (given) => open({ navigationApi, ...given });
      describe(navigationApi ? 'with the Navigation API' : 'without the Navigation API', () => {
        test('pushState, replaceState and going back count when the path changes', () => {
          const page = spa();
          page.push('/a').replace('/b').back('/kk/bet');
          assert.deepEqual(
            page.story.filter(([name]) => name === 'pageview').map(([, path]) => path),
            ['/kk/bet', '/a', '/b', '/kk/bet'],
          );
        });

        test('a change of query, fragment or state alone is no navigation', () => {
          const page = spa({ url: 'https://example.kz/?utm_source=tg' });
          page.push('/?page=2').replace('/').push('/#part').back('/');
          assert.equal(page.bodies.length, 1);
        });

        test('with data-hash the fragment tells pages apart', () => {
          const page = spa({ attributes: { hash: '' }, url: 'https://example.kz/#/a?token=1' });
          page.wait(9).push('/#/b');
          assert.deepEqual(page.story, [
            ['pageview', '/#/a'],
            ['engagement', '/#/a'],
            ['pageview', '/#/b'],
          ]);
          assert.ok(page.beacons.every(({ h }) => h === true));
        });

        test('only the first page has a referrer', () => {
          const page = spa({ referrer: 'https://t.me/sanaq' });
          page.wait(9).push('/a').event('Signup');
          assert.deepEqual(
            page.beacons.map(({ n, r }) => [n, r]),
            [['pageview', 'https://t.me/sanaq'], ['engagement', 'https://t.me/sanaq'], ['pageview', ''], ['Signup', '']],
          );
        });
      });
    }

    test('where history is wrapped, arguments and errors pass through untouched', () => {
      const seen = [];
      const history = {
        pushState(...given) {
          seen.push([this, ...given]);
        },
        replaceState() {
          throw new RangeError('from the browser');
        },
      };
      const page = open({ navigationApi: false, history });
      page.window.history.pushState({ a: 1 }, '', '/a', 'extra');
      assert.deepEqual(seen, [[history, { a: 1 }, '', '/a', 'extra']]);
      assert.throws(() => page.window.history.replaceState(), /from the browser/);
    });

    test('a page that comes back out of the back/forward cache counts again, and time in the cache is not engagement', () => {
      const page = open();
      page.wait(500).hide();
      page.document.hidden = false;
      page.wait(3_600_000).dispatch('pageshow', { persisted: true }).wait(700).leave();
      assert.deepEqual(page.beacons.map(({ n, e }) => [n, e]), [
        ['pageview', undefined],
        ['engagement', 500],
        ['pageview', undefined],
        ['engagement', 700],
      ]);
    });

    test('the first pageshow is no return', () => {
      assert.equal(open().dispatch('pageshow', { persisted: false }).bodies.length, 1);
    });
  });

  describe(`${shape}: pages that are not counted say why`, () => {
    const reasons = {
      localhost: ['http://localhost:3000/', 'http://127.0.0.1/', 'http://[::1]:8080/a'],
      '': ['file:///home/a/index.html'],
    };
    for (const [host, urls] of Object.entries(reasons)) {
      for (const url of urls) {
        test(`${url}: local`, () => {
          const page = open({ url, attributes: { debug: '' } }).event('Signup').leave();
          assert.deepEqual(page.bodies, []);
          assert.equal(page.log.length, 1);
          assert.match(page.log[0].join(' '), /^sanaq (localhost|127\.|\[::1|,)/, host);
        });
      }
    }

    test('a browser that a program drives', () => {
      const page = open({ navigator: { webdriver: true }, attributes: { debug: '' } }).event('Signup').leave();
      assert.deepEqual([page.bodies, page.log], [[], [['sanaq', 'webdriver']]]);
      assert.equal(open({ navigator: { webdriver: true }, attributes: { local: '' } }).bodies.length, 1);
    });

    test('a browser whose visitor has asked for it, which is read and never written', () => {
      const localStorage = Object.freeze({ sanaq_ignore: '1' });
      const page = open({ localStorage, attributes: { debug: '', local: '' } }).event('Signup').leave();
      assert.deepEqual([page.bodies, page.log], [[], [['sanaq', 'sanaq_ignore']]]);
    });

    test('a browser without storage counts', () => {
      const shut = { get localStorage() { throw new Error('SecurityError'); } };
      const page = new Page();
      Object.defineProperty(page.window, 'localStorage', Object.getOwnPropertyDescriptor(shut, 'localStorage'));
      assert.equal(page.load(script).bodies.length, 1);
    });

    test('a local address counts with data-local, and a name that only looks local counts anyway', () => {
      assert.equal(open({ url: 'http://127.0.0.1:8080/demo/', attributes: { local: '' } }).bodies.length, 1);
      assert.equal(open({ url: 'https://localhost.example.kz/' }).bodies.length, 1);
    });

    test('a second copy of the script keeps still, and the first goes on', () => {
      const page = open();
      page.load(script).event('Signup');
      assert.deepEqual(page.story.map(([name]) => name), ['pageview', 'Signup']);
    });

    test('nothing is printed without data-debug', () => {
      assert.deepEqual(open({ url: 'http://localhost/' }).log, []);
      assert.deepEqual(open().event('Signup').leave().log, []);
    });
  });
}
