-- open_part_hourly
SELECT
    if(closes_at = toDateTime(0, 'UTC'), -1, 1) AS side, site, day, hour, 'total' AS dimension, '' AS value, visitors, visits, pageviews, events, entries,
    visit_pageviews, bounces, duration_s, engaged_ms, 0 AS scroll_sum, 0 AS scroll_visits, opted_out_pageviews,
    opted_out_events
FROM ({hourly})
