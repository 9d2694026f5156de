// Accounts, members, invitations and keys: each journey once, and each page in every language, size and scheme.
import assert from "node:assert/strict";
import { SIZES, until } from "./stage.mjs";

const PASSWORD = "dala-samaly-2026";
const heading = (page) => page.getByRole("heading", { level: 1 });

async function enrol(page) {
  await page.getByTestId("totp-begin-password").fill(PASSWORD);
  await page.getByTestId("totp-begin").click();
  await page.locator("svg.qr").waitFor();
}

export const accountJourneys = [
  [
    "accounts: a second factor is set up, its codes are shown once, and the door asks for it",
    async (stage) => {
      stage.allow(/401|422/);
      const page = await stage.open("/account", { language: "en" });
      await enrol(page);
      await page.getByTestId("totp-code").fill("000000");
      await page.getByTestId("totp-confirm").click();
      await page.locator('[data-code="wrong_code"]').waitFor();
      await page.getByTestId("totp-code").fill("123456");
      await page.getByTestId("totp-confirm").click();
      await page.getByTestId("totp-kept").waitFor();
      const shown = await page.getByTestId("snippet").innerText();
      assert.equal(shown.trim().split("\n").length, 10);
      await page.getByTestId("totp-kept").click();
      await page.getByTestId("totp-renew").waitFor();

      await page.getByTestId("account").click();
      await page.getByTestId("sign-out").click();
      await page.getByTestId("signin-email").fill("admin@example.kz");
      await page.getByTestId("signin-password").fill(PASSWORD);
      assert.equal(await page.getByTestId("signin-code").count(), 0);
      await page.getByTestId("signin-submit").click();
      await page.getByTestId("signin-code").waitFor();
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "code");
      await page.keyboard.type("654321");
      await page.keyboard.press("Enter");
      await page.locator('[data-code="wrong_code"]').waitFor();
      await page.getByTestId("signin-code").fill("123456");
      await page.keyboard.press("Enter");
      await page.getByTestId("account").waitFor();
    },
  ],
  [
    "accounts: where a second factor is required nothing else is shown until there is one",
    async (stage) => {
      stage.allow(/403/);
      stage.mock.accounts.mustEnrol = true;
      stage.mock.accounts.required = true;
      const page = await stage.open("/example.kz", { language: "ru" });
      await enrol(page);
      assert.equal(await page.getByTestId("password-submit").count(), 0);
      await page.getByTestId("totp-code").fill("123456");
      await page.getByTestId("totp-confirm").click();
      await page.getByTestId("totp-kept").click();
      await page.getByTestId("tile-visitors").waitFor();
    },
  ],
  [
    "accounts: the password is changed and other sessions are ended",
    async (stage) => {
      stage.allow(/422/);
      const page = await stage.open("/account");
      await page.getByTestId("password-current").fill("short");
      await page.getByTestId("password-new").fill("zhana-qupiya-soz");
      await page.getByTestId("password-submit").click();
      await page.locator('[data-code="wrong_password"]').waitFor();
      await page.getByTestId("password-current").fill(PASSWORD);
      await page.getByTestId("password-submit").click();
      await until(
        () => page.getByTestId("password-current").inputValue(),
        (value) => value === "",
        "the form is empty",
      );
      assert.equal(await page.getByTestId("session-end").count(), 2);
      await page.getByTestId("session-end").first().click();
      await until(
        () => page.getByTestId("session-end").count(),
        (count) => count === 1,
        "one was ended",
      );
      await page.getByTestId("sessions-end").click();
      await until(
        () => page.getByTestId("session-end").count(),
        (count) => count === 0,
        "all were ended",
      );
    },
  ],
  [
    "accounts: somebody is invited, a role is changed, the last owner stays",
    async (stage) => {
      stage.allow(/409/);
      const page = await stage.open("/example.kz/members", { language: "en" });
      await page.getByTestId("invite-email").fill("new@example.kz");
      await page.getByTestId("invite-role").selectOption("editor");
      await page.getByTestId("invite-submit").click();
      assert.match(await page.getByTestId("snippet").innerText(), /\/invitation#[0-9a-f]{64}$/);
      await page.getByText("new@example.kz").last().waitFor();
      const roles = page.getByTestId("member-role");
      await roles.nth(2).selectOption("editor");
      await until(
        () => stage.mock.accounts.members[2].role,
        (role) => role === "editor",
        "the role",
      );
      await roles.nth(0).selectOption("viewer");
      await page.locator('[data-code="last_owner"]').waitFor();
      await page.getByTestId("member-remove").nth(2).click();
      assert.equal(await page.getByTestId("member-remove").count(), 3, "the first click asks");
      await page.getByTestId("member-remove").nth(2).click();
      await until(
        () => page.getByTestId("member-remove").count(),
        (count) => count === 2,
        "removed",
      );
    },
  ],
  [
    "accounts: an invitation makes an account, or is accepted by who is signed in",
    async (stage) => {
      stage.allow(/401|410/);
      const page = await stage.open("/invitation#new-here", { signedIn: false });
      await page.getByTestId("setup-password").fill(PASSWORD);
      assert.equal(await page.getByTestId("setup-email").inputValue(), "zhanar@example.kz");
      await page.getByTestId("setup-submit").click();
      await page.getByTestId("tile-visitors").waitFor();
      assert.equal(new URL(page.url()).pathname, "/example.kz");
      assert.equal(new URL(page.url()).hash, "");

      const known = await stage.open("/invitation#known-here", { language: "ru" });
      await known.getByTestId("invitation-accept").click();
      await known.getByTestId("tile-visitors").waitFor();
      const over = await stage.open("/invitation#nonsense", { language: "en" });
      await over.locator('[data-code="invitation_used"]').waitFor();
    },
  ],
  [
    "accounts: a key is made, shown once, and revoked",
    async (stage) => {
      const page = await stage.open("/example.kz/keys");
      await page.getByTestId("key-name").fill("Board");
      await page.getByTestId("key-scope").selectOption("stats");
      await page.getByTestId("key-term").selectOption("30");
      await page.getByTestId("key-submit").click();
      assert.match(await page.getByTestId("snippet").innerText(), /^sanaq_[0-9a-f]{64}$/);
      await until(
        () => page.getByTestId("key-revoke").count(),
        (count) => count === 2,
        "it is listed",
      );
      await page.getByTestId("key-revoke").first().dblclick();
      await until(
        () => page.getByTestId("key-revoke").count(),
        (count) => count === 1,
        "it is revoked",
      );
      await page.reload();
      await heading(page).waitFor();
      assert.equal(await page.getByTestId("snippet").count(), 0);
    },
  ],
  [
    "accounts: roles of all staff, and the rule about the second factor",
    async (stage) => {
      stage.allow(/409/);
      const page = await stage.open("/users", { language: "en" });
      await page.getByTestId("staff-role").nth(2).selectOption("editor");
      await until(
        () => stage.mock.accounts.users[2].role,
        (role) => role === "editor",
        "the role",
      );
      await page.getByTestId("staff-role").nth(2).selectOption("");
      await until(
        () => stage.mock.accounts.users[2].role,
        (role) => role === null,
        "no role",
      );
      await page.getByTestId("require-totp").click();
      await until(() => stage.mock.accounts.required, Boolean, "the rule");
      await page.getByTestId("all-keys").click();
      await page.getByTestId("key-form").waitFor();
      assert.deepEqual(await page.getByTestId("key-scope").locator("option").allInnerTexts(), ["Settings"]);
    },
  ],
];

const PAGES = [
  ["my-account", "/account", {}],
  ["my-account-totp", "/account", {}, enrol],
  ["members", "/example.kz/members", {}],
  ["keys", "/example.kz/keys", {}],
  ["users", "/users", {}],
  ["invitation", "/invitation#new-here", { signedIn: false }],
];

/** Signs of another language's data under the Kazakh interface. */
const NOT_KAZAKH = /\bM\d\d\b|\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b|ноябр|янв\./;

export const accountLooks = PAGES.flatMap(([name, path, options, prepare]) =>
  Object.keys(SIZES).flatMap((size) =>
    ["light", "dark"].map((scheme) => [
      `look: accounts, ${name}, ${size}, ${scheme}`,
      async (stage) => {
        if (options.signedIn === false) stage.allow(/401/);
        for (const language of ["kk", "ru", "en"]) {
          const page = await stage.open(path, { size, scheme, language, ...options });
          await page.locator(".accounts, .credentials").first().waitFor();
          await prepare?.(page);
          const where = `${name}.${language}.${size}.${scheme}`;
          await stage.screenshot(page, where);
          await stage.axe(page, where);
          const [content, room] = await page.evaluate(() => [
            document.documentElement.scrollWidth,
            document.documentElement.clientWidth,
          ]);
          assert.ok(content <= room, `${where}: ${content} px wide in ${room} px`);
          const text = await page.locator("body").innerText();
          if (language === "kk") assert.doesNotMatch(text, NOT_KAZAKH, where);
          assert.doesNotMatch(text, /\{\w+\}|undefined|NaN/, where);
          await page.context().close();
        }
      },
    ]),
  ),
);
