-- seal_published
-- What the ledger says of a day: its newest revisions, the last batch they cover, and how many events have been published
-- and not dropped.
SELECT
    maxIf(revision, phase = 'published') AS published,
    maxIf(revision, phase = 'dropped') AS dropped,
    argMaxIf(last_batch, revision, phase = 'published') AS last_batch,
    sumIf(received, phase = 'published' AND revision > dropped_until) AS received,
    uniqExactIf((site, day), phase = 'published' AND revision > dropped_until) AS sites
FROM
(
    SELECT *, maxIf(revision, phase = 'dropped') OVER () AS dropped_until
    FROM sealed_days
    WHERE closes_at = {closes_at:DateTime('UTC')}
)
