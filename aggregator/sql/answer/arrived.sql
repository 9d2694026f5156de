-- arrived
-- Beacons of these days that were kept, whatever they say: from the ledger, and of open days as they stand.
SELECT sum(beacons) AS beacons
FROM
(
    SELECT sum(received) AS beacons
    FROM sealed_days
    WHERE site = {site:UInt32} AND day BETWEEN toDate({first:Int32}) AND toDate({last:Int32}) AND phase = 'published'
    UNION ALL
    SELECT count() AS beacons
    FROM events
    WHERE site = {site:UInt32} AND day BETWEEN toDate({first:Int32}) AND toDate({last:Int32})
        AND closes_at NOT IN (SELECT closes_at FROM sealed_days WHERE site = {site:UInt32} AND phase = 'published')
)
