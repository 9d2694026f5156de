-- seal_count_plain
-- The figures of a day counted in another way, which shares nothing with the definition of a visit but its meaning: the
-- moments of each tag in order, split where more than 30 minutes lie between two. A moment is (time, page view?, interactive
-- custom event?, engaged, page view or custom event?).
INSERT INTO counted
    (side, site, day, hour, visitors, visits, pageviews, events, visit_pageviews, bounces, duration_s, engaged_ms,
    opted_out_pageviews, opted_out_events)
SELECT
    'plain', site, day, 255, countIf(notEmpty(runs)), sum(length(runs)), sum(views), sum(countable), sum(views),
    sum(arrayCount(run -> arraySum(run.2) = 1 AND arraySum(run.3) = 0 AND arraySum(run.4) < 10000, runs)),
    sum(arraySum(run -> run.1[-1] - run.1[1], runs)),
    sum(arraySum(run -> arraySum(run.4), runs)),
    0, 0
FROM
(
    SELECT
        site, day, tag, countIf(name = 'pageview') AS views, countIf(name NOT IN ('engagement', 'vitals')) AS countable,
        arraySort(groupArray((
            toUnixTimestamp(time), name = 'pageview', interactive AND name NOT IN ('pageview', 'engagement', 'vitals'),
            events.engaged_ms, name NOT IN ('engagement', 'vitals')))) AS moments,
        arrayFilter(
            run -> arraySum(run.5) > 0,
            arraySplit((moment, gap) -> gap > 1800, moments, arrayDifference(moments.1))) AS runs
    FROM events
    WHERE tag != 0 AND {scope}
    GROUP BY site, day, tag
)
GROUP BY site, day
UNION ALL
SELECT
    'plain', site, day, 255, 0, 0, countIf(name = 'pageview'), countIf(name NOT IN ('engagement', 'vitals')), 0, 0, 0, 0,
    countIf(name = 'pageview'), countIf(name NOT IN ('engagement', 'vitals'))
FROM events
WHERE tag = 0 AND {scope}
GROUP BY site, day
