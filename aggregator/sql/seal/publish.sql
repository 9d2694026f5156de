-- seal_publish
-- The instant at which a day changes sides: one block, so all its sites at once.
INSERT INTO sealed_days
    (site, day, closes_at, revision, phase, at, received, unattributed, opted_out, erased, visitors, visits, first_hour,
    last_batch)
SELECT
    site, day, closes_at, {revision:UInt16}, 'published', toDateTime({at:Int64}, 'UTC'), received, unattributed, opted_out,
    erased, visitors, visits, first_hour, last_batch
FROM
(
    SELECT
        site, day, closes_at,
        sum(lines.received) AS received, 
        sum(lines.received) - sum(lines.erased) - sum(lines.kept) AS unattributed,
        sum(lines.opted_out) AS opted_out, sum(lines.erased) AS erased, sum(lines.visitors) AS visitors, sum(lines.visits) AS visits,
        min(lines.first_hour) AS first_hour, max(max(lines.last_batch)) OVER () AS last_batch,
        -- Events only ever come: as many as at the start of the attempt means that every statement of it read the same.
        throwIf(sum(sum(lines.received)) OVER () != {received:UInt64}) AS came_meanwhile
    FROM
    (
        SELECT
            site, day, closes_at, count() AS received, 0 AS kept, countIf(tag = 0) AS opted_out,
            countIf((site, tag) IN (SELECT site, tag FROM erased_tags WHERE closes_at = {closes_at:DateTime('UTC')})) AS erased,
            0 AS visitors, 0 AS visits, toStartOfHour(min(time), 'UTC') AS first_hour, max(_block_number) AS last_batch
        FROM events
        WHERE closes_at = {closes_at:DateTime('UTC')} AND _block_number > {after:UInt64}
        GROUP BY site, day, closes_at
        UNION ALL
        SELECT
            site, day, closes_at, 0 AS received, count() AS kept, 0 AS opted_out, 0 AS erased, 0 AS visitors, 0 AS visits,
            closes_at AS first_hour, 0 AS last_batch
        FROM hits
        WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16}
            AND day BETWEEN toDate({closes_at:DateTime('UTC')}, 'UTC') - 2 AND toDate({closes_at:DateTime('UTC')}, 'UTC') + 2
        GROUP BY site, day, closes_at
        UNION ALL
        SELECT
            site, day, closes_at, 0 AS received, 0 AS kept, 0 AS opted_out, 0 AS erased, visitors, visits,
            closes_at AS first_hour, 0 AS last_batch
        FROM stats_daily
        WHERE closes_at = {closes_at:DateTime('UTC')} AND revision = {revision:UInt16} AND dimension = 'total'
    ) AS lines
    GROUP BY site, day, closes_at
)
WHERE came_meanwhile = 0
