-- seal_unproved
-- Published, never declared dropped, and without events.
SELECT toInt64(toUnixTimestamp(closes_at)) AS ended
FROM
(
    SELECT closes_at
    FROM sealed_days
    GROUP BY closes_at
    HAVING maxIf(revision, phase = 'published') > maxIf(revision, phase = 'dropped')
)
WHERE closes_at NOT IN (SELECT closes_at FROM events GROUP BY closes_at)
ORDER BY ended
