-- Rules of a site, keys for servers, and sites that ignore opt-outs. The two tables are rebuilt because SQLite can't change a
-- CHECK in place; children go over to the new parent before the old one is dropped, so that nothing cascades.

CREATE TABLE sites_2 (
    id         INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 4294967295),
    domain     TEXT NOT NULL UNIQUE,     -- lower case, punycode, without www.
    timezone   TEXT NOT NULL,            -- IANA name
    opt_out    TEXT NOT NULL DEFAULT 'tally' CHECK (opt_out IN ('tally', 'drop', 'ignore')),
    umami_id   TEXT UNIQUE,              -- UUID the website had in Umami, lower case
    created_at INTEGER NOT NULL
) STRICT;
-- Numbers of removed sites stay used up.
INSERT INTO sqlite_sequence (name, seq) SELECT 'sites_2', seq FROM sqlite_sequence WHERE name = 'sites';
INSERT INTO sites_2 (id, domain, timezone, opt_out, created_at)
    SELECT id, domain, timezone, opt_out, created_at FROM sites;

CREATE TABLE api_keys_2 (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    key_hash     BLOB NOT NULL UNIQUE,
    prefix       TEXT NOT NULL,          -- the first characters, to tell keys apart
    site         INTEGER NOT NULL REFERENCES sites_2 (id) ON DELETE CASCADE,
    scope        TEXT NOT NULL CHECK (scope IN ('stats', 'events')),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,                -- of scope stats only: collectors can't write here
    revoked_at   INTEGER
) STRICT;
INSERT INTO sqlite_sequence (name, seq) SELECT 'api_keys_2', seq FROM sqlite_sequence WHERE name = 'api_keys';
INSERT INTO api_keys_2 (id, key_hash, prefix, site, scope, created_at, last_used_at, revoked_at)
    SELECT id, key_hash, prefix, site, scope, created_at, last_used_at, revoked_at FROM api_keys;

DROP TABLE api_keys;
DROP TABLE sites;
ALTER TABLE sites_2 RENAME TO sites;
ALTER TABLE api_keys_2 RENAME TO api_keys;
CREATE INDEX api_keys_by_site ON api_keys (site);

-- One line for each entry of a list; `rule` says which list.
CREATE TABLE site_rules (
    site  INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    rule  TEXT NOT NULL CHECK (rule IN ('allow_host', 'shield_address', 'shield_country', 'shield_page', 'shield_host',
                                        'keep_param', 'allow_prop')),
    value TEXT NOT NULL,
    PRIMARY KEY (site, rule, value)
) STRICT, WITHOUT ROWID;
