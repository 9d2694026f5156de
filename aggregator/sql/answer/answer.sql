-- answer
SELECT
    toInt32({bucket}) AS bucket,
    value,
    sum(units.visitors) AS visitors,
    sum(units.visits) AS visits,
    sum(units.pageviews) AS pageviews,
    sum(units.events) AS events,
    sum(units.entries) AS entries,
    sum(units.visit_pageviews) AS visit_pageviews,
    sum(units.bounces) AS bounces,
    sum(units.duration_s) AS duration_s,
    sum(units.engaged_ms) AS engaged_ms,
    count() OVER () AS total_rows
FROM ({units}) AS units
GROUP BY bucket, value
-- A page may have engagement left over from the day before and nothing else.
HAVING visitors + visits + pageviews + events + entries > 0
ORDER BY {order}
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
