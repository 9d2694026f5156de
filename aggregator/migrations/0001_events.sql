-- Events of open days. The only table that holds a pseudonym.
-- Every statement can be run twice: a migration that was cut off is run again from its beginning.

CREATE TABLE IF NOT EXISTS events (
    site UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    day Date COMMENT 'Local day of the site' CODEC(ZSTD(1)),
    closes_at DateTime('UTC') COMMENT 'Instant at which that day ends' CODEC(ZSTD(1)),
    tag UInt64 COMMENT 'Pseudonym of the visitor for this site and day; 0 for a visitor who opted out' CODEC(ZSTD(1)),
    time DateTime('UTC') COMMENT 'When the beacon arrived' CODEC(Delta, ZSTD(1)),
    name LowCardinality(String) COMMENT 'pageview, engagement or the name of a custom event' CODEC(ZSTD(1)),
    host LowCardinality(String) COMMENT 'Host of the page, without www.' CODEC(ZSTD(1)),
    path String COMMENT 'Path of the page, scrubbed, without query' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'Known name or host of where the visitor came from; empty when direct' CODEC(ZSTD(1)),
    referrer_host LowCardinality(String) COMMENT 'Host of the referrer, without www.' CODEC(ZSTD(1)),
    referrer_path String COMMENT 'Path of the referrer, scrubbed; empty for opt-outs' CODEC(ZSTD(1)),
    utm_source LowCardinality(String) COMMENT 'utm_source of the address of the page' CODEC(ZSTD(1)),
    utm_medium LowCardinality(String) COMMENT 'utm_medium of the address of the page' CODEC(ZSTD(1)),
    utm_campaign LowCardinality(String) COMMENT 'utm_campaign of the address of the page' CODEC(ZSTD(1)),
    utm_content LowCardinality(String) COMMENT 'utm_content of the address of the page' CODEC(ZSTD(1)),
    utm_term LowCardinality(String) COMMENT 'utm_term of the address of the page' CODEC(ZSTD(1)),
    click_id LowCardinality(String) COMMENT 'Name of the click-id parameter seen, never its value' CODEC(ZSTD(1)),
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2 code; empty when unknown' CODEC(ZSTD(1)),
    browser LowCardinality(String) COMMENT 'Browser family; empty when unknown' CODEC(ZSTD(1)),
    browser_version LowCardinality(String) COMMENT 'Major version of the browser' CODEC(ZSTD(1)),
    os LowCardinality(String) COMMENT 'Operating system; empty when unknown' CODEC(ZSTD(1)),
    os_version LowCardinality(String) COMMENT 'Major and minor version of the operating system' CODEC(ZSTD(1)),
    device Enum8('Unknown' = 0, 'Desktop' = 1, 'Mobile' = 2, 'Tablet' = 3, 'TV' = 4) COMMENT 'Kind of device' CODEC(ZSTD(1)),
    screen LowCardinality(String) COMMENT 'Width class of the screen' CODEC(ZSTD(1)),
    language LowCardinality(String) COMMENT 'Primary language of the browser, without region' CODEC(ZSTD(1)),
    interactive Bool COMMENT 'Whether the event counts against a bounce' CODEC(ZSTD(1)),
    engaged_ms UInt32 COMMENT 'Visible and focused time an engagement event reports, in milliseconds' CODEC(ZSTD(1)),
    scroll_depth UInt8 COMMENT 'Furthest point seen in percent of the page; 255 for none' CODEC(ZSTD(1)),
    revenue_milli Int64 COMMENT 'Revenue in thousandths of the currency' CODEC(ZSTD(1)),
    currency LowCardinality(String) COMMENT 'ISO 4217 code; empty without revenue' CODEC(ZSTD(1)),
    props Map(LowCardinality(String), String) COMMENT 'Custom properties, scrubbed, at most 30' CODEC(ZSTD(1)),
    collector UInt16 COMMENT 'Which collector took the beacon' CODEC(ZSTD(1)),
    sequence UInt64 COMMENT 'Its number in that collector: order of arrival' CODEC(Delta, ZSTD(1))
)
ENGINE = {engine}
PARTITION BY closes_at
ORDER BY (site, tag, time, collector, sequence)
-- A backstop only: a sealed day goes with its partition. Long enough for a machine that was off for a week.
TTL closes_at + toIntervalDay(14)
SETTINGS
    -- A batch sent again under its token is not stored again.
    non_replicated_deduplication_window = 10000,
    -- A journal segment is deleted once its INSERT has returned: the part must be on disk by then, and stay there when
    -- it is merged, because the parts it was merged from go at once.
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    -- What is merged away or dropped leaves the disk within seconds.
    old_parts_lifetime = 1,
    ttl_only_drop_parts = 1;
