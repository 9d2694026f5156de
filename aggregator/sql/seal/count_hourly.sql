-- seal_count_hourly
INSERT INTO counted
    (side, site, day, hour, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s, engaged_ms,
    opted_out_pageviews, opted_out_events)
SELECT
    {side:String}, site, day, hour, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s,
    engaged_ms, opted_out_pageviews, opted_out_events
FROM ({hourly})
