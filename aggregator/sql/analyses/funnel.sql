-- funnel
-- Visits and visitors that came to each step, and before them all; of the days that may be told.
SELECT
    sumForEachIf(days.reached, told) AS reached,
    sumForEachIf(days.visitors, told) AS visitors,
    countIf(told) AS days_told,
    count() AS days_in_all
FROM
(
    SELECT
        day, reached, visitors,
        -- Somebody can be in several groups of a filter, by several visits.
        shown > 0 AND arrayAll(lost -> lost = 0 OR lost <= -{least}, arrayDifference(arrayPushBack(visitors, 0))) AS told
    FROM
    (
        SELECT
            day,
            countIf(matches AND NOT hidden) AS shown,
            [{reached}] AS reached,
            [{visitors}] AS visitors
        FROM ({groups})
        GROUP BY day
    )
) AS days
