-- seal_dropped
INSERT INTO sealed_days
    (site, day, closes_at, revision, phase, at, received, unattributed, opted_out, visitors, visits, first_hour)
SELECT
    site, day, closes_at, revision, 'dropped', toDateTime({at:Int64}, 'UTC'), received, unattributed, opted_out, visitors,
    visits, first_hour
FROM sealed_days
WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16} AND phase = 'published'
