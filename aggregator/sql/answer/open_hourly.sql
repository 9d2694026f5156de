-- open_hourly
SELECT
    day,
    hour,
    '' AS value,
    toUInt64(sum(s.visitors)) AS visitors,
    toUInt64(sum(s.visits)) AS visits,
    toUInt64(sum(s.pageviews)) AS pageviews,
    toUInt64(sum(s.events)) AS events,
    toUInt64(sum(s.entries)) AS entries,
    toUInt64(sum(s.visit_pageviews)) AS visit_pageviews,
    toUInt64(sum(s.bounces)) AS bounces,
    toUInt64(sum(s.duration_s)) AS duration_s,
    toUInt64(sum(s.engaged_ms)) AS engaged_ms,
    toUInt64(sum(s.scroll_sum)) AS scroll_sum,
    toUInt64(sum(s.scroll_visits)) AS scroll_visits,
    toUInt64(sum(s.opted_out_pageviews)) AS opted_out_pageviews,
    toUInt64(0) AS exits,
    'total' AS stat
FROM open_stats AS s
WHERE site = {site:UInt32} AND dimension = 'total' AND hour != 255 AND day BETWEEN {first:Date} AND {last:Date}
    AND closes_at IN {open:Array(DateTime('UTC'))}
GROUP BY day, hour
