// Starts the real binary on ports the system chooses, with a data directory of its own, and stops it again.
//
// With SANAQ_PUBLIC, SANAQ_STAFF and SANAQ_OPERATIONS set (and SANAQ_SETUP_LINK, SANAQ_DATA where a journey needs them),
// the journeys run against that instance instead and leave it running.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from './browser.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** An ordinary browser, for what no browser sends. */
export const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36';
const START_MS = 60_000;
const STOP_MS = 10_000;

const binary = () =>
  process.env.SANAQ_BIN || join(root, process.env.CARGO_TARGET_DIR || 'target', 'debug', 'sanaq');

/** An instance: addresses as `http://127.0.0.1:…`, `setupLink`, `cli(…)`, `stored()`, `stop()`. */
export async function startSanaq(...options) {
  const instance = process.env.SANAQ_PUBLIC ? given() : await spawned(options);
  return Object.assign(instance, {
    /** Runs a sub-command on the instance's data and gives what it printed. */
    cli: async (...words) =>
      (await promisify(execFile)(binary(), [...words, '--data', instance.data], { encoding: 'utf8' })).stdout.trim(),
    /** Waits until pages of this address are counted: a running program takes up a new site or rule within a second or so. */
    takes: (domain, url) => eventually(`${url} is counted for ${domain}`, () => wouldBeStored(instance.public, domain, url)),
    /** Counts of `sanaq_beacons_total` as `{"stored": 3, "dropped unknown_site": 1}`, zeros left out. */
    outcomes: () => outcomes(instance.operations),
  });
}

const given = () => ({
  public: process.env.SANAQ_PUBLIC,
  staff: process.env.SANAQ_STAFF,
  operations: process.env.SANAQ_OPERATIONS,
  setupLink: process.env.SANAQ_SETUP_LINK,
  data: process.env.SANAQ_DATA,
  stop: async () => {},
});

async function spawned(options) {
  const folder = await mkdtemp(join(tmpdir(), 'sanaq-browser-'));
  const data = join(folder, 'data');
  const announcement = join(folder, 'announced.json');
  const logFile = join(folder, 'log');
  const log = await open(logFile, 'a');
  const listeners = ['public', 'staff', 'operations'].flatMap((name) => [`--${name}`, '127.0.0.1:0']);
  const child = spawn(binary(), ['serve', ...options, ...listeners, '--data', data, '--announce', announcement], {
    stdio: ['ignore', log.fd, log.fd],
  });
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`exit ${code ?? signal}`));
  });
  let end;
  ended.then((how) => (end = how));
  // A test file that dies takes its instance along.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const how = await ended;
    clearTimeout(killer);
    process.off('exit', kill);
    await log.close();
    await rm(folder, { recursive: true, force: true });
    if (how !== 'exit 0') throw new Error(`sanaq did not stop cleanly: ${how}`);
  };
  try {
    const announced = await eventually(
      'sanaq is ready',
      async () => {
        if (end) throw new Error(`sanaq ended before it was ready: ${end}`);
        const { setup_link: setupLink, ...addresses } = JSON.parse(await readFile(announcement, 'utf8').catch(() => '{}'));
        if (!addresses.operations) return undefined;
        for (const name in addresses) addresses[name] = addresses[name].replace(/^(?!http)/, 'http://').replace(/\/$/, '');
        const ready = await fetch(`${addresses.operations}/readyz`).catch(() => undefined);
        return ready?.ok && { ...addresses, setupLink };
      },
      START_MS,
    );
    return { ...announced, data, log: () => readFile(logFile, 'utf8'), stop };
  } catch (error) {
    const told = await readFile(logFile, 'utf8').catch(() => '');
    await stop().catch(() => {});
    throw new Error(`${error.message}\n${told}`);
  }
}

/** A dry run: nothing is stored by asking. */
async function wouldBeStored(collector, domain, url) {
  const answer = await fetch(`${collector}/api/event`, {
    method: 'POST',
    headers: { 'user-agent': AGENT, 'x-debug-request': 'true', 'content-type': 'text/plain' },
    body: JSON.stringify({ n: 'pageview', u: url, d: domain }),
  });
  return (await answer.json()).sites[0].outcome === 'stored';
}

async function outcomes(operations) {
  const text = await (await fetch(`${operations}/metrics`)).text();
  const counted = {};
  for (const [, labels, value] of text.matchAll(/^sanaq_beacons_total\{(.*)\} (\S+)$/gm)) {
    const [, outcome] = labels.match(/outcome="(\w+)"/);
    const [, reason] = labels.match(/reason="(\w*)"/);
    if (Number(value)) counted[`${outcome} ${reason}`.trim()] = Number(value);
  }
  return counted;
}
