-- seal_daily
INSERT INTO stats_daily
    (site, dimension, day, value, closes_at, revision, visitors, visits, pageviews, events, entries, visit_pageviews,
    bounces, duration_s, engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews, opted_out_events)
SELECT
    site, dimension, day, value, closes_at, {revision:UInt16}, visitors, visits, pageviews, events, entries,
    visit_pageviews, bounces, duration_s, engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews, opted_out_events
FROM ({daily})
