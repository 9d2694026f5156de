-- recount_daily
-- Rows that stand on one side only: counted again from the events, or written.
SELECT count()
FROM
(
    SELECT sum(side) AS balance
    FROM
    (
        SELECT
            1 AS side, site, day, toString(dimension) AS dimension, value, visitors, visits, pageviews, events, entries,
            visit_pageviews, bounces, duration_s, engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews,
            opted_out_events
        FROM ({daily})
        UNION ALL
        SELECT
            -1 AS side, site, day, toString(dimension) AS dimension, value, visitors, visits, pageviews, events, entries,
            visit_pageviews, bounces, duration_s, engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews,
            opted_out_events
        FROM stats_daily
        WHERE {scope} AND revision = {revision:UInt16} AND dimension IN ({dimensions})
    )
    GROUP BY
        site, day, dimension, value, visitors, visits, pageviews, events, entries, visit_pageviews, bounces, duration_s,
        engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews, opted_out_events
    HAVING balance != 0
)
