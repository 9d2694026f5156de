-- seal_count_daily
INSERT INTO counted
    (side, site, day, hour, dimension, value, visitors, visits, pageviews, events, entries, visit_pageviews, bounces,
    duration_s, engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews, opted_out_events)
SELECT
    {side:String}, site, day, 255, dimension, value, visitors, visits, pageviews, events, entries, visit_pageviews, bounces,
    duration_s, engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews, opted_out_events
FROM ({daily})
