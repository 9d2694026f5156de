-- seal_remains
-- What is left of a partition: parts in use, parts merged away or dropped and not yet deleted, parts set aside; and where
-- the files of the tables of open days are.
SELECT sum(found) AS parts, groupArrayArray(places) AS paths
FROM
(
    SELECT count() AS found, CAST([], 'Array(String)') AS places
    FROM system.parts
    WHERE database = currentDatabase() AND table IN ({tables}) AND partition_id = {partition:String}
    UNION ALL
    SELECT count() AS found, CAST([], 'Array(String)') AS places
    FROM system.detached_parts
    WHERE database = currentDatabase() AND table IN ({tables}) AND partition_id = {partition:String}
    UNION ALL
    SELECT toUInt64(0) AS found, arrayFlatten(groupArray(data_paths)) AS places
    FROM system.tables
    WHERE database = currentDatabase() AND name IN ({tables})
)
