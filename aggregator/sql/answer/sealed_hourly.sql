-- sealed_hourly
SELECT
    day, hour, '' AS value, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s, engaged_ms,
    toUInt64(0) AS scroll_sum, toUInt64(0) AS scroll_visits, opted_out_pageviews, toUInt64(0) AS exits, 'total' AS stat
FROM stats_hourly
WHERE site = {site:UInt32} AND day BETWEEN {first:Date} AND {last:Date}
    AND {published}
