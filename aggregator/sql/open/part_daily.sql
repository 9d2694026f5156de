-- open_part_daily
SELECT
    if(closes_at = toDateTime(0, 'UTC'), -1, 1) AS side, site, day, 255 AS hour, toString(dimension) AS dimension, value, visitors, visits, pageviews,
    events, entries, visit_pageviews, bounces, duration_s, engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews,
    opted_out_events
FROM ({daily})
