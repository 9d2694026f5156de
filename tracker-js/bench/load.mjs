// What the tracker costs the main thread when a page loads, on a processor slowed down four times. `npm run bench`.
//
// What is measured is defined in docs/tracker.md: thread time of Chromium's `EvaluateScript` for the script's address (compile, run, and the
// start of its request), the median of many loads. Slowed down by Chromium's own throttling, which also stretches waiting for other
// processes and what else the machine does; and, as the steadier figure, at full speed times four. A figure, no test: the target is
// 3 ms (CONVENTIONS: performance is never asserted where tests run).
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { chromium } = createRequire(new URL('../../tests/browser/package.json', import.meta.url))('playwright-core');
const LOADS = Number(process.env.LOADS || 25);
const SLOWER = 4;

const script = await readFile(new URL('../dist/script.js', import.meta.url));
const page = (tag) => `<!doctype html><title>A page</title><link rel="icon" href="data:,">${tag}<main style="height:5000px">text</main>`;
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
const routes = {};
for (const [name, body] of Object.entries(scripts)) {
  routes[`/${name}`] = ['text/html', page(`<script defer data-site="example.kz" data-local src="/js/${name}.js"></script>`)];
  routes[`/js/${name}.js`] = ['text/javascript', body];
}
const server = createServer((request, response) => {
  const [type, body] = routes[request.url] ?? ['text/plain', 'ok'];
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });
const RATES = [SLOWER, 1];
const kinds = Object.keys(scripts).flatMap((name) => RATES.map((rate) => ({ name, rate, times: [] })));
for (let load = 0; load < LOADS; load += 1) {
  for (const { name, rate, times } of kinds) {
    const tab = await browser.newPage();
    const session = await tab.context().newCDPSession(tab);
    await session.send('Emulation.setCPUThrottlingRate', { rate });
    const events = [];
    session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
    await session.send('Tracing.start', { categories: 'devtools.timeline,v8', transferMode: 'ReportEvents' });
    await tab.goto(`${origin}/${name}`, { waitUntil: 'load' });
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await complete;
    // Time of the thread, not of the clock: what else the machine does is left out.
    const ours = events.filter(({ name: what, args }) => what === 'EvaluateScript' && `${args?.data?.url}`.endsWith(`/js/${name}.js`));
    times.push((ours.reduce((sum, { tdur = 0 }) => sum + tdur, 0) / 1000) * (SLOWER / rate));
    await tab.close();
  }
}
await browser.close();
server.closeAllConnections();
server.close();
console.log(`milliseconds of the main thread at load, median (10 % to 90 %) of ${LOADS} loads`);
for (const { name, rate, times } of kinds) {
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(share * (times.length - 1))].toFixed(2);
  const how = rate === 1 ? `full speed x ${SLOWER}` : `slowed ${rate} x`;
  console.log(`${name.padEnd(8)} ${how.padEnd(15)} ${at(0.5).padStart(6)} (${at(0.1)} to ${at(0.9)})`);
}
