-- seal_hourly
INSERT INTO stats_hourly
    (site, day, hour, closes_at, revision, visitors, visits, pageviews, events, entries, visit_pageviews, bounces,
    duration_s, engaged_ms, opted_out_pageviews, opted_out_events)
SELECT
    site, day, hour, closes_at, {revision:UInt16}, visitors, visits, pageviews, events, entries, visit_pageviews, bounces,
    duration_s, engaged_ms, opted_out_pageviews, opted_out_events
FROM ({hourly})
