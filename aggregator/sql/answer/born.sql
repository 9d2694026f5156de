-- born
SELECT min(at) AS at, min(day_number) AS day_number, sum(lines) AS lines
FROM
(
    SELECT toInt64(toUnixTimestamp(min(first_hour))) AS at, toInt32(min(day)) AS day_number, count() AS lines
    FROM sealed_days
    WHERE site = {site:UInt32} AND phase = 'published'
    HAVING lines > 0
    UNION ALL
    SELECT toInt64(toUnixTimestamp(min(time))) AS at, toInt32(min(day)) AS day_number, count() AS lines
    FROM events
    WHERE site = {site:UInt32}
    HAVING lines > 0
)
