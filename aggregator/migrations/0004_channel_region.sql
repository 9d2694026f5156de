-- By which way a visit came, and from which region where the operator asks for that.

ALTER TABLE events
    ADD COLUMN IF NOT EXISTS channel LowCardinality(String) COMMENT 'By which way the visitor came, of a closed list' CODEC(ZSTD(1)) AFTER source,
    ADD COLUMN IF NOT EXISTS region LowCardinality(String) COMMENT 'ISO 3166-2 code; empty unless the operator asks for regions' CODEC(ZSTD(1)) AFTER country;

ALTER TABLE visits
    ADD COLUMN IF NOT EXISTS channel LowCardinality(String) COMMENT 'By which way the visit came, of a closed list' CODEC(ZSTD(1)) AFTER source,
    ADD COLUMN IF NOT EXISTS region LowCardinality(String) COMMENT 'ISO 3166-2 code; empty unless the operator asks for regions' CODEC(ZSTD(1)) AFTER country;

ALTER TABLE hits
    ADD COLUMN IF NOT EXISTS channel LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)) AFTER source,
    ADD COLUMN IF NOT EXISTS region LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)) AFTER country;

ALTER TABLE stats_daily
    MODIFY COLUMN dimension Enum8('total' = 0, 'page' = 1, 'host' = 2, 'event' = 3, 'entry_page' = 10, 'exit_page' = 11, 'source' = 12, 'referrer' = 13, 'utm_source' = 14, 'utm_medium' = 15, 'utm_campaign' = 16, 'utm_content' = 17, 'utm_term' = 18, 'country' = 19, 'browser' = 20, 'browser_version' = 21, 'os' = 22, 'os_version' = 23, 'device' = 24, 'screen' = 25, 'language' = 26, 'channel' = 27, 'region' = 28);
