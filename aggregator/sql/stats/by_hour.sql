-- by_hour
-- Counters by hour on the site's clock: visitors active in the hour (engagement is activity), page views and events in the
-- hour, visits by the hour they began in.
SELECT
    site,
    day,
    closes_at,
    hour,
    uniqExactIf(visitor, visit != 0) AS visitors,
    sum(began) AS visits,
    sum(parts.pageviews) AS pageviews,
    sum(parts.events) AS events,
    sum(began) AS entries,
    sum(parts.visit_pageviews) AS visit_pageviews,
    sum(bounced) AS bounces,
    sum(parts.duration_s) AS duration_s,
    sum(parts.engaged_ms) AS engaged_ms,
    sumIf(parts.pageviews, visit = 0) AS opted_out_pageviews,
    sumIf(parts.events, visit = 0) AS opted_out_events
FROM
(
    SELECT
        site, day, closes_at, hour, visitor, visit, name = 'pageview' AS pageviews, name NOT IN ('engagement', 'vitals') AS events,
        0 AS began, 0 AS visit_pageviews, 0 AS bounced, 0 AS duration_s, 0 AS engaged_ms
    FROM ({hits})
    UNION ALL
    SELECT
        site, day, closes_at, hour, visitor, visit, name = 'pageview' AS pageviews, name NOT IN ('engagement', 'vitals') AS events,
        0 AS began, 0 AS visit_pageviews, 0 AS bounced, 0 AS duration_s, 0 AS engaged_ms
    FROM ({opt_outs})
    WHERE name NOT IN ('engagement', 'vitals')
    UNION ALL
    SELECT
        site, day, closes_at, hour, visitor, visit, 0 AS pageviews, 0 AS events,
        1 AS began, visits.pageviews AS visit_pageviews, bounced, duration_s, engaged_ms
    FROM ({visits}) AS visits
) AS parts
GROUP BY site, day, closes_at, hour
