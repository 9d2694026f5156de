-- runs
-- The definition of a visit, first half: every event of a visitor with the run it belongs to. A run is the events of one
-- tag, inside one local day, with at most 30 minutes between one and the next. Order is by time, then by arrival.
-- Runs of reports alone (engagement, web vitals) are no visits: nobody came, somebody stayed away for more than 30 minutes and then left.
SELECT * EXCEPT (begins, countable)
FROM
(
    SELECT
        *,
        sum(countable) OVER (PARTITION BY site, closes_at, day, visitor, visit) AS countable_in_run
    FROM
    (
        SELECT
            *,
            sum(begins) OVER (
                PARTITION BY site, closes_at, day, visitor
                ORDER BY time, collector, sequence
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS visit
        FROM
        (
            SELECT
                * EXCEPT (tag),
                tag AS visitor,
                {hour} AS hour,
                name NOT IN ('engagement', 'vitals') AS countable,
                -- The first of a tag looks back at 1970.
                time > 1800 + lagInFrame(time) OVER (
                    PARTITION BY site, closes_at, day, tag
                    ORDER BY time, collector, sequence
                    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS begins
            FROM {events}
            WHERE tag != 0 AND {scope}
        )
    )
)
WHERE countable_in_run > 0
