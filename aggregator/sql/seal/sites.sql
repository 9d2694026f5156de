-- seal_sites
SELECT DISTINCT site, toInt32(day) AS day_number
FROM events
WHERE closes_at = {closes_at:DateTime('UTC')}
ORDER BY site, day_number
