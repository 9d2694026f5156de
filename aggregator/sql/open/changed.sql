-- open_changed
-- Everything known of the visitors that a batch beyond the mark, or an erasure beyond it, speaks of; and the new events of
-- those who opted out, of whom each stands alone. Twice: as it was counted before, ending in 1970, and as it counts now.
-- Every step of a visit's definition keeps days apart by the instant at which they end, so that both go through it at once.
CREATE TEMPORARY TABLE changed ENGINE = Memory AS
SELECT
    * EXCEPT (ends, batch, was_erased, is_erased),
    arrayJoin(arrayConcat(
        if(batch <= {batch:UInt64} AND NOT was_erased, [toDateTime(0, 'UTC')], []),
        if(NOT is_erased, [ends], []))) AS closes_at
FROM
(
    SELECT
        * EXCEPT (closes_at, props, revenue_milli, currency), closes_at AS ends, _block_number AS batch, {hour} AS clock_hour,
        (site, tag) IN
        (
            SELECT site, tag
            FROM erased_tags
            WHERE closes_at = {closes_at:DateTime('UTC')} AND _block_number <= {erasure:UInt64}
        ) AS was_erased,
        (site, tag) IN
        (
            SELECT site, tag
            FROM erased_tags
            WHERE closes_at = {closes_at:DateTime('UTC')} AND _block_number <= {last_erasure:UInt64}
        ) AS is_erased
    FROM events
    WHERE closes_at = {closes_at:DateTime('UTC')} AND _block_number <= {last_batch:UInt64}
        AND (tag = 0 AND _block_number > {batch:UInt64}
            OR tag != 0 AND (site, tag) IN
            (
                SELECT site, tag
                FROM events
                WHERE closes_at = {closes_at:DateTime('UTC')} AND tag != 0
                    AND _block_number > {batch:UInt64} AND _block_number <= {last_batch:UInt64}
                UNION ALL
                SELECT site, tag
                FROM erased_tags
                WHERE closes_at = {closes_at:DateTime('UTC')}
                    AND _block_number > {erasure:UInt64} AND _block_number <= {last_erasure:UInt64}
            ))
)
