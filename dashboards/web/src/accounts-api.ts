/** The part of the staff API about accounts, members and keys. */
import { request, type Session } from "./api";

export const ROLES = ["viewer", "editor", "admin", "owner"] as const;
export type Role = (typeof ROLES)[number];

export interface OwnSession {
  id: number;
  current: boolean;
  way: "password" | "oidc";
  browser: string | null;
  system: string | null;
  created_at: number;
  last_seen_at: number;
}

export interface Profile {
  email: string;
  role: Role | null;
  second_factor: { on: boolean; required: boolean; recovery_codes_left: number | null };
  sessions: OwnSession[];
}

/** A secret for an authenticator app, with the path of its QR code in a square of `side` modules. */
export interface Begun {
  secret: string;
  address: string;
  qr: { side: number; path: string } | null;
}

export interface Invitation {
  id: number;
  email: string;
  domain: string | null;
  role: Role;
  expires_at: number;
}

export interface Member {
  id: number;
  email: string;
  role: Role;
}

export interface Colleague {
  id: number;
  email: string;
  role: Role | null;
  second_factor: boolean;
  last_seen_at: number | null;
  sites: { domain: string; role: Role }[];
}

export const SCOPES = ["stats", "events", "sites"] as const;
export type Scope = (typeof SCOPES)[number];

export interface Key {
  id: number;
  prefix: string;
  name: string;
  scope: Scope;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  revoked_at: number | null;
}

export interface Invited {
  email: string;
  domain: string | null;
  role: Role;
  has_account: boolean;
}

type Codes = { recovery_codes: string[] };
/** Of a site, or of the whole instance. */
type Place = string | null;
const at = (place: Place): string => (place === null ? "/api" : `/api/sites/${encodeURIComponent(place)}`);

export const accounts = {
  profile: () => request<Profile>("GET", "/api/account"),
  setPassword: (current: string, fresh: string) =>
    request<Session>("POST", "/api/account/password", { current, new: fresh }),
  endSession: (id: number) => request<void>("DELETE", `/api/account/sessions/${id}`),
  endOthers: () => request<void>("DELETE", "/api/account/sessions"),
  beginTotp: (password: string) => request<Begun>("POST", "/api/account/totp", { password }),
  confirmTotp: (code: string) => request<Codes>("PUT", "/api/account/totp", { code }),
  endTotp: (password: string) => request<void>("POST", "/api/account/totp/removal", { password }),
  renewCodes: (password: string) => request<Codes>("POST", "/api/account/recovery-codes", { password }),

  members: (domain: string) =>
    request<{ members: Member[]; invitations: Invitation[]; instance_wide: { email: string; role: Role }[] }>(
      "GET",
      `${at(domain)}/members`,
    ),
  setMember: (domain: string, id: number, role: Role) => request<void>("PUT", `${at(domain)}/members/${id}`, { role }),
  removeMember: (domain: string, id: number) => request<void>("DELETE", `${at(domain)}/members/${id}`),
  invite: (place: Place, email: string, role: Role) =>
    request<{ invitation: Invitation; link: string }>("POST", `${at(place)}/invitations`, { email, role }),
  withdraw: (place: Place, id: number) => request<void>("DELETE", `${at(place)}/invitations/${id}`),

  staff: () => request<{ users: Colleague[]; invitations: Invitation[] }>("GET", "/api/users"),
  setRole: (id: number, role: Role | null) => request<void>("PATCH", `/api/users/${id}`, { role }),
  removeUser: (id: number) => request<void>("DELETE", `/api/users/${id}`),
  dropTotp: (id: number) => request<void>("DELETE", `/api/users/${id}/totp`),
  instance: () => request<{ require_second_factor: boolean }>("GET", "/api/instance"),
  setInstance: (require_second_factor: boolean) =>
    request<{ require_second_factor: boolean }>("PATCH", "/api/instance", { require_second_factor }),

  keys: (place: Place) => request<{ keys: Key[] }>("GET", `${at(place)}/keys`),
  makeKey: (place: Place, key: { name: string; scope: Scope; expires_in_days: number | null }) =>
    request<{ key: Key; secret: string }>("POST", `${at(place)}/keys`, key),
  revokeKey: (place: Place, id: number) => request<void>("DELETE", `${at(place)}/keys/${id}`),

  invited: (token: string) => request<Invited>("POST", "/api/invitation", { token }),
  accept: (token: string, password?: string) =>
    request<Session | undefined>("POST", "/api/invitation/acceptance", password ? { token, password } : { token }),
};
