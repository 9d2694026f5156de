-- seal_due
-- Every partition of `events`, from the parts' own figures: no row is read.
SELECT toInt64(toUnixTimestamp(closes_at)) AS ended, count() AS received
FROM events
GROUP BY closes_at
ORDER BY ended
