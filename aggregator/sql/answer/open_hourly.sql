-- open_hourly
SELECT
    day, hour, '' AS value, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s, engaged_ms
FROM ({hourly})
