-- The open day, counted while it goes on: what a tick adds to, and whom it leaves out.

-- A batch keeps its number when parts are merged: so a tick knows which events it has not counted.
ALTER TABLE events MODIFY SETTING enable_block_number_column = 1;

-- No pseudonym in here: counters by value, like stats_daily. A tick adds what changed, so that rows are sums of differences.
CREATE TABLE IF NOT EXISTS open_stats (
    site UInt32 COMMENT 'Number of the site; 0 for how far the tick has come' CODEC(ZSTD(1)),
    dimension Enum8('total' = 0, 'page' = 1, 'host' = 2, 'event' = 3, 'entry_page' = 10, 'exit_page' = 11, 'source' = 12, 'referrer' = 13, 'utm_source' = 14, 'utm_medium' = 15, 'utm_campaign' = 16, 'utm_content' = 17, 'utm_term' = 18, 'country' = 19, 'browser' = 20, 'browser_version' = 21, 'os' = 22, 'os_version' = 23, 'device' = 24, 'screen' = 25, 'language' = 26, 'channel' = 27, 'region' = 28) COMMENT 'What the row is counted by' CODEC(ZSTD(1)),
    hour UInt8 COMMENT 'Hour on the site''s clock; 255 for the whole day' CODEC(ZSTD(1)),
    day Date COMMENT 'Local day of the site' CODEC(ZSTD(1)),
    value String COMMENT 'Value of the dimension; empty for the total and for unknown' CODEC(ZSTD(1)),
    closes_at DateTime('UTC') COMMENT 'Instant at which that day ends' CODEC(ZSTD(1)),
    batch Int64 COMMENT 'Of site 0: number of the last batch of events that is counted' CODEC(ZSTD(1)),
    erasure Int64 COMMENT 'Of site 0: number of the last erasure that is counted' CODEC(ZSTD(1)),
    visitors Int64 COMMENT 'As in stats_daily and stats_hourly, of the day so far' CODEC(T64, ZSTD(1)),
    visits Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    pageviews Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    events Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    entries Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    visit_pageviews Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    bounces Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    duration_s Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    engaged_ms Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    scroll_sum Int64 COMMENT 'As in stats_daily; 0 in an hour' CODEC(T64, ZSTD(1)),
    scroll_visits Int64 COMMENT 'As in stats_daily; 0 in an hour' CODEC(T64, ZSTD(1)),
    opted_out_pageviews Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    opted_out_events Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1))
)
ENGINE = {summing}
PARTITION BY closes_at
ORDER BY (site, dimension, hour, day, value, closes_at)
TTL closes_at + toIntervalDay(14)
SETTINGS
    -- Of two ticks that begin at one mark the first counts.
    non_replicated_deduplication_window = 10000,
    old_parts_lifetime = 1,
    ttl_only_drop_parts = 1;

-- Visitors of open days whose events are to be counted no more. Dropped with the events.
CREATE TABLE IF NOT EXISTS erased_tags (
    site UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    closes_at DateTime('UTC') COMMENT 'Instant at which the day ends' CODEC(ZSTD(1)),
    tag UInt64 COMMENT 'Pseudonym of the visitor for this site and day' CODEC(ZSTD(1))
)
ENGINE = {engine}
PARTITION BY closes_at
ORDER BY (site, tag)
TTL closes_at + toIntervalDay(14)
SETTINGS
    enable_block_number_column = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 1,
    ttl_only_drop_parts = 1;

-- What a line of the ledger covers: an addendum covers what came after the lines before it.
ALTER TABLE sealed_days
    ADD COLUMN IF NOT EXISTS erased UInt64 COMMENT 'Events among them whose visitor was erased on request' CODEC(ZSTD(1)) AFTER opted_out,
    ADD COLUMN IF NOT EXISTS last_batch UInt64 COMMENT 'Number of the last batch of events that the line covers' CODEC(ZSTD(1));
