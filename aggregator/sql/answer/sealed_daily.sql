-- sealed_daily
SELECT
    day, toUInt8(0) AS hour, value, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s,
    engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews, toUInt64(0) AS exits,
    toString(dimension) AS stat
FROM stats_daily
WHERE site = {site:UInt32} AND dimension IN ({stats}) AND day BETWEEN {first:Date} AND {last:Date}
    AND {published}
