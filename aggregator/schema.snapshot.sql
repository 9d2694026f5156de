CREATE TABLE drops
(
    `site` UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    `day` Date COMMENT 'Local day of the site' CODEC(Delta(2), ZSTD(1)),
    `closes_at` DateTime('UTC') COMMENT 'Instant at which that day ends' CODEC(Delta(4), ZSTD(1)),
    `reason` LowCardinality(String) COMMENT 'Why, as a stable code' CODEC(ZSTD(1)),
    `count` UInt64 COMMENT 'How many beacons' CODEC(T64, ZSTD(1)),
    `sequence` UInt64 EPHEMERAL COMMENT 'Number of the line in the journal of the collector; never stored'
)
ENGINE = SummingMergeTree(count)
PARTITION BY toYear(day)
ORDER BY (site, day, reason, closes_at)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, index_granularity = 8192;

CREATE TABLE erased_tags
(
    `site` UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    `closes_at` DateTime('UTC') COMMENT 'Instant at which the day ends' CODEC(ZSTD(1)),
    `tag` UInt64 COMMENT 'Pseudonym of the visitor for this site and day' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY closes_at
ORDER BY (site, tag)
TTL closes_at + toIntervalDay(14)
SETTINGS enable_block_number_column = 1, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 1, ttl_only_drop_parts = 1, index_granularity = 8192;

CREATE TABLE events
(
    `site` UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    `day` Date COMMENT 'Local day of the site' CODEC(ZSTD(1)),
    `closes_at` DateTime('UTC') COMMENT 'Instant at which that day ends' CODEC(ZSTD(1)),
    `tag` UInt64 COMMENT 'Pseudonym of the visitor for this site and day; 0 for a visitor who opted out' CODEC(ZSTD(1)),
    `time` DateTime('UTC') COMMENT 'When the beacon arrived' CODEC(Delta(4), ZSTD(1)),
    `name` LowCardinality(String) COMMENT 'pageview, engagement or the name of a custom event' CODEC(ZSTD(1)),
    `host` LowCardinality(String) COMMENT 'Host of the page, without www.' CODEC(ZSTD(1)),
    `path` String COMMENT 'Path of the page, scrubbed, without query' CODEC(ZSTD(1)),
    `source` LowCardinality(String) COMMENT 'Known name or host of where the visitor came from; empty when direct' CODEC(ZSTD(1)),
    `channel` LowCardinality(String) COMMENT 'By which way the visitor came, of a closed list' CODEC(ZSTD(1)),
    `referrer_host` LowCardinality(String) COMMENT 'Host of the referrer, without www.' CODEC(ZSTD(1)),
    `referrer_path` String COMMENT 'Path of the referrer, scrubbed; empty for opt-outs' CODEC(ZSTD(1)),
    `utm_source` LowCardinality(String) COMMENT 'utm_source of the address of the page' CODEC(ZSTD(1)),
    `utm_medium` LowCardinality(String) COMMENT 'utm_medium of the address of the page' CODEC(ZSTD(1)),
    `utm_campaign` LowCardinality(String) COMMENT 'utm_campaign of the address of the page' CODEC(ZSTD(1)),
    `utm_content` LowCardinality(String) COMMENT 'utm_content of the address of the page' CODEC(ZSTD(1)),
    `utm_term` LowCardinality(String) COMMENT 'utm_term of the address of the page' CODEC(ZSTD(1)),
    `click_id` LowCardinality(String) COMMENT 'Name of the click-id parameter seen, never its value' CODEC(ZSTD(1)),
    `country` LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2 code; empty when unknown' CODEC(ZSTD(1)),
    `region` LowCardinality(String) COMMENT 'ISO 3166-2 code; empty unless the operator asks for regions' CODEC(ZSTD(1)),
    `browser` LowCardinality(String) COMMENT 'Browser family; empty when unknown' CODEC(ZSTD(1)),
    `browser_version` LowCardinality(String) COMMENT 'Major version of the browser' CODEC(ZSTD(1)),
    `os` LowCardinality(String) COMMENT 'Operating system; empty when unknown' CODEC(ZSTD(1)),
    `os_version` LowCardinality(String) COMMENT 'Major and minor version of the operating system' CODEC(ZSTD(1)),
    `device` Enum8('Unknown' = 0, 'Desktop' = 1, 'Mobile' = 2, 'Tablet' = 3, 'TV' = 4) COMMENT 'Kind of device' CODEC(ZSTD(1)),
    `screen` LowCardinality(String) COMMENT 'Width class of the screen' CODEC(ZSTD(1)),
    `language` LowCardinality(String) COMMENT 'Primary language of the browser, without region' CODEC(ZSTD(1)),
    `interactive` Bool COMMENT 'Whether the event counts against a bounce' CODEC(ZSTD(1)),
    `engaged_ms` UInt32 COMMENT 'Visible and focused time an engagement event reports, in milliseconds' CODEC(ZSTD(1)),
    `scroll_depth` UInt8 COMMENT 'Furthest point seen in percent of the page; 255 for none' CODEC(ZSTD(1)),
    `revenue_milli` Int64 COMMENT 'Revenue in thousandths of the currency' CODEC(ZSTD(1)),
    `currency` LowCardinality(String) COMMENT 'ISO 4217 code; empty without revenue' CODEC(ZSTD(1)),
    `props` Map(LowCardinality(String), String) COMMENT 'Custom properties, scrubbed, at most 30' CODEC(ZSTD(1)),
    `collector` UInt16 COMMENT 'Which collector took the beacon' CODEC(ZSTD(1)),
    `sequence` UInt64 COMMENT 'Its number in that collector: order of arrival' CODEC(Delta(8), ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY closes_at
ORDER BY (site, tag, time, collector, sequence)
TTL closes_at + toIntervalDay(14)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 1, ttl_only_drop_parts = 1, index_granularity = 8192, enable_block_number_column = 1;

CREATE TABLE hits
(
    `site` UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    `day` Date COMMENT 'Local day of the site' CODEC(ZSTD(1)),
    `closes_at` DateTime('UTC') COMMENT 'Instant at which that day ended' CODEC(ZSTD(1)),
    `revision` UInt16 COMMENT '1 for the seal; more for its addenda' CODEC(ZSTD(1)),
    `visitor` UInt32 COMMENT 'Number of the visitor on this site and day, 1..n by order of arrival; 0 for an opt-out' CODEC(ZSTD(6)),
    `visit` UInt32 COMMENT 'Number of the visit among those of its visitor, 1..n in order; 0 for an opt-out' CODEC(ZSTD(1)),
    `step` UInt32 COMMENT 'Position in the visit, 1..n; 0 for an opt-out' CODEC(DoubleDelta, ZSTD(1)),
    `hour` UInt8 COMMENT 'Hour on the site\'s clock' CODEC(ZSTD(1)),
    `name` LowCardinality(String) COMMENT 'pageview, engagement or the name of a custom event' CODEC(ZSTD(6)),
    `host` LowCardinality(String) COMMENT 'Host of the page' CODEC(ZSTD(1)),
    `path` LowCardinality(String) COMMENT 'Path of the page' CODEC(ZSTD(6)),
    `interactive` Bool COMMENT 'Whether the event counts against a bounce' CODEC(ZSTD(6)),
    `engaged_ms` UInt32 COMMENT 'Visible and focused time an engagement event reports, in milliseconds' CODEC(T64, ZSTD(1)),
    `scroll_depth` UInt8 COMMENT 'Furthest point seen in percent of the page; 255 for none' CODEC(ZSTD(1)),
    `revenue_milli` Int64 COMMENT 'Revenue in thousandths of the currency' CODEC(ZSTD(1)),
    `currency` LowCardinality(String) COMMENT 'ISO 4217 code; empty without revenue' CODEC(ZSTD(1)),
    `props` Map(LowCardinality(String), String) COMMENT 'Custom properties; a value of fewer than 5 visitors of that site and day is folded into (other)' CODEC(ZSTD(1)),
    `source` LowCardinality(String) COMMENT 'As in visits, of its visit; of the event itself for an opt-out' CODEC(ZSTD(1)),
    `channel` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `referrer` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `utm_source` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `utm_medium` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `utm_campaign` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `utm_content` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `utm_term` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `country` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `region` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `browser` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `browser_version` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `os` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `os_version` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `device` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `screen` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    `language` LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (site, day, device, os, browser, source, country, language, visitor, visit, step)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE open_stats
(
    `site` UInt32 COMMENT 'Number of the site; 0 for how far the tick has come' CODEC(ZSTD(1)),
    `dimension` Enum8('total' = 0, 'page' = 1, 'host' = 2, 'event' = 3, 'entry_page' = 10, 'exit_page' = 11, 'source' = 12, 'referrer' = 13, 'utm_source' = 14, 'utm_medium' = 15, 'utm_campaign' = 16, 'utm_content' = 17, 'utm_term' = 18, 'country' = 19, 'browser' = 20, 'browser_version' = 21, 'os' = 22, 'os_version' = 23, 'device' = 24, 'screen' = 25, 'language' = 26, 'channel' = 27, 'region' = 28) COMMENT 'What the row is counted by' CODEC(ZSTD(1)),
    `hour` UInt8 COMMENT 'Hour on the site\'s clock; 255 for the whole day' CODEC(ZSTD(1)),
    `day` Date COMMENT 'Local day of the site' CODEC(ZSTD(1)),
    `value` String COMMENT 'Value of the dimension; empty for the total and for unknown' CODEC(ZSTD(1)),
    `closes_at` DateTime('UTC') COMMENT 'Instant at which that day ends' CODEC(ZSTD(1)),
    `batch` Int64 COMMENT 'Of site 0: number of the last batch of events that is counted' CODEC(ZSTD(1)),
    `erasure` Int64 COMMENT 'Of site 0: number of the last erasure that is counted' CODEC(ZSTD(1)),
    `visitors` Int64 COMMENT 'As in stats_daily and stats_hourly, of the day so far' CODEC(T64, ZSTD(1)),
    `visits` Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    `pageviews` Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    `events` Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    `entries` Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    `visit_pageviews` Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    `bounces` Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    `duration_s` Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    `engaged_ms` Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    `scroll_sum` Int64 COMMENT 'As in stats_daily; 0 in an hour' CODEC(T64, ZSTD(1)),
    `scroll_visits` Int64 COMMENT 'As in stats_daily; 0 in an hour' CODEC(T64, ZSTD(1)),
    `opted_out_pageviews` Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1)),
    `opted_out_events` Int64 COMMENT 'As in stats_daily and stats_hourly' CODEC(T64, ZSTD(1))
)
ENGINE = SummingMergeTree
PARTITION BY closes_at
ORDER BY (site, dimension, hour, day, value, closes_at)
TTL closes_at + toIntervalDay(14)
SETTINGS non_replicated_deduplication_window = 10000, old_parts_lifetime = 1, ttl_only_drop_parts = 1, index_granularity = 8192;

CREATE TABLE schema_migrations
(
    `version` UInt32 COMMENT 'Number of the migration',
    `name` String COMMENT 'Name of its file',
    `hash` FixedString(64) COMMENT 'BLAKE3 of the file as it was applied',
    `applied_at` DateTime('UTC') DEFAULT now() COMMENT 'When'
)
ENGINE = MergeTree
ORDER BY version
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE sealed_days
(
    `site` UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    `day` Date COMMENT 'Local day of the site' CODEC(ZSTD(1)),
    `closes_at` DateTime('UTC') COMMENT 'Instant at which that day ended' CODEC(ZSTD(1)),
    `revision` UInt16 COMMENT '1 for the seal; more for its addenda' CODEC(ZSTD(1)),
    `phase` Enum8('published' = 1, 'dropped' = 2) COMMENT 'published: statistics verified and shown instead of the events; dropped: the events are proved gone' CODEC(ZSTD(1)),
    `at` DateTime('UTC') COMMENT 'When this line was written' CODEC(ZSTD(1)),
    `received` UInt64 COMMENT 'Events of the day, of every kind' CODEC(ZSTD(1)),
    `unattributed` UInt64 COMMENT 'Engagement reports among them that belong to no visit' CODEC(ZSTD(1)),
    `opted_out` UInt64 COMMENT 'Events among them of visitors who opted out' CODEC(ZSTD(1)),
    `erased` UInt64 COMMENT 'Events among them whose visitor was erased on request' CODEC(ZSTD(1)),
    `visitors` UInt64 COMMENT 'Visitors of the day' CODEC(ZSTD(1)),
    `visits` UInt64 COMMENT 'Visits of the day' CODEC(ZSTD(1)),
    `first_hour` DateTime('UTC') COMMENT 'When the first event of the day arrived, cut to the hour' CODEC(ZSTD(1)),
    `last_batch` UInt64 COMMENT 'Number of the last batch of events that the line covers' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(closes_at)
ORDER BY (site, closes_at, phase)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, non_replicated_deduplication_window = 10000, index_granularity = 8192;

CREATE TABLE stats_daily
(
    `site` UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    `dimension` Enum8('total' = 0, 'page' = 1, 'host' = 2, 'event' = 3, 'entry_page' = 10, 'exit_page' = 11, 'source' = 12, 'referrer' = 13, 'utm_source' = 14, 'utm_medium' = 15, 'utm_campaign' = 16, 'utm_content' = 17, 'utm_term' = 18, 'country' = 19, 'browser' = 20, 'browser_version' = 21, 'os' = 22, 'os_version' = 23, 'device' = 24, 'screen' = 25, 'language' = 26, 'channel' = 27, 'region' = 28) COMMENT 'What the row is counted by' CODEC(ZSTD(1)),
    `day` Date COMMENT 'Local day of the site' CODEC(Delta(2), ZSTD(1)),
    `value` String COMMENT 'Value of the dimension; empty for the total and for unknown' CODEC(ZSTD(1)),
    `closes_at` DateTime('UTC') COMMENT 'Instant at which that day ended' CODEC(Delta(4), ZSTD(1)),
    `revision` UInt16 COMMENT '1 for the seal; more for its addenda' CODEC(ZSTD(1)),
    `visitors` UInt64 COMMENT 'Distinct visitors' CODEC(T64, ZSTD(1)),
    `visits` UInt64 COMMENT 'Visits; of a page, host or event: visits that touched it' CODEC(T64, ZSTD(1)),
    `pageviews` UInt64 COMMENT 'Page views, opt-outs included' CODEC(T64, ZSTD(1)),
    `events` UInt64 COMMENT 'Page views and custom events, opt-outs included' CODEC(T64, ZSTD(1)),
    `entries` UInt64 COMMENT 'Visits that the next four are sums over; of a page or host: visits that began there' CODEC(T64, ZSTD(1)),
    `visit_pageviews` UInt64 COMMENT 'Page views of those visits' CODEC(T64, ZSTD(1)),
    `bounces` UInt64 COMMENT 'How many of those visits bounced' CODEC(T64, ZSTD(1)),
    `duration_s` UInt64 COMMENT 'Sum of the durations of those visits, in seconds' CODEC(T64, ZSTD(1)),
    `engaged_ms` UInt64 COMMENT 'Visible and focused time in visits, in milliseconds; of a page or host: on it' CODEC(T64, ZSTD(1)),
    `scroll_sum` UInt64 COMMENT 'Sum over visits of the furthest point seen, in percent; of a page or host only' CODEC(T64, ZSTD(1)),
    `scroll_visits` UInt64 COMMENT 'Visits that reported a scroll depth; of a page or host only' CODEC(T64, ZSTD(1)),
    `opted_out_pageviews` UInt64 COMMENT 'Page views of visitors who opted out' CODEC(T64, ZSTD(1)),
    `opted_out_events` UInt64 COMMENT 'Page views and custom events of visitors who opted out' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYear(day)
ORDER BY (site, dimension, day, value)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE stats_hourly
(
    `site` UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    `day` Date COMMENT 'Local day of the site' CODEC(Delta(2), ZSTD(1)),
    `hour` UInt8 COMMENT 'Hour on the site\'s clock; the hour a day of 25 has twice is one' CODEC(ZSTD(1)),
    `closes_at` DateTime('UTC') COMMENT 'Instant at which that day ended' CODEC(Delta(4), ZSTD(1)),
    `revision` UInt16 COMMENT '1 for the seal; more for its addenda' CODEC(ZSTD(1)),
    `visitors` UInt64 COMMENT 'Distinct visitors active in the hour, engagement included' CODEC(T64, ZSTD(1)),
    `visits` UInt64 COMMENT 'Visits that began in the hour' CODEC(T64, ZSTD(1)),
    `pageviews` UInt64 COMMENT 'Page views in the hour, opt-outs included' CODEC(T64, ZSTD(1)),
    `events` UInt64 COMMENT 'Page views and custom events in the hour, opt-outs included' CODEC(T64, ZSTD(1)),
    `entries` UInt64 COMMENT 'As visits: what the next four are sums over' CODEC(T64, ZSTD(1)),
    `visit_pageviews` UInt64 COMMENT 'Page views of the visits that began in the hour' CODEC(T64, ZSTD(1)),
    `bounces` UInt64 COMMENT 'How many of those visits bounced' CODEC(T64, ZSTD(1)),
    `duration_s` UInt64 COMMENT 'Sum of the durations of those visits, in seconds' CODEC(T64, ZSTD(1)),
    `engaged_ms` UInt64 COMMENT 'Visible and focused time of those visits, in milliseconds' CODEC(T64, ZSTD(1)),
    `opted_out_pageviews` UInt64 COMMENT 'Page views of visitors who opted out' CODEC(T64, ZSTD(1)),
    `opted_out_events` UInt64 COMMENT 'Page views and custom events of visitors who opted out' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYear(day)
ORDER BY (site, day, hour)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;

CREATE TABLE visits
(
    `site` UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    `day` Date COMMENT 'Local day of the site' CODEC(ZSTD(1)),
    `closes_at` DateTime('UTC') COMMENT 'Instant at which that day ended' CODEC(ZSTD(1)),
    `revision` UInt16 COMMENT '1 for the seal; more for its addenda' CODEC(ZSTD(1)),
    `visitor` UInt32 COMMENT 'Number of the visitor on this site and day, 1..n by order of arrival' CODEC(Delta(4), ZSTD(1)),
    `visit` UInt32 COMMENT 'Number of the visit among those of its visitor, 1..n in order' CODEC(ZSTD(1)),
    `hour` UInt8 COMMENT 'Hour on the site\'s clock in which the visit began' CODEC(ZSTD(1)),
    `pageviews` UInt32 COMMENT 'Page views of the visit' CODEC(ZSTD(1)),
    `events` UInt32 COMMENT 'Page views and custom events of the visit' CODEC(ZSTD(1)),
    `bounced` UInt8 COMMENT '1 if it had one page view, no interactive custom event and under 10 s engaged' CODEC(ZSTD(1)),
    `duration_s` UInt32 COMMENT 'Last minus first event, in seconds' CODEC(T64, ZSTD(1)),
    `engaged_ms` UInt64 COMMENT 'Visible and focused time, in milliseconds' CODEC(T64, ZSTD(1)),
    `host` LowCardinality(String) COMMENT 'Host of the first page' CODEC(ZSTD(1)),
    `entry_page` LowCardinality(String) COMMENT 'Path of the first page' CODEC(ZSTD(1)),
    `exit_page` LowCardinality(String) COMMENT 'Path of the last page' CODEC(ZSTD(1)),
    `source` LowCardinality(String) COMMENT 'Known name or host of where the visit came from; empty when direct' CODEC(ZSTD(1)),
    `channel` LowCardinality(String) COMMENT 'By which way the visit came, of a closed list' CODEC(ZSTD(1)),
    `referrer` LowCardinality(String) COMMENT 'Host and path of the referrer' CODEC(ZSTD(1)),
    `utm_source` LowCardinality(String) COMMENT 'utm_source of the first event' CODEC(ZSTD(1)),
    `utm_medium` LowCardinality(String) COMMENT 'utm_medium of the first event' CODEC(ZSTD(1)),
    `utm_campaign` LowCardinality(String) COMMENT 'utm_campaign of the first event' CODEC(ZSTD(1)),
    `utm_content` LowCardinality(String) COMMENT 'utm_content of the first event' CODEC(ZSTD(1)),
    `utm_term` LowCardinality(String) COMMENT 'utm_term of the first event' CODEC(ZSTD(1)),
    `click_id` LowCardinality(String) COMMENT 'Name of the click-id parameter of the first event' CODEC(ZSTD(1)),
    `country` LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2 code; empty when unknown' CODEC(ZSTD(1)),
    `region` LowCardinality(String) COMMENT 'ISO 3166-2 code; empty unless the operator asks for regions' CODEC(ZSTD(1)),
    `browser` LowCardinality(String) COMMENT 'Browser family; empty when unknown' CODEC(ZSTD(1)),
    `browser_version` LowCardinality(String) COMMENT 'Major version of the browser' CODEC(ZSTD(1)),
    `os` LowCardinality(String) COMMENT 'Operating system; empty when unknown' CODEC(ZSTD(1)),
    `os_version` LowCardinality(String) COMMENT 'Major and minor version of the operating system' CODEC(ZSTD(1)),
    `device` LowCardinality(String) COMMENT 'Kind of device; empty when unknown' CODEC(ZSTD(1)),
    `screen` LowCardinality(String) COMMENT 'Width class of the screen' CODEC(ZSTD(1)),
    `language` LowCardinality(String) COMMENT 'Primary language of the browser, without region' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (site, day, visitor, visit)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;
