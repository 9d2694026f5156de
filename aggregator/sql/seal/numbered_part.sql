-- numbered_part
-- Visits of a range of tags with their numbers.
SELECT v.*, n.visitor_number AS visitor_number, n.visit_number AS visit_number
FROM ({visits}) AS v
INNER JOIN
(
    SELECT * FROM visit_numbers WHERE visitor BETWEEN {tag_from:UInt64} AND {tag_to:UInt64}
) AS n ON v.site = n.site AND v.day = n.day AND v.visitor = n.visitor AND v.visit = n.visit
