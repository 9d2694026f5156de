// What the tracker costs the main thread when a page loads, on a processor slowed down four times. `npm run bench`; other builds to
// compare with it in the same run are named behind: `npm run bench -- /tmp/other.js`.
//
// What is measured is defined in docs/tracker.md, in thread time of Chromium's trace events:
//   evaluation  `EvaluateScript` for the script's address: compile, run, and the browser's part of what it calls
//   idle        all that a script left for later: `FireIdleCallback` and `TimerFire`, until its request has arrived
//   longest     the longest single one of these: the longest the page is kept waiting at a time
// Each in a page that has no other script, and in one whose own script has set up what many pages set up. Slowed down by Chromium's own
// throttling, which also stretches waiting for other processes and what else the machine does; and, as the steadier figure, at full speed
// times four. A figure, no test: the target is 3 ms of evaluation and none over 10 (CONVENTIONS: performance is never asserted where
// tests run).
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { chromium } = createRequire(new URL('../../tests/browser/package.json', import.meta.url))('playwright-core');
const LOADS = Number(process.env.LOADS || 25);
const SLOWER = 4;
const PLACES = ['alone', 'shared'];
/** Those that send a view, for which is waited. */
const SENDS = /^(tracker|other)/;

const script = await readFile(new URL('../dist/script.js', import.meta.url));
/** A page's own script, which asks for an element, storage, the address and a request. */
const OWN = "<script>document.currentScript; localStorage.own; addEventListener('x', () => {}); location.href; fetch('/own')</script>";
const page = (tags) => `<!doctype html><title>A page</title><link rel="icon" href="data:,">${tags}<main style="height:5000px">text</main>`;
// What is compared: the tracker; single calls that it makes, or could make instead, in a page of their own; and no work at all.
const scripts = {
  tracker: script,
  element: 'document.currentScript',
  storage: 'try { localStorage.sanaq_ignore } catch {}',
  zone: 'self.Temporal?.Now.timeZoneId()',
  beacon: "navigator.sendBeacon('/api/event', 'x')",
  picture: "new Image().src = '/api/event?x'",
  request: "fetch('/api/event', { method: 'POST', body: 'x', keepalive: true, credentials: 'omit' })",
  nothing: "document.addEventListener('x', () => {}); fetch",
};
for (const [index, path] of process.argv.slice(2).entries()) scripts[`other${index + 1}`] = await readFile(path);
const routes = {};
for (const [name, body] of Object.entries(scripts)) {
  const tag = `<script defer data-site="example.kz" data-local src="/js/${name}.js"></script>`;
  for (const place of PLACES) routes[`/${place}/${name}`] = ['text/html', page(place === 'shared' ? OWN + tag : tag)];
  routes[`/js/${name}.js`] = ['text/javascript', body];
}
let arrived = () => {};
const server = createServer((request, response) => {
  if (request.method === 'POST') arrived();
  const [type, body] = routes[request.url] ?? ['text/plain', 'ok'];
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
const RATES = [SLOWER, 1];
const kinds = Object.keys(scripts).flatMap((name) => PLACES.flatMap((place) => RATES.map((rate) => ({ name, place, rate, loads: [] }))));
for (let load = 0; load < LOADS; load += 1) {
  for (const { name, place, rate, loads } of kinds) {
    const tab = await browser.newPage();
    const session = await tab.context().newCDPSession(tab);
    await session.send('Emulation.setCPUThrottlingRate', { rate });
    const events = [];
    session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
    await session.send('Tracing.start', { categories: 'devtools.timeline,v8', transferMode: 'ReportEvents' });
    const view = new Promise((resolve) => (arrived = resolve));
    await tab.goto(`${origin}/${place}/${name}`, { waitUntil: 'load' });
    if (SENDS.test(name)) await view;
    // What stood in line before this has run.
    await tab.evaluate(() => new Promise((done) => requestIdleCallback(() => done())));
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await complete;
    events.sort((a, b) => a.ts - b.ts);
    // Time of the thread, not of the clock: what else the machine does is left out.
    const spent = (those) => events.filter(those).map(({ tdur = 0 }) => (tdur / 1000) * (SLOWER / rate));
    const evaluation = spent(({ name: what, args }) => what === 'EvaluateScript' && `${args?.data?.url}`.endsWith(`/js/${name}.js`));
    // The last is ours, above.
    const later = spent(({ name: what }) => what === 'FireIdleCallback' || what === 'TimerFire').slice(0, -1);
    const sum = (times) => times.reduce((total, time) => total + time, 0);
    loads.push({ evaluation: sum(evaluation), idle: sum(later), longest: Math.max(...evaluation, ...later) });
    await tab.close();
  }
}
await browser.close();
server.closeAllConnections();
server.close();
console.log(`milliseconds of the main thread, median (10 % to 90 %) of ${LOADS} loads`);
for (const { name, place, rate, loads } of kinds) {
  const figure = (of) => {
    const times = loads.map((load) => load[of]).sort((a, b) => a - b);
    const at = (share) => times[Math.floor(share * (times.length - 1))].toFixed(2);
    return `${of} ${at(0.5).padStart(5)} (${at(0.1)} to ${at(0.9)})`.padEnd(33);
  };
  const how = rate === 1 ? `full speed x ${SLOWER}` : `slowed ${rate} x`;
  console.log(`${name.padEnd(8)} ${place.padEnd(7)} ${how.padEnd(15)} ${['evaluation', 'idle', 'longest'].map(figure).join(' ').trimEnd()}`);
}
