-- numbered
-- Visits of a day with the numbers that replace their tags: 1..n by order of arrival, so that nothing kept depends on a key.
-- An addendum counts on from the revisions before it.
SELECT
    v.*,
    toUInt32(visitors_before + dense_rank() OVER (PARTITION BY site, day ORDER BY visitor_arrival)) AS visitor_number,
    toUInt32(visits_before + row_number() OVER (PARTITION BY site, day ORDER BY arrival)) AS visit_number
FROM (SELECT *, min(arrival) OVER (PARTITION BY site, day, visitor) AS visitor_arrival FROM ({visits})) AS v
LEFT JOIN
(
    SELECT site, day, max(visits.visitor) AS visitors_before, max(visits.visit) AS visits_before
    FROM visits
    WHERE closes_at = {closes_at:DateTime('UTC')} AND revision < {revision:UInt16}
        AND day BETWEEN toDate({closes_at:DateTime('UTC')}, 'UTC') - 2 AND toDate({closes_at:DateTime('UTC')}, 'UTC') + 2
    GROUP BY site, day
) AS before ON v.site = before.site AND v.day = before.day
