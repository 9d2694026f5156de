-- funnel_shown
-- Which groups of the filters are told their way through the funnel: those in which at every step nobody stopped or at least
-- k visitors did. Where those left out, together, would be fewer than k at a step, the next larger group is left out too.
SELECT
    day, cell, best, depth, matches, visits, who,
    few OR max(NOT few AND place = 1 AND left_out BETWEEN 1 AND {least} - 1) OVER (PARTITION BY day, cell) AS hidden
FROM
(
    SELECT
        day, cell, best, depth, matches, visits, who, few,
        uniqExactMergeIf(who, few) OVER (PARTITION BY day, best, depth) AS left_out,
        row_number() OVER (PARTITION BY day, best, depth, few ORDER BY n, cell) AS place
    FROM
    (
        SELECT day, cell, best, depth, matches, visits, who, n, max(n < {least} OR {nobody}) OVER (PARTITION BY {together}) AS few
        FROM
        (
            SELECT
                day, cell, best, depth, matches, visits, who, finalizeAggregation(who) AS n,
                count() OVER (PARTITION BY day, cell, best) AS stops
            FROM ({groups})
        )
    )
)
