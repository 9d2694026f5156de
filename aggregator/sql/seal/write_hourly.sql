-- seal_hourly
INSERT INTO stats_hourly
    (site, day, hour, closes_at, revision, visitors, visits, pageviews, events, entries, visit_pageviews, bounces,
    duration_s, engaged_ms, opted_out_pageviews, opted_out_events)
SELECT
    site, day, hour, {closes_at:DateTime('UTC')}, {revision:UInt16}, sum(c.visitors), sum(c.visits), sum(c.pageviews),
    sum(c.events), sum(c.entries), sum(c.visit_pageviews), sum(c.bounces), sum(c.duration_s), sum(c.engaged_ms),
    sum(c.opted_out_pageviews), sum(c.opted_out_events)
FROM counted AS c
WHERE side = 'detail' AND hour != 255
GROUP BY site, day, hour
