-- ordered
-- Every event of the question's visits with its place in its visit: by time, then by arrival. The seal keeps that place.
SELECT day, visitor, visit, step, name, path, scroll_depth, props FROM hits WHERE {sealed} AND visit != 0
UNION ALL
SELECT
    day, visitor, visit,
    row_number() OVER (PARTITION BY closes_at, day, visitor, visit ORDER BY time, collector, sequence) AS step,
    name, path, scroll_depth, props
FROM ({runs})
