-- seal_dropped
INSERT INTO sealed_days
    (site, day, closes_at, revision, phase, at, received, unattributed, opted_out, erased, visitors, visits, first_hour,
    last_batch)
SELECT
    site, day, closes_at, revision, 'dropped', toDateTime({at:Int64}, 'UTC'), received, unattributed, opted_out, erased,
    visitors, visits, first_hour, last_batch
FROM sealed_days
WHERE closes_at = {closes_at:DateTime('UTC')} AND phase = 'published' AND revision > {dropped:UInt16}
