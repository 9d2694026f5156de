// A headless Chromium that is watched: what a visitor or a member of staff should never meet fails the test.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Whatever slips past the routes below finds no other host.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

const POLL_MS = 50;

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';

/**
 * Starts the browser; `options` as Playwright's `launch` takes them. It calls itself what it would with a window: a
 * headless one is dropped as a robot. Said on the command line, because what a page sends while it is torn down would
 * not know of Playwright's `userAgent`.
 */
export async function launch({ args = [], ...options } = {}) {
  const { stdout } = await promisify(execFile)(CHROMIUM, ['--version']);
  const [, version] = stdout.match(/ (\d+)\./);
  const agent = `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`;
  return chromium.launch({ executablePath: CHROMIUM, args: [...ARGUMENTS, `--user-agent=${agent}`, ...args], ...options });
}

/** A browser context (a person with an empty profile) that may talk to `origins` only. */
export async function watchedContext(browser, origins, options = {}) {
  const complaints = [];
  const elsewhere = [];
  const context = await browser.newContext(options);
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy violation: ${event.effectiveDirective} ${event.blockedURI}`);
    });
  });
  context.on('page', (page) => {
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`console: ${message.text()} ${message.location().url}`.trim());
    });
    page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  });
  // Other hosts are never reached: they get an empty page, and are written down.
  await context.route(
    (url) => /^http/.test(url.protocol) && !origins.includes(url.origin),
    (route) => {
      elsewhere.push(route.request().url());
      return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>elsewhere</title>' });
    },
  );
  return Object.assign(context, {
    complaints,
    elsewhere,
    /** Takes back a complaint that belongs to what was just done; fails when there was none. */
    forgive(expected) {
      const at = complaints.findIndex((complaint) => expected.test(complaint));
      assert.ok(at >= 0, `${expected} among ${complaints}`);
      complaints.splice(at, 1);
    },
    /** Fails on console errors, uncaught errors, policy violations, and requests to others than those expected. */
    assertQuiet(expectedElsewhere = []) {
      assert.deepEqual(complaints, []);
      assert.deepEqual(elsewhere, expectedElsewhere);
    },
  });
}

/** Asks until the answer is truthy; fails with `what` and the last answer when that takes longer than `ms`. */
export async function eventually(what, ask, ms = 10_000) {
  const deadline = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < deadline, `not within ${ms} ms: ${what}`);
    await pause(POLL_MS);
  }
}

/** Everything a page could have kept in the browser for its origin. All empty after a visit, or promise broken. */
export const kept = (page) =>
  page.evaluate(async () => ({
    cookies: document.cookie,
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: await (globalThis.caches?.keys() ?? []),
    workers: (await (navigator.serviceWorker?.getRegistrations() ?? [])).length,
  }));

export const NOTHING_KEPT = { cookies: '', local: [], session: [], databases: [], caches: [], workers: 0 };
