// Three browsers behind one small interface, each driven by the tool that speaks its language: Chromium by Playwright, Firefox
// by Puppeteer over WebDriver BiDi, WebKitGTK by plain WebDriver. What is not here is said, and with CI set it fails.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import puppeteer from 'puppeteer-core';
import { eventually, launch } from './browser.mjs';

const FIREFOX = process.env.FIREFOX || '/usr/bin/firefox-esr';
const WEBKIT_DRIVER = '/usr/bin/WebKitWebDriver';
const START_MS = 60_000;

/** Where Debian puts WebKitGTK's own small browser: in a folder named after the machine and the version. */
const miniBrowser = () => {
  for (const machine of readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu'))) {
    const found = ['4.1', '6.0', '4.0'].map((version) => `/usr/lib/${machine}/webkit2gtk-${version}/MiniBrowser`).find(existsSync);
    if (found) return found;
  }
  return undefined;
};

/** A page's function with its arguments, as text that returns what it returns. */
const call = (work, given) => `return (${work})(...${JSON.stringify(given)})`;

async function chromium() {
  const browser = await launch({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  return {
    async tab() {
      const context = await browser.newContext();
      const page = await context.newPage();
      return {
        page,
        context,
        goto: (url) => page.goto(url),
        run: (work, ...given) => page.evaluate(`(() => { ${call(work, given)} })()`),
        click: (selector) => page.click(selector),
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}

async function firefox() {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX, headless: true, timeout: START_MS });
  return {
    async tab() {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      return {
        page,
        goto: (url) => page.goto(url),
        run: (work, ...given) => page.evaluate(`(() => { ${call(work, given)} })()`),
        click: (selector) => page.click(selector),
        close: () => context.close(),
      };
    },
    close: () => browser.close(),
  };
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** A screen that nobody looks at; gives its name, and ends it. */
async function screen() {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  let name = '';
  server.stdio[3].on('data', (text) => (name += text));
  await eventually('a screen', () => name.endsWith('\n'), START_MS);
  return { name: `:${name.trim()}`, stop: () => server.kill() };
}

async function webkit() {
  const { name, stop } = await screen();
  const port = await freePort();
  const driver = spawn(WEBKIT_DRIVER, [`--port=${port}`, '--host=127.0.0.1'], {
    stdio: 'ignore',
    env: { ...process.env, DISPLAY: name, NO_AT_BRIDGE: '1', LIBGL_ALWAYS_SOFTWARE: '1' },
  });
  process.once('exit', () => [driver, { kill: stop }].forEach((child) => child.kill()));
  const ask = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  await eventually('the driver', () => ask('GET', '/status').catch(() => undefined), START_MS);
  let session;
  const end = async () => {
    if (session) await ask('DELETE', `/session/${session}`).catch(() => {});
    session = undefined;
  };
  return {
    // The driver has one session at a time, and a new session is a new profile.
    async tab() {
      await end();
      const capabilities = {
        alwaysMatch: { 'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] } },
      };
      ({ sessionId: session } = await ask('POST', '/session', { capabilities }));
      const own = `/session/${session}`;
      return {
        goto: (url) => ask('POST', `${own}/url`, { url }),
        run: (work, ...given) => ask('POST', `${own}/execute/sync`, { script: call(work, given), args: [] }),
        async click(selector) {
          const element = await ask('POST', `${own}/element`, { using: 'css selector', value: selector });
          await ask('POST', `${own}/element/${Object.values(element)[0]}/click`, {});
        },
        close: end,
      };
    },
    async close() {
      await end();
      driver.kill();
      stop();
    },
  };
}

/** Name, how to start it, and what has to be there. */
export const ENGINES = [
  { name: 'Chromium', start: chromium, missing: () => !existsSync(process.env.CHROMIUM || '/usr/bin/chromium') && 'chromium' },
  { name: 'Firefox', start: firefox, missing: () => !existsSync(FIREFOX) && 'firefox-esr' },
  {
    name: 'WebKitGTK',
    start: webkit,
    missing: () => !(existsSync(WEBKIT_DRIVER) && existsSync('/usr/bin/Xvfb') && miniBrowser()) && 'webkit2gtk-driver xvfb',
  },
];
