-- sealed_opt_outs
SELECT * FROM hits
WHERE visit = 0 AND closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16}
    AND day BETWEEN toDate({closes_at:DateTime('UTC')}, 'UTC') - 2 AND toDate({closes_at:DateTime('UTC')}, 'UTC') + 2
    -- Once.
    AND {slice:UInt32} = 0
