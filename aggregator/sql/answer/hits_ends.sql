-- hits_ends
-- Where each visit began and ended stands with the visit alone.
LEFT JOIN
(
    SELECT day, visitor, visit, entry_page, exit_page, host AS entry_host FROM visits WHERE {sealed}
) AS ends ON hits.day = ends.day AND hits.visitor = ends.visitor AND hits.visit = ends.visit
