// What the mock answers about accounts, members, keys and invitations. The code that is right is 123456; the invitations' tokens
// are "new-here" and "known-here".

const SQUARE =
  "M0 0h7v7h-7zM18 0h7v7h-7zM0 18h7v7h-7zM9 2h1v1h-1zM11 3h3v1h-3zM10 9h4v3h-4zM3 11h2v4h-2zM15 15h6v2h-6zM12 19h2v5h-2z";

/** `refuse(status, code)` throws; `now()` is in milliseconds. */
export function makeAccounts({ now, refuse }) {
  const ago = (hours) => Math.floor(now() / 1000 - hours * 3600);
  let next = 100;
  const codes = () => Array.from({ length: 10 }, (_, n) => `K3QF-7ZMA-P${n + 2}XD-LW4R`.replace(/[018]/g, "6"));
  const state = {
    totp: false,
    required: false,
    mustEnrol: false,
    codesLeft: 10,
    sessions: [
      {
        id: 1,
        current: true,
        way: "password",
        browser: "firefox",
        system: "linux",
        created_at: ago(30),
        last_seen_at: ago(0),
      },
      {
        id: 2,
        current: false,
        way: "password",
        browser: "yandex",
        system: "android",
        created_at: ago(90),
        last_seen_at: ago(26),
      },
      { id: 3, current: false, way: "oidc", browser: null, system: null, created_at: ago(300), last_seen_at: ago(120) },
    ],
    members: [
      { id: 11, email: "aigerim.nurlanqyzy@jastar-ortalygy.kz", role: "owner", created_at: ago(900) },
      { id: 12, email: "daulet@example.kz", role: "editor", created_at: ago(400) },
      { id: 13, email: "guest@example.kz", role: "viewer", created_at: ago(100) },
    ],
    invitations: [
      {
        id: 21,
        email: "zhanar@example.kz",
        domain: "example.kz",
        role: "viewer",
        created_at: ago(20),
        expires_at: ago(-148),
      },
    ],
    users: [
      {
        id: 1,
        email: "admin@example.kz",
        role: "owner",
        second_factor: false,
        created_at: ago(4000),
        last_seen_at: ago(0),
        sites: [],
      },
      {
        id: 12,
        email: "daulet@example.kz",
        role: null,
        second_factor: true,
        created_at: ago(400),
        last_seen_at: ago(50),
        sites: [{ domain: "example.kz", role: "editor" }],
      },
      {
        id: 14,
        email: "saule@example.kz",
        role: "viewer",
        second_factor: false,
        created_at: ago(30),
        last_seen_at: null,
        sites: [],
      },
    ],
    keys: [
      {
        id: 32,
        prefix: "sanaq_9c41b7e2",
        name: "",
        scope: "events",
        created_at: ago(700),
        expires_at: null,
        last_used_at: null,
        revoked_at: ago(40),
      },
      {
        id: 31,
        prefix: "sanaq_5f0a22d1",
        name: "Grafana",
        scope: "stats",
        created_at: ago(900),
        expires_at: ago(-900),
        last_used_at: ago(2),
        revoked_at: null,
      },
    ],
  };
  const password = (body) =>
    (body.password ?? body.current ?? "").length < 12 ? refuse(422, "wrong_password") : undefined;
  const without = (list, id) => list.filter((entry) => entry.id !== Number(id));

  /** Of somebody who need not be signed in; `null` when it is not about this. */
  function outside(route, body) {
    if (!route.startsWith("POST /api/invitation")) return null;
    if (route === "POST /api/invitations") return null;
    const known = body.token === "known-here";
    if (!known && body.token !== "new-here") refuse(410, "invitation_used");
    if (route === "POST /api/invitation") {
      const email = known ? "admin@example.kz" : "zhanar@example.kz";
      return { email, domain: "example.kz", role: "editor", expires_at: ago(-100), has_account: known };
    }
    if (!known && (body.password ?? "").length < 12) refuse(422, "weak_password");
    return known ? undefined : { signIn: true };
  }

  /** Of somebody who is signed in; `null` when it is not about this. */
  function answer(method, path, body) {
    const [, , first, second, third, fourth] = path.split("/"); // "", "api", …
    const site = first === "sites" && ["members", "invitations", "keys"].includes(third);
    const [area, id] = site ? [third, fourth] : [first, second];
    const route = `${method} ${area}`;
    if (route === "GET account" && !id) {
      const left = state.totp ? state.codesLeft : null;
      const second_factor = { on: state.totp, required: state.required, recovery_codes_left: left };
      return { email: "admin@example.kz", role: "owner", language: null, second_factor, sessions: state.sessions };
    }
    if (area === "account") return account(`${method} ${path}`, body, third);
    if (route === "GET members") {
      const instance_wide = [{ email: "admin@example.kz", role: "owner" }];
      return { members: state.members, invitations: state.invitations, instance_wide };
    }
    if (route === "PUT members" || route === "PATCH users") {
      const entry = state[area].find((one) => one.id === Number(id));
      if (entry.role === "owner" && body.role !== "owner") refuse(409, "last_owner");
      entry.role = body.role;
      return undefined;
    }
    if (route === "POST invitations") {
      next += 1;
      const invitation = { id: next, ...body, domain: "example.kz", created_at: ago(0), expires_at: ago(-168) };
      state.invitations = [invitation, ...state.invitations];
      return { invitation, link: `https://stats.example.kz/invitation#${"4f9a".repeat(16)}` };
    }
    if (route === "GET users") return { users: state.users, invitations: [] };
    if (route === "GET instance") return { require_second_factor: state.required };
    if (route === "PATCH instance") {
      state.required = body.require_second_factor;
      return { require_second_factor: state.required };
    }
    if (route === "GET keys") return { keys: state.keys };
    if (route === "POST keys") {
      next += 1;
      const end = body.expires_in_days ? ago(-24 * body.expires_in_days) : null;
      const key = {
        id: next,
        prefix: "sanaq_77aa01bc",
        name: body.name,
        scope: body.scope,
        created_at: ago(0),
        expires_at: end,
        last_used_at: null,
        revoked_at: null,
      };
      state.keys = [key, ...state.keys];
      return { key, secret: `sanaq_77aa01bc${"0f".repeat(28)}` };
    }
    if (route === "DELETE keys") {
      state.keys.find((key) => key.id === Number(id)).revoked_at = ago(0);
      return undefined;
    }
    if (method === "DELETE" && ["members", "invitations", "users"].includes(area)) {
      state[area] = without(state[area], id);
      return undefined;
    }
    return null;
  }

  function account(route, body, id) {
    switch (route) {
      case "POST /api/account/password":
        password(body);
        return { session: true };
      case "DELETE /api/account/sessions":
        state.sessions = state.sessions.filter(({ current }) => current);
        return undefined;
      case "POST /api/account/totp":
        password(body);
        return {
          secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
          address: "otpauth://totp/Sanaq",
          qr: { side: 25, path: SQUARE },
        };
      case "PUT /api/account/totp":
        if (body.code !== "123456") refuse(422, "wrong_code");
        state.totp = true;
        state.mustEnrol = false;
        return { recovery_codes: codes() };
      case "POST /api/account/totp/removal":
        password(body);
        state.totp = false;
        return undefined;
      case "POST /api/account/recovery-codes":
        password(body);
        return { recovery_codes: codes() };
    }
    state.sessions = without(state.sessions, id);
    return undefined;
  }

  return { state, outside, answer };
}
