-- open_days
-- Partitions whose events still count. One that has been published is sealed, whether its events are dropped yet or not.
SELECT toInt64(toUnixTimestamp(closes_at)) AS ended
FROM (SELECT closes_at FROM events GROUP BY closes_at)
WHERE closes_at NOT IN
(
    SELECT closes_at
    FROM sealed_days
    -- Older lines need not be read.
    WHERE phase = 'published' AND closes_at >= (SELECT min(closes_at) FROM events)
)
ORDER BY ended
