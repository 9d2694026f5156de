// A site's settings: what staff change there, tab by tab, and how each tab looks.
import assert from "node:assert/strict";
import { SIZES, until } from "./stage.mjs";

const TABS = ["visibility", "shields", "properties", "goals", "funnels", "links", "deletion"];

export const settingsJourneys = [
  ["journey: settings are changed, said to be saved, and there after a reload", changed],
  ["journey: the snippet has the switches that are on", snippet],
  ["journey: a goal is laid down and becomes a step of a funnel, and stays while it is one", goalsAndFunnels],
  ["journey: a shared link is made with a password and revoked", sharedLinks],
  ["journey: a site is deleted after a look at what goes and its domain typed", deletion],
  ["journey: the tabs of the settings by keyboard, back and forward", tabs],
];

async function changed(stage) {
  stage.allow(/status of 422/);
  const page = await stage.open("/example.kz/settings/visibility", { language: "en" });
  await page.getByTestId("settings-staff-k").fill("4");
  await page.getByTestId("settings-public-k").fill("20");
  await page.getByTestId("settings-thresholds-submit").click();
  await page.getByText("Saved.").waitFor();
  await page.getByTestId("settings-retention-own").check();
  await page.getByTestId("settings-detail-months").fill("6");
  await page.getByTestId("settings-retention-submit").click();
  await until(
    () => stage.mock.state.sites[0].settings?.retention,
    (kept) => kept?.detail_months === 6 && kept.statistics_months === null,
    "retention",
  );
  assert.deepEqual(stage.mock.state.sites[0].settings.thresholds, { staff_k: 4, public_k: 20 });
  await page.reload();
  await until(
    () => page.getByTestId("settings-public-k").inputValue(),
    (value) => value === "20",
    "the threshold",
  );
  await page.getByTestId("settings-tab-shields").click();
  await page.getByTestId("settings-addresses").fill("192.0.2.0/24\nnot an address");
  await page.getByTestId("settings-shields-form-submit").click();
  await page.locator('[data-code="bad_rule"]').waitFor();
  await page.getByTestId("settings-addresses").fill("198.51.100.7\n");
  await page.getByTestId("settings-pages").fill("/admin/**\n/draft/*");
  await page.getByTestId("settings-shields-form-submit").click();
  await page.getByText("Saved.").waitFor();
  assert.deepEqual(stage.mock.state.sites[0].settings.rules.shields.addresses, ["198.51.100.7"]);
  assert.deepEqual(stage.mock.state.sites[0].settings.rules.shields.pages, ["/admin/**", "/draft/*"]);
}

async function snippet(stage) {
  const page = await stage.open("/example.kz/settings");
  const code = page.getByTestId("snippet");
  await code.getByText('data-site="example.kz"').waitFor();
  await page.getByTestId("snippet-data-hash").check();
  await page.getByTestId("snippet-vitals").check();
  // Both files under the names that never change, each with its hash, unless new versions are wanted without asking.
  const pinned =
    / src="https:\/\/sanaq\.example\.kz\/js\/(script|vitals)\.[0-9a-f]{12}\.js" integrity="sha384-[\w+/]{64}" crossorigin="anonymous">/g;
  assert.equal([...(await code.innerText()).matchAll(pinned)].length, 2);
  await page.getByTestId("snippet-updates").check();
  assert.equal(
    (await code.innerText()).trim(),
    '<script defer data-site="example.kz" data-hash src="https://sanaq.example.kz/js/script.js"></script>\n' +
      '<script type="module" src="https://sanaq.example.kz/js/vitals.js"></script>',
  );
  await page.getByTestId("snippet-vitals").uncheck();
  await page.getByTestId("snippet-data-hash").uncheck();
  assert.doesNotMatch(await code.innerText(), /hash|vitals/);
}

async function goalsAndFunnels(stage) {
  stage.allow(/status of 409/);
  const page = await stage.open("/example.kz/settings/goals", { language: "en" });
  const goals = page.getByTestId("goal-list").getByRole("listitem");
  await goals.first().waitFor();
  const before = await goals.count();
  await page.getByTestId("goal-kind").selectOption("scroll");
  await page.getByTestId("goal-page").fill("/news/**");
  await page.getByTestId("goal-scroll").fill("60");
  await page.getByTestId("goal-name").fill("Read the news");
  await page.getByTestId("goal-form-submit").click();
  await goals.getByText("60% of /news/** read").waitFor();
  assert.equal(await goals.count(), before + 1);
  // The mock's first goal is a step of its funnel.
  await goals.first().getByTestId("goal-remove").click();
  await page.locator('[data-code="goal_in_use"]').waitFor();

  await page.getByTestId("settings-tab-funnels").click();
  const funnels = page.getByTestId("funnel-list").getByRole("listitem");
  await funnels.first().waitFor();
  await page.getByTestId("funnel-name").fill("To the news");
  await page.getByTestId("funnel-more").click();
  await page.getByTestId("funnel-step-3").selectOption({ label: "Read the news" });
  await page.getByTestId("funnel-form-submit").click();
  await funnels.getByText("→ Read the news").waitFor();
  await funnels.first().getByTestId("funnel-remove").click();
  await until(
    () => funnels.count(),
    (count) => count === 1,
    "the funnels",
  );
}

async function sharedLinks(stage) {
  stage.allow(/status of 422/);
  const page = await stage.open("/example.kz/settings/links", { language: "en" });
  const links = page.getByTestId("link-list").getByRole("listitem");
  await links.first().waitFor();
  await page.getByTestId("link-name").fill("Board");
  await page.getByTestId("link-password").fill("short");
  await page.getByTestId("link-form-submit").click();
  await page.locator('[data-code="weak_password"]').waitFor();
  await page.getByTestId("link-password").fill("a long enough phrase");
  await page.getByTestId("link-segment").selectOption({ index: 1 });
  await page.getByTestId("link-form-submit").click();
  await links.nth(1).getByText("Board").first().waitFor();
  assert.match(await links.nth(1).innerText(), /With a password/);
  await links.nth(1).getByTestId("link-revoke").click();
  await until(
    () => links.count(),
    (count) => count === 1,
    "the links",
  );
  await page.getByText("The link opens nothing any more.").waitFor();
}

async function deletion(stage) {
  const page = await stage.open("/example.kz/settings/deletion", { language: "en" });
  await page.getByTestId("deletion-preview").getByText("48,210").waitFor();
  const button = page.getByTestId("deletion-form-submit");
  assert.ok(await button.isDisabled());
  await page.getByTestId("deletion-domain").fill("example");
  assert.ok(await button.isDisabled());
  await page.getByTestId("deletion-domain").fill("example.kz");
  await button.click();
  await page.getByTestId("add-site-open").waitFor();
  assert.ok(!stage.mock.state.sites.some(({ domain }) => domain === "example.kz"));
  assert.equal(await page.getByText("example.kz", { exact: true }).count(), 0);
}

async function tabs(stage) {
  const page = await stage.open("/example.kz/settings");
  await page.getByTestId("settings-tab-visibility").waitFor();
  await page.getByTestId("settings-tab-general").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByTestId("settings-visibility").waitFor();
  assert.equal(new URL(page.url()).pathname, "/example.kz/settings/visibility");
  assert.equal(await page.getByTestId("settings-tab-visibility").getAttribute("aria-current"), "page");
  await page.goBack();
  await page.getByTestId("settings-general").waitFor();
  await page.goForward();
  await page.getByTestId("settings-visibility").waitFor();
}

/** Signs of another language's words under the Kazakh interface. */
const NOT_KAZAKH = /\b(Save|Saved|Delete|Goals)\b|Сохранить|Удалить|Целей/;

export const settingsLooks = TABS.flatMap((tab) =>
  Object.keys(SIZES).flatMap((size) =>
    ["light", "dark"].map((scheme) => [
      `look: settings, ${tab}, ${size}, ${scheme}`,
      async (stage) => {
        for (const language of ["kk", "ru", "en"]) {
          const page = await stage.open(`/example.kz/settings/${tab}`, { size, scheme, language });
          await page.getByTestId(`settings-${tab}`).locator("form").first().waitFor();
          const where = `settings-${tab}.${language}.${size}.${scheme}`;
          await stage.screenshot(page, where);
          await stage.axe(page, where);
          const [content, room] = await page.evaluate(() => [
            document.documentElement.scrollWidth,
            document.documentElement.clientWidth,
          ]);
          assert.ok(content <= room, `${where}: ${content} px wide in ${room} px`);
          const text = await page.locator("main").innerText();
          if (language === "kk") assert.doesNotMatch(text, NOT_KAZAKH, where);
          assert.doesNotMatch(text, /\{\w+\}|undefined|NaN/, where);
          await page.context().close();
        }
      },
    ]),
  ),
);
