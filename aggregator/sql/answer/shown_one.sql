-- shown_one
-- The groups of one dimension that may be told: all but those below k and, while those together are below k, the next
-- larger one. What is left out is never a group below k by itself.
SELECT day, cell
FROM
(
    SELECT
        day, cell, n,
        sum(n) OVER (PARTITION BY day ORDER BY n, cell ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM ({cells})
)
WHERE n >= {least} AND NOT (before > 0 AND before < {least})
