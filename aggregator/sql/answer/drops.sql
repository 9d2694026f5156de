-- drops
SELECT toInt32(day) AS day_number, toString(reason) AS reason, sum(count) AS beacons
FROM drops
WHERE site = {site:UInt32} AND day BETWEEN toDate({first:Int32}) AND toDate({last:Int32})
GROUP BY day, reason
ORDER BY day, beacons DESC, reason
