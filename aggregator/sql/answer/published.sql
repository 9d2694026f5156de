-- published_of_question
-- Published, and not among the days this answer reads from the events.
(closes_at, revision) IN (SELECT closes_at, revision FROM sealed_days WHERE site = {site:UInt32} AND phase = 'published')
    AND closes_at NOT IN {open:Array(DateTime('UTC'))}
