-- funnel_groups
-- Of each day and group of the filters: in how many visits people stopped at which step and who they were; and, as `best`,
-- at which step of their best visit.
SELECT
    day, cell, stop.1 AS best, stop.2 AS depth, any(matches) AS matches, sum(stop.3) AS visits, uniqExactState(visitor) AS who
FROM
(
    SELECT day, cell, visitor, any(matches) AS matches, groupArray(depth) AS depths
    FROM
    (
        SELECT chosen.day AS day, cell, chosen.visitor AS visitor, matches, reached.depth AS depth
        FROM ({population}) AS chosen
        LEFT JOIN ({reached}) AS reached
            ON chosen.day = reached.day AND chosen.visitor = reached.visitor AND chosen.visit = reached.visit
    )
    GROUP BY day, cell, visitor
)
ARRAY JOIN arrayConcat(
    arrayMap(depth -> (toUInt8(0), depth, toUInt64(countEqual(depths, depth))), arrayDistinct(depths)),
    [(toUInt8(1), arrayMax(depths), toUInt64(0))]) AS stop
GROUP BY day, cell, best, depth
