-- hits_ends
-- Where each visit began and ended stands with the visit alone.
LEFT JOIN
(
    SELECT day, visit, entry_page, exit_page, host AS entry_host FROM visits WHERE {sealed}
) AS ends ON hits.day = ends.day AND hits.visit = ends.visit
