-- recount_hourly
SELECT count()
FROM
(
    SELECT site, day, hour
    FROM
    (
        SELECT
            1 AS sign, site, day, hour, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s,
            engaged_ms, opted_out_pageviews, opted_out_events
        FROM counted
        WHERE side = 'events' AND hour != 255
        UNION ALL
        SELECT
            -1 AS sign, site, day, hour, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s,
            engaged_ms, opted_out_pageviews, opted_out_events
        FROM stats_hourly
        WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16}
    ) AS sides
    GROUP BY site, day, hour
    HAVING (
        sum(sign * toInt64(visitors)), sum(sign * toInt64(visits)), sum(sign * toInt64(pageviews)),
        sum(sign * toInt64(events)), sum(sign * toInt64(entries)), sum(sign * toInt64(visit_pageviews)),
        sum(sign * toInt64(bounces)), sum(sign * toInt64(duration_s)), sum(sign * toInt64(engaged_ms)),
        sum(sign * toInt64(opted_out_pageviews)), sum(sign * toInt64(opted_out_events)),
        maxIf(1, sign = 1) - maxIf(1, sign = -1)
    ) != (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
)
