-- open_daily
SELECT
    day, toUInt8(0) AS hour, value, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s,
    engaged_ms
FROM ({daily})
