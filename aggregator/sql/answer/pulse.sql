-- pulse
SELECT
    uniqExactIf(tag, tag != 0 AND name != 'engagement' AND time > toDateTime({since:Int64}, 'UTC')) AS current_visitors,
    countIf(name != 'engagement' AND closes_at = toDateTime({closes_at:Int64}, 'UTC')) AS events_today,
    countIf(closes_at = toDateTime({closes_at:Int64}, 'UTC')) AS beacons_today
FROM events
-- Today and, for five minutes after midnight, yesterday.
WHERE site = {site:UInt32} AND closes_at > toDateTime({since:Int64}, 'UTC')
    AND (site, tag) NOT IN (SELECT site, tag FROM erased_tags WHERE closes_at > toDateTime({since:Int64}, 'UTC'))
