-- seal_part_visits
-- Their visits, with the numbers that are kept.
CREATE TEMPORARY TABLE part_visits ENGINE = Memory AS
SELECT
    v.*, n.number AS visitor_number,
    toUInt32(row_number() OVER (PARTITION BY v.site, v.day, v.visitor ORDER BY v.visit)) AS visit_number
FROM ({visits}) AS v
INNER JOIN
(
    SELECT * FROM visitor_numbers WHERE visitor BETWEEN {tag_from:UInt64} AND {tag_to:UInt64}
) AS n ON v.site = n.site AND v.day = n.day AND v.visitor = n.visitor
