-- sealed_hourly
SELECT
    day, hour, '' AS value, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s, engaged_ms
FROM stats_hourly
WHERE site = {site:UInt32} AND day BETWEEN {first:Date} AND {last:Date}
    AND (closes_at, revision) IN (SELECT closes_at, revision FROM sealed_days WHERE site = {site:UInt32} AND phase = 'published')
    AND closes_at NOT IN {open:Array(DateTime('UTC'))}
