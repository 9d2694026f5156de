-- seal_sealed
-- Closing instants of every day that is published, dropped or not: its events may not grow any more.
SELECT DISTINCT toInt64(toUnixTimestamp(closes_at)) AS ended
FROM sealed_days
ORDER BY ended
