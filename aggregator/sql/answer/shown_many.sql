-- shown_many
-- The groups of several dimensions that may be told, where the sums over each dimension are known already. Small groups
-- hide in blocks: all groups of rare values, and all groups of values that are common but meet in a small group. Each block
-- must leave room to move (`unsafe`), or nothing of the day is told. See docs/decisions/suppression.md.
SELECT day, cell
FROM
(
    SELECT day, cell, hidden, max(unsafe) OVER (PARTITION BY day) AS day_unsafe
    FROM
    (
        SELECT day, cell, hidden, {unsafe} AS unsafe
        FROM
        (
            SELECT day, cell, n, {rare}, {dirty_kept}, hidden OR {deficient_any} AS hidden
            FROM
            (
                SELECT day, cell, n, {common_kept}, {dirty_kept}, hidden, {deficient}
                FROM
                (
                    SELECT day, cell, n, {common_kept}, {dirty_kept}, NOT ({common_all}) OR ({dirty_all}) AS hidden
                    FROM
                    (
                        SELECT day, cell, n, {common_kept}, {dirty}
                        FROM
                        (
                            SELECT day, cell, n, {common}
                            FROM ({cells})
                        )
                    )
                )
        )
        )
    )
)
WHERE NOT hidden AND NOT day_unsafe
