-- recount_plain
-- A count that knows nothing of visits: what can be seen in the events by themselves must stand in what was written.
SELECT count()
FROM
(
    SELECT
        sum(side * visitors) AS visitors, sum(side * pageviews) AS pageviews, sum(side * events) AS events,
        sum(side * opted_out) AS opted_out, sum(kept) AS kept
    FROM
    (
        SELECT
            site, day, 1 AS side, uniqExactIf(tag, tag != 0 AND name NOT IN ('engagement', 'vitals')) AS visitors,
            countIf(name = 'pageview') AS pageviews, countIf(name NOT IN ('engagement', 'vitals')) AS events,
            countIf(tag = 0 AND name NOT IN ('engagement', 'vitals')) AS opted_out,
            toInt64(countIf(name NOT IN ('engagement', 'vitals'))) AS kept
        FROM events
        WHERE {events_scope}
        GROUP BY site, day
        UNION ALL
        SELECT
            site, day, -1 AS side, visitors, pageviews, events, opted_out_events AS opted_out, toInt64(0) AS kept
        FROM stats_daily
        WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16} AND dimension = 'total'
        UNION ALL
        SELECT
            site, day, 0 AS side, 0 AS visitors, 0 AS pageviews, 0 AS events, 0 AS opted_out,
            -toInt64(countIf(name NOT IN ('engagement', 'vitals'))) AS kept
        FROM hits
        WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16}
            AND day BETWEEN toDate({closes_at:DateTime('UTC')}, 'UTC') - 2 AND toDate({closes_at:DateTime('UTC')}, 'UTC') + 2
        GROUP BY site, day
    ) AS counts
    GROUP BY site, day
    HAVING visitors != 0 OR pageviews != 0 OR events != 0 OR opted_out != 0 OR kept != 0
)
