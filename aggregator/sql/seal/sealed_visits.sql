-- sealed_visits
SELECT * FROM visits
WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16}
    -- Prunes the months: a day lies within two days of the instant at which it ends.
    AND day BETWEEN toDate({closes_at:DateTime('UTC')}, 'UTC') - 2 AND toDate({closes_at:DateTime('UTC')}, 'UTC') + 2
    -- A slice of the visitors.
    AND visitor % {slices:UInt32} = {slice:UInt32}
