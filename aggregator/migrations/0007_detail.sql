-- Detail in a third less space: pages and referrers in dictionaries, and the hits of like visits side by side. A visit is numbered
-- among those of its visitor, so that it costs nothing where the visitor stands.
-- A sorting key cannot be changed in place: the rows move to a table made anew. Until the names change hands the old one is
-- whole; what an attempt that was cut off has left goes first, and so does what it may still be writing to.

DROP TABLE IF EXISTS visits_before;
DROP TABLE IF EXISTS visits_anew;
CREATE TABLE visits_anew (
    site UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    day Date COMMENT 'Local day of the site' CODEC(ZSTD(1)),
    closes_at DateTime('UTC') COMMENT 'Instant at which that day ended' CODEC(ZSTD(1)),
    revision UInt16 COMMENT '1 for the seal; more for its addenda' CODEC(ZSTD(1)),
    visitor UInt32 COMMENT 'Number of the visitor on this site and day, 1..n by order of arrival' CODEC(Delta, ZSTD(1)),
    visit UInt32 COMMENT 'Number of the visit among those of its visitor, 1..n in order' CODEC(ZSTD(1)),
    hour UInt8 COMMENT 'Hour on the site''s clock in which the visit began' CODEC(ZSTD(1)),
    pageviews UInt32 COMMENT 'Page views of the visit' CODEC(ZSTD(1)),
    events UInt32 COMMENT 'Page views and custom events of the visit' CODEC(ZSTD(1)),
    bounced UInt8 COMMENT '1 if it had one page view, no interactive custom event and under 10 s engaged' CODEC(ZSTD(1)),
    duration_s UInt32 COMMENT 'Last minus first event, in seconds' CODEC(T64, ZSTD(1)),
    engaged_ms UInt64 COMMENT 'Visible and focused time, in milliseconds' CODEC(T64, ZSTD(1)),
    host LowCardinality(String) COMMENT 'Host of the first page' CODEC(ZSTD(1)),
    entry_page LowCardinality(String) COMMENT 'Path of the first page' CODEC(ZSTD(1)),
    exit_page LowCardinality(String) COMMENT 'Path of the last page' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'Known name or host of where the visit came from; empty when direct' CODEC(ZSTD(1)),
    channel LowCardinality(String) COMMENT 'By which way the visit came, of a closed list' CODEC(ZSTD(1)),
    referrer LowCardinality(String) COMMENT 'Host and path of the referrer' CODEC(ZSTD(1)),
    utm_source LowCardinality(String) COMMENT 'utm_source of the first event' CODEC(ZSTD(1)),
    utm_medium LowCardinality(String) COMMENT 'utm_medium of the first event' CODEC(ZSTD(1)),
    utm_campaign LowCardinality(String) COMMENT 'utm_campaign of the first event' CODEC(ZSTD(1)),
    utm_content LowCardinality(String) COMMENT 'utm_content of the first event' CODEC(ZSTD(1)),
    utm_term LowCardinality(String) COMMENT 'utm_term of the first event' CODEC(ZSTD(1)),
    click_id LowCardinality(String) COMMENT 'Name of the click-id parameter of the first event' CODEC(ZSTD(1)),
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2 code; empty when unknown' CODEC(ZSTD(1)),
    region LowCardinality(String) COMMENT 'ISO 3166-2 code; empty unless the operator asks for regions' CODEC(ZSTD(1)),
    browser LowCardinality(String) COMMENT 'Browser family; empty when unknown' CODEC(ZSTD(1)),
    browser_version LowCardinality(String) COMMENT 'Major version of the browser' CODEC(ZSTD(1)),
    os LowCardinality(String) COMMENT 'Operating system; empty when unknown' CODEC(ZSTD(1)),
    os_version LowCardinality(String) COMMENT 'Major and minor version of the operating system' CODEC(ZSTD(1)),
    device LowCardinality(String) COMMENT 'Kind of device; empty when unknown' CODEC(ZSTD(1)),
    screen LowCardinality(String) COMMENT 'Width class of the screen' CODEC(ZSTD(1)),
    language LowCardinality(String) COMMENT 'Primary language of the browser, without region' CODEC(ZSTD(1))
)
ENGINE = {engine}
PARTITION BY toYYYYMM(day)
ORDER BY (site, day, visitor, visit)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

INSERT INTO visits_anew
    (site, day, closes_at, revision, visitor, visit, hour, pageviews, events, bounced, duration_s, engaged_ms, host,
    entry_page, exit_page, source, channel, referrer, utm_source, utm_medium, utm_campaign, utm_content, utm_term,
    click_id, country, region, browser, browser_version, os, os_version, device, screen, language)
SELECT
    site, day, closes_at, revision, visitor, visit, hour, pageviews, events, bounced, duration_s, engaged_ms, host,
    entry_page, exit_page, source, channel, referrer, utm_source, utm_medium, utm_campaign, utm_content, utm_term,
    click_id, country, region, browser, browser_version, os, os_version, device, screen, language
FROM visits;

RENAME TABLE visits TO visits_before, visits_anew TO visits;
DROP TABLE visits_before;

DROP TABLE IF EXISTS hits_before;
DROP TABLE IF EXISTS hits_anew;
CREATE TABLE hits_anew (
    site UInt32 COMMENT 'Number of the site' CODEC(ZSTD(1)),
    day Date COMMENT 'Local day of the site' CODEC(ZSTD(1)),
    closes_at DateTime('UTC') COMMENT 'Instant at which that day ended' CODEC(ZSTD(1)),
    revision UInt16 COMMENT '1 for the seal; more for its addenda' CODEC(ZSTD(1)),
    visitor UInt32 COMMENT 'Number of the visitor on this site and day, 1..n by order of arrival; 0 for an opt-out' CODEC(ZSTD(6)),
    visit UInt32 COMMENT 'Number of the visit among those of its visitor, 1..n in order; 0 for an opt-out' CODEC(ZSTD(1)),
    step UInt32 COMMENT 'Position in the visit, 1..n; 0 for an opt-out' CODEC(DoubleDelta, ZSTD(1)),
    hour UInt8 COMMENT 'Hour on the site''s clock' CODEC(ZSTD(1)),
    name LowCardinality(String) COMMENT 'pageview, engagement or the name of a custom event' CODEC(ZSTD(6)),
    host LowCardinality(String) COMMENT 'Host of the page' CODEC(ZSTD(1)),
    path LowCardinality(String) COMMENT 'Path of the page' CODEC(ZSTD(6)),
    interactive Bool COMMENT 'Whether the event counts against a bounce' CODEC(ZSTD(6)),
    engaged_ms UInt32 COMMENT 'Visible and focused time an engagement event reports, in milliseconds' CODEC(T64, ZSTD(1)),
    scroll_depth UInt8 COMMENT 'Furthest point seen in percent of the page; 255 for none' CODEC(ZSTD(1)),
    revenue_milli Int64 COMMENT 'Revenue in thousandths of the currency' CODEC(ZSTD(1)),
    currency LowCardinality(String) COMMENT 'ISO 4217 code; empty without revenue' CODEC(ZSTD(1)),
    props Map(LowCardinality(String), String) COMMENT 'Custom properties; a value of fewer than 5 visitors of that site and day is folded into (other)' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'As in visits, of its visit; of the event itself for an opt-out' CODEC(ZSTD(1)),
    channel LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    referrer LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    utm_source LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    utm_medium LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    utm_campaign LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    utm_content LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    utm_term LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    country LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    region LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    browser LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    browser_version LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    os LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    os_version LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    device LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    screen LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1)),
    language LowCardinality(String) COMMENT 'As in visits' CODEC(ZSTD(1))
)
ENGINE = {engine}
PARTITION BY toYYYYMM(day)
ORDER BY (site, day, device, os, browser, source, country, language, visitor, visit, step)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

INSERT INTO hits_anew
    (site, day, closes_at, revision, visitor, visit, step, hour, name, host, path, interactive, engaged_ms,
    scroll_depth, revenue_milli, currency, props, source, channel, referrer, utm_source, utm_medium, utm_campaign,
    utm_content, utm_term, country, region, browser, browser_version, os, os_version, device, screen, language)
SELECT
    site, day, closes_at, revision, visitor, visit, step, hour, name, host, path, interactive, engaged_ms,
    scroll_depth, revenue_milli, currency, props, source, channel, referrer, utm_source, utm_medium, utm_campaign,
    utm_content, utm_term, country, region, browser, browser_version, os, os_version, device, screen, language
FROM hits;

RENAME TABLE hits TO hits_before, hits_anew TO hits;
DROP TABLE hits_before;
