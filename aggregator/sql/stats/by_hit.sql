-- by_hit
-- Counters by what an event itself has: page, host, event name. Visits are those that touched the value; entries, and the
-- sums over them, are those that began there.
SELECT
    site,
    day,
    closes_at,
    dimension,
    value,
    uniqExactIf(visitor, visit != 0 AND touched.events > 0) AS visitors,
    countIf(visit != 0 AND touched.events > 0) AS visits,
    sum(touched.pageviews) AS pageviews,
    sum(touched.events) AS events,
    sum(touched.entries) AS entries,
    sum(touched.visit_pageviews) AS visit_pageviews,
    sum(touched.bounces) AS bounces,
    sum(touched.duration_s) AS duration_s,
    sum(touched.engaged_ms) AS engaged_ms,
    sum(touched.scroll) AS scroll_sum,
    sum(touched.scrolled) AS scroll_visits,
    sumIf(touched.pageviews, visit = 0 AND entries_only = 0) AS opted_out_pageviews,
    sumIf(touched.events, visit = 0 AND entries_only = 0) AS opted_out_events
FROM
(
    SELECT
        site, day, closes_at, pair.1 AS dimension, pair.2 AS value, visitor, visit,
        countIf(name = 'pageview') AS pageviews,
        countIf(name NOT IN ('engagement', 'vitals')) AS events,
        0 AS entries, 0 AS visit_pageviews, 0 AS bounces, 0 AS duration_s,
        sumIf(hits.engaged_ms, visit != 0) AS engaged_ms,
        maxIf(scroll_depth, visit != 0 AND scroll_depth <= 100) AS scroll,
        max(visit != 0 AND scroll_depth <= 100) AS scrolled,
        0 AS entries_only
    FROM
    (
        SELECT site, day, closes_at, visitor, visit, name, host, path, engaged_ms, scroll_depth FROM ({hits})
        UNION ALL
        SELECT site, day, closes_at, visitor, visit, name, host, path, engaged_ms, scroll_depth FROM ({opt_outs})
        WHERE name NOT IN ('engagement', 'vitals')
    ) AS hits
    ARRAY JOIN {hit_pairs} AS pair
    WHERE pair.1 != 'event' OR name NOT IN ('engagement', 'vitals')
    GROUP BY site, day, closes_at, dimension, value, visitor, visit
    UNION ALL
    SELECT
        site, day, closes_at, pair.1 AS dimension, pair.2 AS value, visitor, visit,
        0 AS pageviews, 0 AS events,
        1 AS entries, visits.pageviews AS visit_pageviews, bounced AS bounces, duration_s,
        0 AS engaged_ms, 0 AS scroll, 0 AS scrolled, 1 AS entries_only
    FROM ({visits}) AS visits
    ARRAY JOIN {entry_pairs} AS pair
    WHERE visits.pageviews > 0
) AS touched
GROUP BY site, day, closes_at, dimension, value
