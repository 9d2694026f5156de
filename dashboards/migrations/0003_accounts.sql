-- Roles per site, invitations, a second factor, sign-in through an identity provider, keys that expire. A role on the whole
-- instance stays possible and is now optional; who has one keeps what they could do. Tables are rebuilt because SQLite can't
-- change a CHECK in place; children go over to the new parent before the old one is dropped, so that nothing cascades.

CREATE TABLE users_2 (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    email         TEXT NOT NULL UNIQUE,  -- lower case
    password_hash TEXT,                  -- PHC string, argon2id; NULL: signs in through the identity provider alone
    role          TEXT CHECK (role IN ('owner', 'admin', 'editor', 'viewer')), -- on every site; NULL: on those of `members`
    language      TEXT CHECK (language IN ('kk', 'ru', 'en')),
    created_at    INTEGER NOT NULL
) STRICT;
INSERT INTO sqlite_sequence (name, seq) SELECT 'users_2', seq FROM sqlite_sequence WHERE name = 'users';
INSERT INTO users_2 (id, email, password_hash, role, language, created_at)
    SELECT id, email, password_hash, role, language, created_at FROM users;

CREATE TABLE sessions_2 (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash   BLOB NOT NULL UNIQUE,   -- BLAKE3 of the cookie
    user         INTEGER NOT NULL REFERENCES users_2 (id) ON DELETE CASCADE,
    way          TEXT NOT NULL DEFAULT 'password' CHECK (way IN ('password', 'oidc')), -- how they signed in
    browser      TEXT,                   -- family alone (firefox), for the list of one's own sessions
    system       TEXT,                   -- family alone (linux)
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL        -- whatever happens, not later than this
) STRICT;
INSERT INTO sqlite_sequence (name, seq) SELECT 'sessions_2', seq FROM sqlite_sequence WHERE name = 'sessions';
INSERT INTO sessions_2 (id, token_hash, user, created_at, last_seen_at, ends_at)
    SELECT id, token_hash, user, created_at, last_seen_at, ends_at FROM sessions;

DROP TABLE sessions;
DROP TABLE users;
ALTER TABLE users_2 RENAME TO users;
ALTER TABLE sessions_2 RENAME TO sessions;
CREATE INDEX sessions_by_user ON sessions (user);

-- What somebody may do at one site. Counts together with their role on the instance: the higher one decides.
CREATE TABLE members (
    site       INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    user       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (site, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user);

CREATE TABLE invitations (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash BLOB NOT NULL UNIQUE,     -- BLAKE3 of the link's token
    email      TEXT NOT NULL,            -- lower case: whom the account will belong to
    site       INTEGER REFERENCES sites (id) ON DELETE CASCADE, -- NULL: to the whole instance
    role       TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    invited_by INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
CREATE INDEX invitations_by_site ON invitations (site);

-- Time-based one-time passwords (RFC 6238). The secret can't be hashed, as both sides compute with it.
CREATE TABLE second_factors (
    user         INTEGER PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret       BLOB NOT NULL,
    confirmed_at INTEGER,                -- NULL: begun, and worth nothing yet
    last_step    INTEGER NOT NULL DEFAULT 0 -- the newest 30-second step whose code was used: none up to it is good again
) STRICT;

CREATE TABLE recovery_codes (
    code_hash BLOB PRIMARY KEY NOT NULL, -- BLAKE3, of 80 random bits; used ones are deleted
    user      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_codes_by_user ON recovery_codes (user);

-- Who somebody is at an identity provider: its name for them never changes, while an e-mail address may pass to another.
CREATE TABLE identities (
    issuer     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    user       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_user ON identities (user);

CREATE TABLE api_keys_2 (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    key_hash     BLOB NOT NULL UNIQUE,
    prefix       TEXT NOT NULL,          -- the first characters, to tell keys apart
    name         TEXT NOT NULL DEFAULT '', -- what staff call it
    site         INTEGER REFERENCES sites (id) ON DELETE CASCADE, -- NULL: every site, of scope sites only
    scope        TEXT NOT NULL CHECK (scope IN ('stats', 'events', 'sites')),
    made_by      INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,                -- NULL: good until revoked
    last_used_at INTEGER,                -- not of scope events: collectors can't write here
    revoked_at   INTEGER,
    CHECK (site IS NOT NULL OR scope = 'sites')
) STRICT;
INSERT INTO sqlite_sequence (name, seq) SELECT 'api_keys_2', seq FROM sqlite_sequence WHERE name = 'api_keys';
INSERT INTO api_keys_2 (id, key_hash, prefix, site, scope, created_at, last_used_at, revoked_at)
    SELECT id, key_hash, prefix, site, scope, created_at, last_used_at, revoked_at FROM api_keys;
DROP TABLE api_keys;
ALTER TABLE api_keys_2 RENAME TO api_keys;
CREATE INDEX api_keys_by_site ON api_keys (site);
