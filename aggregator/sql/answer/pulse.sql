-- pulse
-- Of today that much as is counted: who sees these two change asks for the figures, and must find them changed.
WITH (SELECT sum(batch) FROM open_stats WHERE site = 0 AND closes_at = toDateTime({closes_at:Int64}, 'UTC')) AS counted
SELECT
    uniqExactIf(tag, tag != 0 AND name NOT IN ('engagement', 'vitals') AND time > toDateTime({since:Int64}, 'UTC')) AS current_visitors,
    countIf(name NOT IN ('engagement', 'vitals') AND closes_at = toDateTime({closes_at:Int64}, 'UTC') AND _block_number <= counted) AS events_today,
    countIf(closes_at = toDateTime({closes_at:Int64}, 'UTC') AND _block_number <= counted) AS beacons_today
FROM events
-- Today and, for five minutes after midnight, yesterday.
WHERE site = {site:UInt32} AND closes_at > toDateTime({since:Int64}, 'UTC')
    AND (site, tag) NOT IN (SELECT site, tag FROM erased_tags WHERE closes_at > toDateTime({since:Int64}, 'UTC'))
