// The built interface in a real Chromium, against the mock API under the strict content security policy.
// `npm run build && npm run test:browser`; CHROMIUM names the browser (default /usr/bin/chromium), ONLY a part of a
// test's name. Screenshots go to tests/out/. Any console error, policy violation, request to another origin, or finding
// of axe fails the test it happened in.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { makeMock } from "../scripts/mock-api.mjs";
import { accountJourneys, accountLooks } from "./browser/accounts.mjs";
import { boardJourneys } from "./browser/board-journeys.mjs";
import { journeys } from "./browser/journeys.mjs";
import { looks } from "./browser/looks.mjs";
import { settingsJourneys, settingsLooks } from "./browser/settings.mjs";
import { Stage } from "./browser/stage.mjs";

/** A Friday afternoon in Almaty, so that today has complete hours, a running one and hours to come. */
const NOW_MS = Date.parse("2026-11-20T15:37:00+05:00");

mkdirSync(new URL("out/", import.meta.url), { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
});
const only = process.env.ONLY ?? "";
let failed = 0;
let count = 0;
for (const [name, test] of [
  ...journeys,
  ...accountJourneys,
  ...accountLooks,
  ...boardJourneys,
  ...settingsJourneys,
  ...settingsLooks,
  ...looks,
]) {
  if (!name.includes(only)) continue;
  count += 1;
  const mock = makeMock({ now_ms: NOW_MS });
  const stage = new Stage(browser, mock, await mock.listen());
  const began = Date.now();
  try {
    await test(stage);
    stage.check();
    console.log(`ok    ${name} (${Date.now() - began} ms)`);
  } catch (error) {
    failed += 1;
    console.error(`FAIL  ${name}\n${error.stack ?? error}`);
  } finally {
    await stage.close();
    await mock.close();
  }
}
await browser.close();
console.log(`${count - failed} of ${count} passed`);
process.exit(failed || count === 0 ? 1 : 0);
