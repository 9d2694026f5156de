-- open_bite
-- The last batch up to which there are no more than so many new events; the first new one, if that is larger by itself.
SELECT max(number)
FROM
(
    SELECT number, sum(held) OVER (ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS so_far,
        row_number() OVER (ORDER BY number) AS place
    FROM
    (
        SELECT _block_number AS number, count() AS held
        FROM events
        WHERE closes_at = {closes_at:DateTime('UTC')} AND _block_number > {batch:UInt64}
        GROUP BY number
    )
)
WHERE so_far <= {most:UInt64} OR place = 1
