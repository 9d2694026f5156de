-- recount_plain
-- The plain count of the events against the totals that were written, and against the number of hits.
SELECT count()
FROM
(
    SELECT site, day
    FROM
    (
        SELECT
            1 AS sign, site, day, visitors, visits, pageviews, events, visit_pageviews, bounces, duration_s, engaged_ms,
            opted_out_pageviews, opted_out_events, toInt64(events) AS kept
        FROM counted
        WHERE side = 'plain'
        UNION ALL
        SELECT
            -1 AS sign, site, day, visitors, visits, pageviews, events, visit_pageviews, bounces, duration_s, engaged_ms,
            opted_out_pageviews, opted_out_events, toInt64(0) AS kept
        FROM stats_daily
        WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16} AND dimension = 'total'
        UNION ALL
        SELECT
            0 AS sign, site, day, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -toInt64(countIf(name NOT IN ('engagement', 'vitals'))) AS kept
        FROM hits
        WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16}
            AND day BETWEEN toDate({closes_at:DateTime('UTC')}, 'UTC') - 2 AND toDate({closes_at:DateTime('UTC')}, 'UTC') + 2
        GROUP BY site, day
    ) AS sides
    GROUP BY site, day
    HAVING (
        sum(sign * toInt64(visitors)), sum(sign * toInt64(visits)), sum(sign * toInt64(pageviews)),
        sum(sign * toInt64(events)), sum(sign * toInt64(visit_pageviews)), sum(sign * toInt64(bounces)),
        sum(sign * toInt64(duration_s)), sum(sign * toInt64(engaged_ms)), sum(sign * toInt64(opted_out_pageviews)),
        sum(sign * toInt64(opted_out_events)), sum(kept)
    ) != (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
)
