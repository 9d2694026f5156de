// A site and a collector that only listens: for what the tracker does in a browser. What the collector makes of it is
// tested against the real one.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const script = await readFile(new URL('../../tracker-js/dist/script.js', import.meta.url));

const listen = (server) =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`)));

/** Starts both. `site.origin` serves `site.pages[path]` (HTML, or a function of nothing); `beacons` fills up. */
export async function startStub() {
  const stub = { beacons: [], headers: [], pages: {}, policy: '' };
  const collector = createServer(async (request, response) => {
    if (request.url.startsWith('/js/script.js')) {
      response.writeHead(200, { 'content-type': 'text/javascript', 'cross-origin-resource-policy': 'cross-origin' }).end(script);
      return;
    }
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.url === '/api/event' && request.method === 'POST') {
      stub.headers.push(request.headers);
      stub.beacons.push(JSON.parse(body));
    }
    response.writeHead(202, { 'content-type': 'text/plain', 'access-control-allow-origin': '*' }).end('ok');
  });
  stub.collector = await listen(collector);
  const site = createServer((request, response) => {
    const page = stub.pages[new URL(request.url, 'http://site').pathname];
    response.writeHead(page === undefined ? 404 : 200, {
      'content-type': 'text/html; charset=utf-8',
      ...(stub.policy && { 'content-security-policy': stub.policy }),
    });
    response.end(page);
  });
  stub.site = await listen(site);
  stub.stop = () => {
    for (const server of [collector, site]) {
      server.closeAllConnections();
      server.close();
    }
  };
  /** A page with the tracker on it. */
  stub.page = (content = '', attributes = '') =>
    `<!doctype html><html lang="kk"><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">
<script defer data-site="example.kz" data-local ${attributes} src="${stub.collector}/js/script.js"></script>${content}`;
  /** `[name, path]` of each beacon, without what is left of a query of which nothing may be sent. */
  stub.story = () => stub.beacons.map(({ n, u }) => [n, u.replace(stub.site, '').replace(/\?&*$/, '')]);
  stub.named = (name) => stub.beacons.filter(({ n }) => n === name);
  return stub;
}
