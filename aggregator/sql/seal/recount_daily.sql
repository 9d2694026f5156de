-- recount_daily
-- Values of which something else is written than was counted in the events.
SELECT count()
FROM
(
    SELECT site, day, dimension, value
    FROM
    (
        SELECT
            1 AS sign, site, day, toString(dimension) AS dimension, value, visitors, visits, pageviews, events, entries,
            visit_pageviews, bounces, duration_s, engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews,
            opted_out_events
        FROM counted
        WHERE side = 'events' AND hour = 255
        UNION ALL
        SELECT
            -1 AS sign, site, day, toString(dimension) AS dimension, value, visitors, visits, pageviews, events, entries,
            visit_pageviews, bounces, duration_s, engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews,
            opted_out_events
        FROM stats_daily
        WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16}
    ) AS sides
    GROUP BY site, day, dimension, value
    HAVING (
        sum(sign * toInt64(visitors)), sum(sign * toInt64(visits)), sum(sign * toInt64(pageviews)),
        sum(sign * toInt64(events)), sum(sign * toInt64(entries)), sum(sign * toInt64(visit_pageviews)),
        sum(sign * toInt64(bounces)), sum(sign * toInt64(duration_s)), sum(sign * toInt64(engaged_ms)),
        sum(sign * toInt64(scroll_sum)), sum(sign * toInt64(scroll_visits)), sum(sign * toInt64(opted_out_pageviews)),
        sum(sign * toInt64(opted_out_events)), maxIf(1, sign = 1) - maxIf(1, sign = -1)
    ) != (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
)
