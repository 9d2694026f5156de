// The minified tracker in three browsers, against the real collector: a fixture for each behaviour.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NOTHING_KEPT, eventually } from './browser.mjs';
import { ENGINES } from './engines.mjs';
import { DOMAIN, startSite } from './fixture-site.mjs';
import { startSanaq } from './start.mjs';

/** Three browsers on a busy machine. */
const PATIENCE_MS = 30_000;

let sanaq;
/** What the collector should have stored by the end, over all tests. */
let stored = 0;

before(async () => {
  process.env.SANAQ_PUBLIC_SCRIPT_PATH = '/a/counter.js';
  process.env.SANAQ_PUBLIC_EVENT_PATH = '/a/seen';
  sanaq = await startSanaq();
  // A zone where it is day now: midnight would part a visit.
  await sanaq.cli('site', 'add', DOMAIN, '--timezone', new Date().getUTCHours() < 12 ? 'Asia/Almaty' : 'America/New_York');
  await sanaq.cli('site', 'set', DOMAIN, '--allow-host', '127.0.0.1');
  await sanaq.takes(DOMAIN, 'http://127.0.0.1/');
});
after(async () => {
  await sanaq?.stop();
});

for (const { name, start, missing } of ENGINES) {
  const lacking = missing();
  if (lacking) {
    const what = `${name}: NOT RUN, ${lacking} is not installed (apt-get install ${lacking})`;
    if (process.env.CI) throw new Error(what);
    console.error(what);
  }

  describe(name, { skip: lacking && `${lacking} is not installed` }, () => {
    let engine;
    before(async () => {
      engine = await start();
    }, { timeout: 2 * PATIENCE_MS });
    after(() => engine?.close());

    /** A fixture in a tab of its own; what it sent is stored, all of it. */
    const visit = (what, path, journey) =>
      test(what, { timeout: 3 * PATIENCE_MS }, async (t) => {
        const site = await startSite(sanaq.public);
        const tab = await engine.tab();
        t.after(async () => {
          await tab.close();
          site.stop();
        });
        const arrived = (count) => eventually(`${count} beacons among ${JSON.stringify(site.story)}`, () => site.beacons.length >= count, PATIENCE_MS);
        await tab.goto(site.origin + path);
        await journey({ site, tab, arrived, t });
        for (const { body, status, dropped } of site.passed) {
          if (!body) continue;
          assert.deepEqual([status, dropped], [202, null], body.n);
          stored += 1;
        }
      });

    /** Waits until the visitor has looked for a measurable time. */
    const lookedAt = (tab) => eventually('a moment has passed', () => tab.run(() => performance.now() > 50 && document.hasFocus()), PATIENCE_MS);
    const loaded = (tab) => eventually('the tracker has loaded', () => tab.run(() => window.sanaq?.on === 1), PATIENCE_MS);
    /** One more event, so that what should not be sent would have been. */
    const last = async (tab, site) => {
      await tab.run(() => window.sanaq('Last'));
      await eventually('the last event', () => site.named('Last').length, PATIENCE_MS);
    };

    visit('a page visit is two beacons: the view, and one message when it is left', '/page.html?utm_source=tg&token=1#top', async ({ site, tab, arrived }) => {
      await arrived(1);
      await lookedAt(tab);
      await tab.run(() => scrollTo(0, 2000));
      await eventually('scrolled', () => tab.run(() => scrollY === 2000), PATIENCE_MS);
      await tab.goto(`${site.origin}/next.html`);
      await arrived(3);
      await last(tab, site);
      const [view, left, next] = ['pageview', 'engagement', 'pageview'].map((kind, at) => site.named(kind)[at === 2 ? 1 : 0]);
      assert.equal(view.u, `${site.origin}/page.html?utm_source=tg&`);
      assert.equal(left.u, view.u);
      assert.ok(left.e > 0 && left.e < PATIENCE_MS, `${left.e} ms`);
      assert.ok(left.sd > 40 && left.sd < 80, `${left.sd} %`);
      assert.equal(next.u, `${site.origin}/next.html`);
      assert.equal(site.beacons.length, 4, JSON.stringify(site.story));
      assert.ok(view.w > 0 && view.o === false);
      assert.equal(view.z ?? null, await tab.run(() => window.Temporal?.Now.timeZoneId() ?? null));
    });

    visit('changes of the address are pages, of query, fragment and state are none', '/spa.html', async ({ site, tab, arrived }) => {
      await arrived(1);
      await lookedAt(tab);
      for (const button of ['#push', '#state', 'a', '#replace']) await tab.click(button);
      await arrived(3);
      await tab.run(() => history.back());
      await eventually('the first address again', () => site.named('pageview').length === 4, PATIENCE_MS);
      await last(tab, site);
      assert.deepEqual(site.named('pageview').map(({ u }) => new URL(u).pathname), ['/spa.html', '/spa/a', '/spa/b', '/spa/a']);
      assert.ok(site.named('engagement').length <= 3);
    });

    visit('with hash routing the fragment is the page, without values', '/hash.html#/one', async ({ site, tab, arrived }) => {
      await arrived(1);
      await tab.click('a');
      await eventually('two views', () => site.named('pageview').length === 2, PATIENCE_MS);
      assert.deepEqual(site.named('pageview').map(({ u, h }) => [u.replace(site.origin, ''), h]), [['/hash.html#/one', true], ['/hash.html#/two', true]]);
    });

    visit('with data-canonical the page says its address', '/canonical.html?session=1', async ({ site, arrived }) => {
      await arrived(1);
      assert.equal(site.beacons[0].u, `${site.origin}/own?`);
    });

    visit('links out, files, forms and tags count, and nothing of a form is sent', '/actions.html', async ({ site, tab, arrived }) => {
      await arrived(1);
      for (const element of ['#out b', '#file', '#inside', '#mail', '#tagged', '#send', '#subscribe']) await tab.click(element);
      await arrived(6);
      await last(tab, site);
      const told = site.beacons.filter(({ n }) => !['pageview', 'engagement', 'Last'].includes(n)).map(({ n, p }) => [n, p]);
      const here = new URL(site.origin).host;
      assert.deepEqual(told.sort(), [
        ['Apply', '{"place":"top"}'],
        ['File Download', { url: `${here}/esep.pdf` }],
        ['Form: Submission', undefined],
        ['Outbound Link: Click', { url: 'other.example/a' }],
        ['Subscribe', undefined],
      ]);
      assert.ok(!JSON.stringify(site.beacons).includes('a@b.kz'));
    });

    visit('each can be switched off', '/off.html', async ({ site, tab, arrived }) => {
      await arrived(1);
      for (const element of ['#out b', '#file', '#tagged', '#send', '#subscribe']) await tab.click(element);
      await last(tab, site);
      assert.deepEqual(site.beacons.map(({ n }) => n).filter((n) => n !== 'engagement'), ['pageview', 'Last']);
    });

    visit('a page that the server calls missing is the event 404', '/missing.html', async ({ site, tab, arrived }) => {
      await arrived(1);
      const told = await tab.run(() => performance.getEntriesByType('navigation')[0].responseStatus);
      await last(tab, site);
      // Where the browser doesn't tell the status, the page says it itself: sanaq('404').
      assert.equal(site.named('404').length, told === 404 ? 1 : 0, `status ${told}`);
    });

    visit('how far a page was read is measured against what it has grown to', '/growing.html', async ({ site, tab, arrived }) => {
      await arrived(1);
      await lookedAt(tab);
      await tab.run(() => scrollTo(0, 1200));
      await eventually('scrolled', () => tab.run(() => scrollY === 1200), PATIENCE_MS);
      await tab.run(() => window.grow());
      const expected = await tab.run(() => (100 * (1200 + innerHeight)) / document.documentElement.scrollHeight);
      await tab.goto(`${site.origin}/next.html`);
      await eventually('the report', () => site.named('engagement').length, PATIENCE_MS);
      assert.ok(Math.abs(site.named('engagement')[0].sd - expected) <= 1, `${site.named('engagement')[0].sd} %, expected ${expected}`);
    });

    visit('events called before the script has loaded follow the view', '/events.html', async ({ site, tab, arrived }) => {
      await arrived(2);
      await tab.run(() => window.sanaq('Later', { interactive: false }));
      await arrived(3);
      const [early] = site.named('Early');
      assert.deepEqual([early.props, early.revenue], [{ plan: 'pro', seats: 3 }, { amount: 4990.5, currency: 'KZT' }]);
      assert.equal(site.named('Later')[0].interactive, false);
      assert.equal(site.named('pageview').length, 1);
    });

    visit('a strict policy is enough, trusted types included', '/csp.html', async ({ site, tab, arrived }) => {
      await arrived(1);
      await eventually('the measuring module', () => site.passed.some(({ path }) => /web-vitals/.test(path)), PATIENCE_MS);
      assert.deepEqual(await tab.run(() => window.violations), []);
      // The control: what such a policy forbids is noticed.
      await tab.run(() => void (new Image().src = 'https://other.example/pixel'));
      await eventually('a violation', () => tab.run(() => window.violations.length), PATIENCE_MS);
    });

    for (const how of ['gone', 'throws', 'frozen']) {
      visit(`a page where what is needed is ${how} is not harmed`, `/hostile-${how}.html`, async ({ site, tab }) => {
        await eventually('the page has done its part', () => tab.run(() => window.acted), PATIENCE_MS);
        if (how === 'frozen') await eventually('it works all the same', () => site.named('Signup').length, PATIENCE_MS);
        else assert.deepEqual(site.beacons, []);
        assert.deepEqual(await tab.run(() => window.errors), []);
        await tab.click('a');
        await eventually('the next page', () => tab.run(() => document.title === 'The next page'), PATIENCE_MS);
      });
    }

    visit('a browser that a program drives, on this machine, is not counted, and the page is told why', '/skip.html', async ({ site, tab }) => {
      await loaded(tab);
      await tab.run(() => window.sanaq('Signup'));
      assert.deepEqual(await tab.run(() => window.lines), ['sanaq webdriver']);
      assert.deepEqual(site.beacons, []);
    });

    visit('a visitor who pressed their own button is not counted from then on', '/ignored.html', async ({ site, tab, arrived }) => {
      await arrived(1);
      await tab.click('button');
      await tab.goto(`${site.origin}/ignored.html?again`);
      await loaded(tab);
      await tab.run(() => window.sanaq('Signup'));
      assert.deepEqual(await tab.run(() => window.lines), ['sanaq sanaq_ignore']);
      assert.equal(site.named('Signup').length, 0);
      assert.equal(site.named('pageview').length, 1);
      await tab.run(() => localStorage.clear());
    });

    visit('a pinned file passes its integrity check, another is not run', '/pinned.html', async ({ site, tab, arrived }) => {
      await arrived(1);
      assert.ok(site.passed.some(({ path }) => /^\/js\/script\.[0-9a-f]{12}\.js$/.test(path)));
      await eventually('what a pinned file loads is pinned', () => site.passed.some(({ path }) => /^\/js\/web-vitals\.[0-9a-f]{12}\.js$/.test(path)), PATIENCE_MS);
      await tab.goto(`${site.origin}/pinned-wrong.html`);
      assert.equal(await tab.run(() => typeof window.sanaq), 'undefined');
    });

    visit('the script and the endpoint may stand under other paths', '/renamed.html', async ({ site, arrived }) => {
      await arrived(1);
      assert.deepEqual(site.passed.filter(({ path }) => !/favicon/.test(path)).map(({ path }) => path), ['/a/counter.js', '/a/seen']);
    });

    visit('web vitals are one message, after the page has been idle', '/vitals.html', async ({ site, tab, arrived }) => {
      await arrived(1);
      await eventually('the measuring module', () => site.passed.some(({ path }) => /web-vitals/.test(path)), PATIENCE_MS);
      // It is at work when the browser has told it of the page's loading.
      await eventually('idle', () => tab.run(() => new Promise((done) => (window.requestIdleCallback ?? setTimeout)(() => done(true)))), PATIENCE_MS);
      await tab.click('button');
      await tab.goto(`${site.origin}/no-vitals.html`);
      await eventually('the measurements', () => site.named('vitals').length, PATIENCE_MS);
      await last(tab, site);
      const [{ u, props, interactive }, ...more] = site.named('vitals');
      assert.deepEqual([u, interactive, more], [`${site.origin}/vitals.html`, false, []]);
      assert.ok(Object.keys(props).length && Object.keys(props).every((key) => ['ttfb', 'fcp', 'lcp', 'cls', 'inp'].includes(key)), JSON.stringify(props));
      assert.ok(Object.values(props).every((value) => Number.isInteger(value) && value >= 0), JSON.stringify(props));
      // A page without the module does not load it.
      assert.equal(site.passed.filter(({ path }) => /vitals/.test(path)).length, 2);
    });

    visit('nothing is kept in the browser, and nothing touched that tells browsers apart', '/audit.html', async ({ site, tab, arrived }) => {
      await arrived(1);
      await lookedAt(tab);
      for (const element of ['#touch', 'a']) await tab.click(element);
      await tab.run(() => history.pushState({}, '', '/spa/a'));
      await last(tab, site);
      assert.deepEqual(await tab.run(() => window.touched), []);
      const kept = () =>
        tab.run(() => ({
          cookies: document.cookie,
          local: Object.keys(localStorage),
          session: Object.keys(sessionStorage),
        }));
      const { cookies, local, session } = NOTHING_KEPT;
      assert.deepEqual(await kept(), { cookies, local, session });
      for (const { headers } of site.passed.filter(({ body }) => body)) {
        assert.deepEqual([headers.cookie, headers.referer], [undefined, undefined]);
        assert.match(headers['content-type'], /^text\/plain/);
      }
      // The control: both audits see what a page does.
      await tab.run(() => {
        document.cookie = 'id=1';
        localStorage.setItem('id', '1');
        document.createElement('canvas').getContext('2d');
      });
      assert.deepEqual(await tab.run(() => window.touched.filter((what) => /^(cookie|setItem|getContext)$/.test(what)).sort()).then((all) => [...new Set(all)]), ['cookie', 'getContext', 'setItem']);
      assert.notDeepEqual(await kept(), { cookies, local, session });
    });

    visit('a report that overtakes its view changes no figure', '/page.html?utm_source=tg', async ({ site, tab, arrived }) => {
      await arrived(1);
      await lookedAt(tab);
      // The view of the second page waits until the report about it has been answered.
      const late = ({ u }) => u.includes('/spa/late');
      site.holdBy(async (beacon) => {
        if (beacon?.n === 'pageview' && late(beacon)) await eventually('the report', () => site.named('engagement').some(late), PATIENCE_MS);
      });
      const since = await tab.run(() => {
        history.pushState({}, '', '/spa/late?utm_source=other');
        return performance.now();
      });
      await eventually('a moment has passed', () => tab.run((then) => performance.now() > then + 50, since), PATIENCE_MS);
      await tab.goto(`${site.origin}/next.html`);
      await eventually('all', () => site.named('pageview').length === 3, PATIENCE_MS);
      const order = site.beacons.filter(late);
      assert.deepEqual(order.map(({ n }) => n), ['engagement', 'pageview'], 'it was overtaken');
      // Whichever comes first says of which page it speaks, and where the visitor came from.
      for (const field of ['u', 'r', 'd', 'z', 'w', 'o']) assert.deepEqual(order[0][field], order[1][field], field);
    });
  });
}

test('every beacon that was sent has been stored', async () => {
  await eventually('all are stored', async () => ((await sanaq.outcomes()).stored ?? 0) >= stored, PATIENCE_MS);
  const { stored: counted, ...others } = await sanaq.outcomes();
  assert.ok(counted >= stored && stored > 0, `${counted} of ${stored}`);
  assert.deepEqual(others, {});
});
