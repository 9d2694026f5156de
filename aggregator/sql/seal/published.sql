-- seal_published
SELECT
    countIf(phase = 'published') AS published,
    countIf(phase = 'dropped') AS dropped,
    sumIf(received, phase = 'published') AS received
FROM sealed_days
WHERE closes_at = {closes_at:DateTime('UTC')}
