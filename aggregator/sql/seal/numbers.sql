-- seal_numbers
-- The numbers that replace the tags: 1..n by the arrival of a visitor's first event, so that nothing kept depends on a key. An
-- addendum counts on from the revisions before it, and the second of two days of one date, which a changed time zone makes,
-- from the first: no number is given twice on a date. In memory and for this session alone: it holds tags.
CREATE TEMPORARY TABLE visitor_numbers ENGINE = Memory AS
SELECT
    came.site AS site, came.day AS day, came.visitor AS visitor,
    toUInt32(visitors_before + row_number() OVER (PARTITION BY came.site, came.day ORDER BY came.arrival)) AS number
FROM
(
    SELECT site, day, tag AS visitor, min((time, collector, sequence)) AS arrival
    FROM events
    WHERE tag != 0 AND name NOT IN ('engagement', 'vitals') AND {scope}
    GROUP BY site, day, visitor
) AS came
LEFT JOIN
(
    SELECT site, day, max(visits.visitor) AS visitors_before
    FROM visits
    WHERE NOT (closes_at = {closes_at:DateTime('UTC')} AND revision >= {revision:UInt16})
        AND day BETWEEN toDate({closes_at:DateTime('UTC')}, 'UTC') - 2 AND toDate({closes_at:DateTime('UTC')}, 'UTC') + 2
    GROUP BY site, day
) AS before ON came.site = before.site AND came.day = before.day
