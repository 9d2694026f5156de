-- recount_hourly
SELECT count()
FROM
(
    SELECT sum(side) AS balance
    FROM
    (
        SELECT
            1 AS side, site, day, hour, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s,
            engaged_ms, opted_out_pageviews, opted_out_events
        FROM ({hourly})
        UNION ALL
        SELECT
            -1 AS side, site, day, hour, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s,
            engaged_ms, opted_out_pageviews, opted_out_events
        FROM stats_hourly
        WHERE {scope} AND revision = {revision:UInt16}
    )
    GROUP BY
        site, day, hour, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s, engaged_ms,
        opted_out_pageviews, opted_out_events
    HAVING balance != 0
)
