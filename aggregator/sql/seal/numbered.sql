-- numbered
-- Visits of a day with the numbers that replace their tags: 1..n by order of arrival, so that nothing kept depends on a key.
SELECT
    *,
    toUInt32(dense_rank() OVER (PARTITION BY site, day ORDER BY visitor_arrival)) AS visitor_number,
    toUInt32(row_number() OVER (PARTITION BY site, day ORDER BY arrival)) AS visit_number
FROM (SELECT *, min(arrival) OVER (PARTITION BY site, day, visitor) AS visitor_arrival FROM ({visits}))
