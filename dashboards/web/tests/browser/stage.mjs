// One test's browser pages and mock, and what must never happen on any page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const DEADLINE_MS = 5000;

export const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

export class Stage {
  #contexts = [];
  #wrong = [];
  #allowed = [];

  constructor(browser, mock, url) {
    this.browser = browser;
    this.mock = mock;
    this.url = url;
  }

  /** A page in a fresh profile. */
  async page({ size = "desktop", scheme = "light", language = "kk", signedIn = true, reducedMotion } = {}) {
    this.mock.state.signedIn = signedIn;
    const context = await this.browser.newContext({
      viewport: SIZES[size],
      colorScheme: scheme,
      locale: "en-US",
      permissions: ["clipboard-read", "clipboard-write"],
      ...(reducedMotion ? { reducedMotion } : {}),
    });
    this.#contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(DEADLINE_MS);
    page.on("pageerror", (error) => this.#wrong.push(`exception: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") this.#wrong.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(this.url)) this.#wrong.push(`request to another origin: ${request.url()}`);
    });
    if (language !== "kk")
      await page.addInitScript(
        `localStorage.getItem("sanaq.language") ?? localStorage.setItem("sanaq.language", "${language}")`,
      );
    return page;
  }

  async open(path, options) {
    const page = await this.page(options);
    await page.goto(this.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    return page;
  }

  /** Chromium reports every refused request as an error; those a test provokes are named. */
  allow(pattern) {
    this.#allowed.push(pattern);
  }

  check() {
    const wrong = this.#wrong.filter((text) => !this.#allowed.some((pattern) => pattern.test(text)));
    assert.deepEqual(wrong, [], "the page complained");
  }

  async axe(page, where) {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags }), AXE_TAGS);
    const found = violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join("; ")}`,
    );
    assert.deepEqual(found, [], `axe on ${where}`);
  }

  async screenshot(page, name) {
    const path = new URL(`../out/${name}.png`, import.meta.url).pathname;
    await page.screenshot({ path, fullPage: true, animations: "disabled" });
  }

  async close() {
    for (const context of this.#contexts) await context.close();
  }
}

/** Waits until `read` gives what `accept` accepts; the last value is in the message when it never does. */
export async function until(read, accept, what) {
  const end = Date.now() + DEADLINE_MS;
  let value;
  do {
    value = await read();
    if (accept(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (Date.now() < end);
  assert.fail(`${what}: still ${JSON.stringify(value)}`);
}

/** The raw number a marked element carries; `null` while there is none. */
export async function numberOf(page, testId) {
  const text = await page.getByTestId(testId).getAttribute("data-value");
  return text === null || text === "" ? null : Number(text);
}

export const settled = (page, testId = "tile-visitors") =>
  until(
    () => numberOf(page, testId),
    (value) => value !== null,
    testId,
  );
