// A website of fixtures, one page per behaviour, that takes the tracker in as a first party would: it hands `/js/`, `/api/` and
// `/a/` on to the real collector, and writes down what passes.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

/** The domain the fixtures name. */
export const DOMAIN = 'tracker.example';

const STRICT = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'";
const HEADERS = { 'csp.html': { 'content-security-policy': STRICT } };
const STATUS = { 'missing.html': 404 };
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', pdf: 'application/pdf' };

const read = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Starts it. `passed` fills up with `{path, status, dropped, headers, body}`; `hold(path)` keeps what comes for it until released. */
export async function startSite(collector) {
  const passed = [];
  let gate = async () => {};
  const handOn = async (request, response) => {
    const body = await read(request);
    const { host, connection, 'content-length': _, ...headers } = request.headers;
    const beacon = body.length ? JSON.parse(body) : undefined;
    await gate(beacon);
    const answer = await fetch(collector + request.url, {
      method: request.method,
      headers: { ...headers, 'accept-encoding': 'identity' },
      body: body.length ? body : undefined,
    });
    passed.push({ path: request.url, status: answer.status, dropped: answer.headers.get('x-sanaq-dropped'), headers, body: beacon });
    const kept = ['content-type', 'cache-control', 'access-control-allow-origin'];
    response.writeHead(answer.status, Object.fromEntries(kept.flatMap((name) => (answer.headers.has(name) ? [[name, answer.headers.get(name)]] : []))));
    response.end(Buffer.from(await answer.arrayBuffer()));
  };
  const serve = async (request, response) => {
    const name = new URL(request.url, 'http://site').pathname.slice(1) || 'page.html';
    const file = /^spa\//.test(name) ? 'spa.html' : name;
    const text = await readFile(new URL(`fixtures/${file}`, import.meta.url), 'utf8').catch(() => undefined);
    if (text === undefined) return response.writeHead(404, { 'content-type': 'text/plain' }).end('no such fixture');
    const pinned = /\{\{/.test(text) ? await (await fetch(`${collector}/js/pinned.json`)).json() : {};
    const filled = text.replaceAll(/\{\{(\S+) (name|integrity)\}\}/g, (_, script, field) => pinned[script][field]);
    response.writeHead(STATUS[file] ?? 200, { 'content-type': TYPES[file.split('.').pop()], 'cache-control': 'no-cache', ...HEADERS[file] });
    return response.end(filled);
  };
  const server = createServer((request, response) => {
    const work = /^\/(js|api|a)\//.test(request.url) ? handOn : serve;
    work(request, response).catch((error) => response.destroy(error));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const site = {
    origin: `http://127.0.0.1:${server.address().port}`,
    passed,
    /** Beacons that the collector has answered, in the order of its answers. */
    get beacons() {
      return passed.filter(({ body }) => body).map(({ body }) => body);
    },
    named: (name) => site.beacons.filter(({ n }) => n === name),
    /** `[name, path]` of each beacon. */
    get story() {
      return site.beacons.map(({ n, u }) => [n, u.replace(site.origin, '').replace(/\?&*$/, '')]);
    },
    /** What a beacon waits for before it is handed on. */
    holdBy: (work) => (gate = work),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return site;
}
