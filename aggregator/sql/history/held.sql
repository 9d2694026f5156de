-- history_held
-- Days of a site of which there is anything, sealed or not.
SELECT DISTINCT toInt32(day) AS day_number
FROM
(
    SELECT day FROM events WHERE site = {site:UInt32}
    UNION ALL
    SELECT day FROM sealed_days WHERE site = {site:UInt32}
    UNION ALL
    SELECT day FROM stats_daily WHERE site = {site:UInt32} AND dimension = 'total'
    UNION ALL
    SELECT day FROM drops WHERE site = {site:UInt32}
)
ORDER BY day_number
