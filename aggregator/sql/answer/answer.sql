-- answer
SELECT
    toInt32({bucket}) AS bucket,
    {key} AS key,
    sum(units.visitors) AS visitors,
    sum(units.visits) AS visits,
    sum(units.pageviews) AS pageviews,
    sum(units.events) AS events,
    sum(units.entries) AS entries,
    sum(units.visit_pageviews) AS visit_pageviews,
    sum(units.bounces) AS bounces,
    sum(units.duration_s) AS duration_s,
    sum(units.engaged_ms) AS engaged_ms,
    sum(units.scroll_sum) AS scroll_sum,
    sum(units.scroll_visits) AS scroll_visits,
    sum(units.opted_out_pageviews) AS opted_out_pageviews,
    toUInt64(0) AS engaged_visits,
    toInt64(0) AS revenue_milli,
    toUInt64(0) AS revenue_events,
    '' AS currency,
    toUInt8(0) AS currencies_differ,
    sum(units.exits) AS exits,
    CAST([], 'Array(Array(UInt32))') AS vitals,
    count() OVER ({each}) AS total_rows
FROM ({units}) AS units
WHERE {where}
GROUP BY bucket, key
-- A page may have engagement left over from the day before and nothing else.
HAVING visitors + visits + pageviews + events + entries > 0
ORDER BY {order}
LIMIT {limit:UInt64} OFFSET {offset:UInt64} {by}
