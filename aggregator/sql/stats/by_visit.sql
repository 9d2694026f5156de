-- by_visit
-- Counters by what belongs to a visit as a whole. An opt-out counts where its own event has the value.
SELECT
    site,
    day,
    closes_at,
    pair.1 AS dimension,
    pair.2 AS value,
    uniqExactIf(visitor, is_visit) AS visitors,
    countIf(is_visit) AS visits,
    sum(units.pageviews) AS pageviews,
    sum(units.events) AS events,
    countIf(is_visit) AS entries,
    sumIf(units.pageviews, is_visit) AS visit_pageviews,
    sum(bounced) AS bounces,
    sum(units.duration_s) AS duration_s,
    sum(units.engaged_ms) AS engaged_ms,
    toUInt64(0) AS scroll_sum,
    toUInt64(0) AS scroll_visits,
    sumIf(units.pageviews, NOT is_visit) AS opted_out_pageviews,
    sumIf(units.events, NOT is_visit) AS opted_out_events
FROM
(
    SELECT
        site, day, closes_at, true AS is_visit, visitor, pageviews, events, bounced, duration_s, engaged_ms,
        {visit_pairs} AS pairs
    FROM ({visits})
    UNION ALL
    SELECT
        site, day, closes_at, false AS is_visit, visitor, name = 'pageview' AS pageviews, name NOT IN ('engagement', 'vitals') AS events,
        0 AS bounced, 0 AS duration_s, 0 AS engaged_ms,
        {opt_out_pairs} AS pairs
    FROM ({opt_outs})
    WHERE name NOT IN ('engagement', 'vitals')
) AS units
ARRAY JOIN pairs AS pair
GROUP BY site, day, closes_at, dimension, value
