-- open_behind
-- Open days that the statistics are behind of: the newest batch and erasure there are, and those that are counted.
SELECT ended, last_batch, last_erasure, batch, erasure, rows_since
FROM
(
    SELECT
        toInt64OrZero(partition_id) AS ended,
        toUInt64(greatest(0, maxIf(max_block_number, table = 'events'))) AS last_batch,
        toUInt64(greatest(0, maxIf(max_block_number, table = 'erased_tags'))) AS last_erasure,
        toUInt64(greatest(0, any(marks.batch))) AS batch,
        toUInt64(greatest(0, any(marks.erasure))) AS erasure,
        -- At most so many rows are new.
        sumIf(rows, table = 'events' AND max_block_number > marks.batch) AS rows_since
    FROM system.parts AS parts
    LEFT JOIN
    (
        SELECT toInt64(toUnixTimestamp(closes_at)) AS ended, sum(open_stats.batch) AS batch, sum(open_stats.erasure) AS erasure
        FROM open_stats
        WHERE site = 0
        GROUP BY ended
    ) AS marks ON toInt64OrZero(parts.partition_id) = marks.ended
    WHERE database = currentDatabase() AND table IN ('events', 'erased_tags') AND active
    GROUP BY ended
    HAVING last_batch > batch OR last_batch > 0 AND last_erasure > erasure
)
-- A day that is published is answered from elsewhere.
WHERE ended NOT IN
(
    SELECT toInt64(toUnixTimestamp(closes_at))
    FROM sealed_days
    WHERE phase = 'published' AND closes_at >= (SELECT min(closes_at) FROM events)
)
ORDER BY ended
