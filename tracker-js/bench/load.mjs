// What the tracker costs the main thread when a page loads, on a processor slowed down four times. `npm run bench`.
//
// Chromium's own trace says how long the script was compiled and run; the median of many loads counts. A figure, no test: the
// target is 3 ms (CONVENTIONS: performance is never asserted where tests run).
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { chromium } = createRequire(new URL('../../tests/browser/package.json', import.meta.url))('playwright-core');
const LOADS = 25;
const SLOWER = 4;

const script = await readFile(new URL('../dist/script.js', import.meta.url));
const page = (tag) => `<!doctype html><title>A page</title><link rel="icon" href="data:,">${tag}<main style="height:5000px">text</main>`;
// What is compared: the tracker, the one request it makes at load, and no work at all.
const scripts = {
  tracker: script,
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
const spent = Object.fromEntries(Object.keys(scripts).map((name) => [name, []]));
for (let load = 0; load < LOADS; load += 1) {
  for (const name of Object.keys(scripts)) {
    const tab = await browser.newPage();
    const session = await tab.context().newCDPSession(tab);
    await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
    const events = [];
    session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
    await session.send('Tracing.start', { categories: 'devtools.timeline,v8', transferMode: 'ReportEvents' });
    await tab.goto(`${origin}/${name}`, { waitUntil: 'load' });
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
    await complete;
    // Time of the thread, not of the clock: what else the machine does is left out.
    const ours = events.filter(({ name: what, args }) => what === 'EvaluateScript' && `${args?.data?.url}`.endsWith(`/js/${name}.js`));
    spent[name].push(ours.reduce((sum, { tdur = 0 }) => sum + tdur, 0) / 1000);
    await tab.close();
  }
}
await browser.close();
server.closeAllConnections();
server.close();
for (const [name, times] of Object.entries(spent)) {
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(share * (times.length - 1))].toFixed(2);
  console.log(`${name}: main thread at load, ${SLOWER} x slowed, ${LOADS} loads: median ${at(0.5)} ms, 10 % ${at(0.1)} ms, 90 % ${at(0.9)} ms`);
}
