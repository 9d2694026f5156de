// The built tracker in a real browser. What it does about an event is proved in tracker-js/test; here, that real
// browsers send those events, and that beacons arrive when a page is torn down.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { NOTHING_KEPT, eventually, kept, launch, watchedContext } from './browser.mjs';
import { startStub } from './stub.mjs';

let browser;
let stub;
let context;
let page;

before(async () => {
  // Playwright switches the back/forward cache off; visitors have it on.
  browser = await launch({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });
});
after(() => browser?.close());

beforeEach(async () => {
  stub = await startStub();
  context = await watchedContext(browser, [stub.site, stub.collector]);
  page = await context.newPage();
});
afterEach(async () => {
  await context.close();
  stub.stop();
});

const arrived = (count) => eventually(`${count} beacons`, () => stub.beacons.length >= count || undefined);

test('a visit of two pages is four beacons, and the last page is reported too', async () => {
  stub.pages = {
    '/': stub.page('<a href="/second">next</a>'),
    '/second': stub.page('<main style="height:5000px"></main>'),
  };
  await page.clock.install();
  await page.goto(`${stub.site}/?utm_source=tg&token=1#top`, { referer: 'https://t.me/sanaq?x=1' });
  await arrived(1);
  await page.clock.fastForward(4000);
  await page.click('a');
  await arrived(3);
  await page.clock.fastForward(7000);
  await page.evaluate(() => scrollTo(0, 1000));
  await eventually('scrolled', () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done(scrollY === 1000)))));
  await page.goto('about:blank');
  await arrived(4);

  const [first, second] = stub.named('pageview');
  assert.equal(first.u, `${stub.site}/?utm_source=tg&`);
  assert.equal(first.r, 'https://t.me/sanaq');
  assert.equal(first.d, 'example.kz');
  assert.equal(first.z, Intl.DateTimeFormat().resolvedOptions().timeZone);
  assert.ok(first.w > 0);
  assert.equal(second.u, `${stub.site}/second`);
  assert.equal(second.r, '');
  const [left, last] = stub.named('engagement');
  assert.equal(left.u, first.u);
  assert.ok(left.e >= 4000 && left.e < 9000, `${left.e} ms`);
  assert.equal(left.sd, 100);
  assert.equal(last.u, second.u);
  assert.ok(last.e >= 7000 && last.e < 12_000, `${last.e} ms`);
  assert.ok(last.sd > 20 && last.sd < 50, `${last.sd} %`);
  assert.equal(stub.beacons.length, 4);
  for (const headers of stub.headers) assert.doesNotMatch(`${headers['user-agent']} ${headers['sec-ch-ua']}`, /headless/i);
  context.assertQuiet();
});

test('a closed tab reports its page', async () => {
  stub.pages = { '/': stub.page() };
  await page.goto(stub.site);
  await arrived(1);
  await page.close({ runBeforeUnload: true });
  await arrived(2);
  assert.deepEqual(stub.story(), [['pageview', '/'], ['engagement', '/']]);
});

for (const [way, prepare] of [
  ['the Navigation API', () => {}],
  ['wrapped history methods', () => Object.defineProperty(window, 'navigation', { value: undefined })],
]) {
  test(`navigation within a document is followed by ${way}`, async () => {
    stub.pages = { '/': stub.page('<a href="#part">part</a>') };
    await context.addInitScript(prepare);
    await page.goto(stub.site);
    await arrived(1);
    await page.evaluate(() => history.pushState({}, '', '/a?private=1'));
    await page.evaluate(() => history.replaceState({ scroll: 1 }, ''));
    await page.evaluate(() => history.replaceState({}, '', '/b'));
    await page.click('a');
    await page.goBack();
    await page.goBack();
    await page.evaluate(() => sanaq('Last'));
    await eventually('the last event', () => stub.named('Last').length);
    // Overtaking is allowed on the way; each page's report and view are there once.
    assert.deepEqual(stub.story().sort(), [
      ['Last', '/'],
      ['engagement', '/'],
      ['engagement', '/a'],
      ['engagement', '/b'],
      ['pageview', '/'],
      ['pageview', '/'],
      ['pageview', '/a'],
      ['pageview', '/b'],
    ]);
    context.assertQuiet();
  });
}

test('with hash routing the fragment is the page', async () => {
  stub.pages = { '/': stub.page('<a href="#/two?t=1">two</a>', 'data-hash') };
  await page.goto(`${stub.site}/#/one`);
  await page.click('a');
  await eventually('two pageviews', () => stub.named('pageview').length === 2);
  assert.deepEqual(stub.named('pageview').map(({ u, h }) => [u.replace(stub.site, ''), h]), [['/#/one', true], ['/#/two', true]]);
});

test('a page out of the back/forward cache counts again', async () => {
  stub.pages = { '/': stub.page('<a href="/second">next</a>'), '/second': stub.page() };
  await page.goto(stub.site);
  await page.evaluate(() => addEventListener('pageshow', (event) => (window.restored = event.persisted)));
  await page.click('a');
  await eventually('the second page', () => stub.named('pageview').length === 2);
  // Playwright's own goBack waits for a load that does not come.
  await page.evaluate(() => history.back()).catch(() => {});
  await eventually('the first page again', () => stub.named('pageview').length === 3);
  assert.equal(await page.evaluate(() => window.restored), true, 'the page came out of the cache');
  assert.deepEqual(stub.named('pageview').map(({ u }) => new URL(u).pathname), ['/', '/second', '/']);
});

test('a page that is opened in the background counts when it is shown', async () => {
  stub.pages = { '/': stub.page('<script>sanaq=function(){(sanaq.q=sanaq.q||[]).push(arguments)};sanaq("Early")</script>') };
  await context.addInitScript(() => {
    let hidden = true;
    Object.defineProperty(document, 'hidden', { get: () => hidden });
    window.show = () => {
      hidden = false;
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    };
  });
  await page.goto(stub.site);
  await page.evaluate(() => sanaq('Later'));
  assert.deepEqual(stub.beacons, []);
  await page.evaluate(() => show());
  await arrived(3);
  assert.deepEqual(stub.story().sort(), [['Early', '/'], ['Later', '/'], ['pageview', '/']]);
  context.assertQuiet();
});

test('clicks on outbound links are counted, with keyboard, middle button, from within and out of a shadow tree', async () => {
  stub.pages = {
    '/': stub.page(`<a id="plain" target="_blank" href="https://other.example/a?token=1#x"><b>out</b></a>
      <a id="stubborn" href="https://other.example/b">out</a> <div id="host"></div> <a id="inside" href="#here">in</a>`),
  };
  await page.goto(stub.site);
  await page.evaluate(() => {
    document.body.addEventListener('click', (event) => {
      event.stopImmediatePropagation();
      if (!event.target.closest('#plain')) event.preventDefault();
    }, true);
    document.querySelector('#host').attachShadow({ mode: 'open' }).innerHTML = '<a href="https://other.example/c"><i>out</i></a>';
  });
  const outbound = () => stub.named('Outbound Link: Click').map(({ p }) => p.url);
  await page.click('#plain b');
  await page.click('#plain b', { button: 'middle' });
  await page.focus('#plain');
  await page.keyboard.press('Enter');
  await page.click('#stubborn');
  await page.click('#host i');
  await page.click('#inside');
  await page.click('#plain b', { button: 'right' });
  await eventually('five clicks', () => outbound().length >= 5);
  await page.evaluate(() => sanaq('Last'));
  await eventually('the last event', () => stub.named('Last').length);
  assert.deepEqual(outbound().sort(), [...Array(3).fill('other.example/a'), 'other.example/b', 'other.example/c']);
});

test('a strict Content-Security-Policy is enough', async () => {
  stub.policy = `default-src 'none'; script-src ${stub.collector}; connect-src ${stub.collector}; img-src data:; require-trusted-types-for 'script'`;
  stub.pages = { '/': stub.page('<a href="/">again</a>') };
  await page.goto(stub.site);
  await page.click('a');
  await arrived(3);
  context.assertQuiet();
  // The control: what such a policy forbids is noticed.
  await page.evaluate(() => new Image().src = 'https://other.example/pixel').catch(() => {});
  await eventually('a violation', () => context.complaints.some((complaint) => complaint.includes('policy violation')));
});

test('nothing is kept, nothing but the body is sent', async () => {
  stub.pages = { '/': stub.page() };
  await context.addCookies([{ name: 'session', value: 'secret', url: stub.collector }]);
  await page.goto(`${stub.site}/?private=1`);
  await page.evaluate(() => sanaq('Signup', { props: { a: 1 } }));
  await arrived(2);
  await context.clearCookies();
  assert.deepEqual(await kept(page), NOTHING_KEPT);
  assert.deepEqual(await context.cookies(), []);
  for (const headers of stub.headers) {
    assert.equal(headers.cookie, undefined);
    assert.equal(headers.referer, undefined);
    assert.match(headers['content-type'], /^text\/plain/);
  }
  // The control: the audit sees what a page keeps.
  await page.evaluate(() => localStorage.setItem('id', '1'));
  assert.notDeepEqual(await kept(page), NOTHING_KEPT);
});

test('Global Privacy Control is passed on', async () => {
  stub.pages = { '/': stub.page() };
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }));
  await page.goto(stub.site);
  await arrived(1);
  assert.equal(stub.beacons[0].o, true);
});

const sabotage = {
  'fetch throws': () => (window.fetch = () => { throw new Error('no'); }),
  'fetch and sendBeacon are gone': () => {
    delete window.fetch;
    delete Navigator.prototype.sendBeacon;
  },
  'history is frozen, without Navigation API': () => {
    Object.defineProperty(window, 'navigation', { value: undefined });
    Object.freeze(history);
  },
  'performance is gone': () => Object.defineProperty(window, 'performance', { value: undefined }),
};
for (const [what, act] of Object.entries(sabotage)) {
  test(`a page where ${what} is not harmed`, async () => {
    stub.pages = { '/': stub.page('<a href="/second">next</a>'), '/second': '<!doctype html><title>second</title>' };
    await context.addInitScript(act);
    await page.goto(stub.site);
    await page.evaluate(() => {
      sanaq('Signup');
      history.pushState({}, '', '/');
      window.loaded = true;
    });
    await page.click('a');
    await page.waitForURL('**/second');
    context.assertQuiet();
  });
}
