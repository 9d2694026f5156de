-- sealed_hits
SELECT * FROM hits
WHERE visit != 0 AND closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16}
    AND day BETWEEN toDate({closes_at:DateTime('UTC')}, 'UTC') - 2 AND toDate({closes_at:DateTime('UTC')}, 'UTC') + 2
    -- A slice of the visitors.
    AND visitor % {slices:UInt32} = {slice:UInt32}
