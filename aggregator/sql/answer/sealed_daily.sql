-- sealed_daily
SELECT
    day, toUInt8(0) AS hour, value, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s,
    engaged_ms
FROM stats_daily
WHERE site = {site:UInt32} AND dimension = '{stat}' AND day BETWEEN {first:Date} AND {last:Date}
    -- Published, and not among the days this answer reads from the events.
    AND (closes_at, revision) IN (SELECT closes_at, revision FROM sealed_days WHERE site = {site:UInt32} AND phase = 'published')
    AND closes_at NOT IN {open:Array(DateTime('UTC'))}
