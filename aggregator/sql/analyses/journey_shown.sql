-- journey_shown
-- Which ways are told: those of at least k visitors. Along each dimension the sums may be known, so those left out of a line
-- are together at least k visitors: where they would be fewer, the next larger one is left out too. That one alone is enough
-- in any other line it stands in.
SELECT day, page_from, page_to, cell, matches, who, them, views, {hidden} AS hidden
FROM
(
    SELECT day, page_from, page_to, cell, matches, who, them, views, small, large, {lines}
    FROM
    (
        SELECT
            day, page_from, page_to, cell, matches, who, them, views, n,
            n < {least} AND NOT {known} AS small,
            n >= {least} AND NOT {known} AS large
        FROM (SELECT *, finalizeAggregation(who) AS n FROM ({groups}))
    )
)
