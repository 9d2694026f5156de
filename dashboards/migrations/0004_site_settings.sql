-- What staff lay down for a site beside its rules: how its figures are shown and kept, goals, funnels, segments, notes on the
-- chart, links for readers without an account. All of it goes with the site.

ALTER TABLE sites ADD COLUMN week_start INTEGER NOT NULL DEFAULT 1 CHECK (week_start BETWEEN 1 AND 7);  -- ISO: 1 is Monday
ALTER TABLE sites ADD COLUMN detail_months INTEGER CHECK (detail_months BETWEEN 0 AND 25);              -- NULL: as configured
ALTER TABLE sites ADD COLUMN statistics_months INTEGER CHECK (statistics_months BETWEEN 1 AND 1200);    -- NULL: without limit, if detail_months is set
ALTER TABLE sites ADD COLUMN staff_threshold INTEGER CHECK (staff_threshold BETWEEN 3 AND 1000);        -- NULL: as everywhere
ALTER TABLE sites ADD COLUMN public_threshold INTEGER CHECK (public_threshold BETWEEN 3 AND 1000);      -- NULL: as everywhere

-- `definition` is what the question engine reads in a question's `goals`.
CREATE TABLE goals (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    site       INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    definition TEXT NOT NULL CHECK (json_valid(definition)),
    currency   TEXT,                     -- ISO 4217, of goals that bring revenue
    UNIQUE (site, name)
) STRICT;

CREATE TABLE funnels (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    UNIQUE (site, name)
) STRICT;

-- A goal that is a step is not deleted before its funnel: another list of steps would be another funnel.
CREATE TABLE funnel_steps (
    funnel INTEGER NOT NULL REFERENCES funnels (id) ON DELETE CASCADE,
    step   INTEGER NOT NULL CHECK (step BETWEEN 1 AND 8),
    goal   INTEGER NOT NULL REFERENCES goals (id),
    PRIMARY KEY (funnel, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX funnel_steps_by_goal ON funnel_steps (goal);

-- `filters` is what the question engine reads in a question's `filters`.
CREATE TABLE segments (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    site    INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    filters TEXT NOT NULL CHECK (json_valid(filters)),
    shared  INTEGER NOT NULL CHECK (shared IN (0, 1)),
    owner   INTEGER REFERENCES users (id) ON DELETE SET NULL
) STRICT;
CREATE INDEX segments_by_site ON segments (site);
-- A segment that nobody else sees goes with its owner.
CREATE TRIGGER personal_segments_go_with_their_owner BEFORE DELETE ON users
BEGIN DELETE FROM segments WHERE owner = OLD.id AND shared = 0; END;

CREATE TABLE annotations (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    site INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    day  TEXT NOT NULL,                  -- 2026-11-22, of the site's calendar
    text TEXT NOT NULL
) STRICT;
CREATE INDEX annotations_by_site ON annotations (site, day);

-- The slug stands here as it is, since staff copy the link again whenever they need it. Who shall not read with the link
-- alone is kept out by the password.
CREATE TABLE links (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    site          INTEGER NOT NULL REFERENCES sites (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    slug          TEXT NOT NULL UNIQUE,
    password_hash TEXT,                  -- PHC string, argon2id
    segment       INTEGER REFERENCES segments (id),
    created_at    INTEGER NOT NULL,
    UNIQUE (site, name)
) STRICT;

-- Sites whose figures are to leave ClickHouse. A line stays when they have: it says that they did, and when.
CREATE TABLE deleted_sites (
    site       INTEGER PRIMARY KEY,
    domain     TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    erased_at  INTEGER
) STRICT;
