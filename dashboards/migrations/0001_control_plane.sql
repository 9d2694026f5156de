-- The control plane: who works here and which sites are counted. Visitor data never goes into this file.
-- Instants are Unix seconds in UTC. Numbers given out are never reused (AUTOINCREMENT): sealed statistics name a site by its number.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    email         TEXT NOT NULL UNIQUE,  -- lower case
    password_hash TEXT NOT NULL,         -- PHC string, argon2id
    role          TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    language      TEXT CHECK (language IN ('kk', 'ru', 'en')),
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash   BLOB NOT NULL UNIQUE,   -- BLAKE3 of the cookie
    user         INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL        -- whatever happens, not later than this
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user);

CREATE TABLE setup_links (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash BLOB NOT NULL UNIQUE,
    purpose    TEXT NOT NULL CHECK (purpose IN ('first_owner')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;

CREATE TABLE sites (
    id         INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 4294967295),
    domain     TEXT NOT NULL UNIQUE,     -- lower case, punycode, without www.
    timezone   TEXT NOT NULL,            -- IANA name
    opt_out    TEXT NOT NULL DEFAULT 'tally' CHECK (opt_out IN ('tally', 'drop')),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    key_hash     BLOB NOT NULL UNIQUE,
    prefix       TEXT NOT NULL,          -- the first characters, to tell keys apart
    site         INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    scope        TEXT NOT NULL CHECK (scope IN ('stats')),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
CREATE INDEX api_keys_by_site ON api_keys (site);

-- No reference to users: an entry outlives whom it names.
CREATE TABLE audit_log (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    user    INTEGER,                     -- NULL: the command line
    action  TEXT NOT NULL,
    subject TEXT NOT NULL                -- a domain, a key's prefix, a user's number
) STRICT;
CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_is_never_cut BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
