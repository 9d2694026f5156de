-- How many beacons a site did not keep, and why: what staff see of it. Nothing of the beacons themselves.

CREATE TABLE IF NOT EXISTS drops (
    site UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    day Date COMMENT 'Local day of the site' CODEC(Delta, ZSTD(1)),
    closes_at DateTime('UTC') COMMENT 'Instant at which that day ends' CODEC(Delta, ZSTD(1)),
    reason LowCardinality(String) COMMENT 'Why, as a stable code' CODEC(ZSTD(1)),
    count UInt64 COMMENT 'How many beacons' CODEC(T64, ZSTD(1)),
    -- The collector's journal ends each row with it; it is not stored.
    sequence UInt64 EPHEMERAL COMMENT 'Number of the line in the journal of the collector; never stored'
)
ENGINE = {summing}(count)
PARTITION BY toYear(day)
ORDER BY (site, day, reason, closes_at)
SETTINGS
    -- As for events: a batch sent again under its token is not counted again, and its segment goes once it is on disk.
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1;
