// Published clients of other tools, as their packages stand, against the real binary: what they send is stored and counted.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { JSDOM, ResourceLoader } from 'jsdom';
import { Umami } from '@umami/node';
import { AGENT, startSanaq } from '../browser/start.mjs';
import { eventually } from '../browser/browser.mjs';

const ID = '94db1cb1-74f4-4a40-ad6c-962362670409';
// A zone where it is day now: midnight would part the visit.
const ZONE = new Date().getUTCHours() < 12 ? 'Asia/Almaty' : 'America/New_York';
// Kept, as clients get to see another one.
const network = globalThis.fetch;
let sanaq;

before(async () => {
  process.env.SANAQ_DIALECTS_UMAMI = 'true';
  sanaq = await startSanaq();
});
after(() => sanaq?.stop());

/** A site with a key of its own; `counted(dimension)` is its page views and events by that dimension. */
async function site(domain) {
  await sanaq.cli('site', 'add', domain, '--timezone', ZONE);
  const key = await sanaq.cli('key', 'add', '--site', domain, '--scope', 'stats');
  const counted = async (dimension, metric = 'pageviews') => {
    const answer = await fetch(`${sanaq.staff}/api/v2/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ site_id: domain, metrics: [metric], date_range: 'day', dimensions: [dimension] }),
    });
    assert.equal(answer.status, 200, await answer.clone().text());
    return Object.fromEntries((await answer.json()).results.map(({ metrics, dimensions }) => [dimensions[0], metrics[0]]));
  };
  const shown = (figures) => Object.fromEntries(Object.entries(figures).filter(([, figure]) => figure > 0));
  /** Resolves when the site has just these figures. */
  const has = (what, expected, ...question) =>
    eventually(`${domain}: ${what}`, async () => {
      try {
        assert.deepEqual(shown(await counted(...question)), expected);
        return true;
      } catch (error) {
        if (error.code !== 'ERR_ASSERTION') throw error;
        return undefined;
      }
    });
  await sanaq.takes(domain, `https://${domain}/`);
  return { has };
}

/** A page in jsdom at this address that runs scripts; its requests go over the real network. */
function page(url, html = '<!doctype html><title>A page</title>') {
  const dom = new JSDOM(html, {
    url,
    referrer: 'https://t.me/sanaq',
    runScripts: 'outside-only',
    pretendToBeVisual: true,
    resources: new ResourceLoader({ userAgent: AGENT }),
  });
  // jsdom has no fetch; Node's stands in, with what a browser would add.
  dom.window.fetch = (address, options = {}) =>
    network(address, { ...options, headers: { ...options.headers, 'user-agent': AGENT, origin: dom.window.location.origin } });
  // jsdom lays nothing out, so nothing ever changes its size.
  dom.window.ResizeObserver = class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  return dom;
}

/** Runs `work` where modules written for browsers find their globals. */
async function inside(dom, work) {
  const names = ['window', 'document', 'location', 'history', 'navigator', 'localStorage', 'XMLHttpRequest', 'fetch', 'self', 'MutationObserver', 'ResizeObserver', 'screen'];
  const before = names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const name of names) {
    const value = name === 'window' || name === 'self' ? dom.window : dom.window[name];
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  try {
    return await work();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete globalThis[name];
    }
  }
}

test('plausible-tracker 0.3.9: page views, events with properties, hash routing', async () => {
  const { has } = await site('tracker.example');
  const dom = page('https://tracker.example/kk/bet?utm_source=tg');
  await inside(dom, async () => {
    const { default: Plausible } = await import('plausible-tracker');
    const create = Plausible.default ?? Plausible;
    const { trackPageview, trackEvent } = create({ domain: 'tracker.example', apiHost: sanaq.public });
    const sent = (send) => new Promise((callback) => send({ callback }));
    await sent((options) => trackPageview({}, options));
    await sent((options) => trackEvent('Signup', { ...options, props: { plan: 'pro' } }));
    dom.window.location.hash = '#/settings';
    const hashed = create({ domain: 'tracker.example', apiHost: sanaq.public, hashMode: true });
    await sent((options) => hashed.trackPageview({}, options));
  });
  await has('pages', { '/kk/bet': 1, '/kk/bet#/settings': 1 }, 'event:page');
  await has('visits of one source', { Telegram: 1 }, 'visit:source', 'visitors');
  dom.window.close();
});

test('@plausible-analytics/tracker 0.4.6: page view, revenue, not interactive', async () => {
  const { has } = await site('plausible.example');
  const dom = page('https://plausible.example/kk/bet');
  await inside(dom, async () => {
    const { init, track } = await import('@plausible-analytics/tracker');
    init({ domain: 'plausible.example', endpoint: `${sanaq.public}/api/event`, autoCapturePageviews: false });
    const sent = (name, options) =>
      new Promise((resolve) => track(name, { ...options, callback: resolve }));
    assert.equal((await sent('pageview', {})).status, 202);
    const signup = { props: { plan: 'pro' }, revenue: { amount: 9.9, currency: 'KZT' }, interactive: false };
    assert.equal((await sent('Signup', signup)).status, 202);
  });
  await has('pages', { '/kk/bet': 1 }, 'event:page');
  await has('events', { '/kk/bet': 2 }, 'event:page', 'events');
  dom.window.close();
});

test('@umami/node 0.4.0: views and events of a website known by its id', async () => {
  const { has } = await site('umami.example');
  await sanaq.cli('site', 'set', 'umami.example', '--umami-id', ID);
  const client = new Umami({ websiteId: ID, hostUrl: sanaq.public, userAgent: AGENT });
  await eventually('the id is known', async () => {
    const answer = await client.identify({ email: 'a@umami.example' });
    assert.equal(answer.status, 200);
    // Who somebody is is nobody's business here.
    assert.deepEqual(await answer.json(), { beep: 'boop' });
    return answer.headers.get('x-sanaq-dropped') === 'not_covered' || undefined;
  });
  for (const send of [
    () => client.track({ url: '/kk/bet', hostname: 'umami.example', title: 'A title', referrer: '' }),
    () => client.track('Signup', { plan: 'pro' }),
  ]) {
    const answer = await send();
    assert.equal(answer.headers.get('x-sanaq-dropped'), null);
    assert.deepEqual(await answer.json(), { cache: '', sessionId: '', visitId: '' });
  }
  await has('pages', { '/kk/bet': 1 }, 'event:page');
  // An event without a page stands at the root.
  await has('events', { '/kk/bet': 1, '/': 1 }, 'event:page', 'events');
});

test("Umami's script as its package 2.10.0 carries it", async () => {
  const { has } = await site('script.example');
  const id = ID.replace(/^9/, '8');
  await sanaq.cli('site', 'set', 'script.example', '--umami-id', id);
  const script = await readFile(new URL('./vendor/umami-2.10.0/tracker.js', import.meta.url), 'utf8');
  const html = `<!doctype html><title>A page</title><button data-umami-event="Press"></button><script src="${sanaq.public}/umami.js" data-website-id="${id}"></script>`;
  await eventually('the id is known', async () => {
    const answer = await new Umami({ websiteId: id, hostUrl: sanaq.public, userAgent: AGENT }).identify();
    return answer.headers.get('x-sanaq-dropped') === 'not_covered' || undefined;
  });
  const dom = page('https://script.example/kk/bet', html);
  Object.defineProperty(dom.window.document, 'currentScript', { value: dom.window.document.querySelector('script') });
  const answers = [];
  const send = dom.window.fetch;
  dom.window.fetch = async (...request) => {
    const answer = await send(...request);
    answers.push([answer.status, answer.headers.get('x-sanaq-dropped')]);
    return answer;
  };
  dom.window.eval(script);
  dom.window.document.dispatchEvent(new dom.window.Event('readystatechange'));
  await has('pages', { '/kk/bet': 1 }, 'event:page');
  await dom.window.umami.track('Signup');
  await has('events', { '/kk/bet': 2 }, 'event:page', 'events');
  assert.ok(answers.every(([status, dropped]) => status === 200 && dropped === null), JSON.stringify(answers));
  dom.window.close();
});

test('the packages are what they say', async () => {
  const wanted = JSON.parse(await readFile(new URL('./vendor.json', import.meta.url)));
  const script = await readFile(new URL('./vendor/umami-2.10.0/tracker.js', import.meta.url));
  assert.equal(createHash('sha256').update(script).digest('hex'), wanted['umami@2.10.0'].file.sha256);
});
