-- open_stale
-- Days that are dropped and of which a tick that was under way has written something after all.
SELECT DISTINCT toInt64OrZero(partition_id) AS ended
FROM system.parts
WHERE database = currentDatabase() AND table IN ('open_stats', 'erased_tags') AND active
    AND ended IN (SELECT toInt64(toUnixTimestamp(closes_at)) FROM sealed_days WHERE phase = 'dropped')
    AND ended NOT IN (SELECT toInt64(toUnixTimestamp(closes_at)) FROM events GROUP BY closes_at)
ORDER BY ended
