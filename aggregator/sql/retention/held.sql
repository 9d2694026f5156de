-- retention_held
-- What a table holds of each site, by partition.
SELECT _partition_id AS partition, site, toInt32(min(day)) AS first, toInt32(max(day)) AS last, count() AS held
FROM {table}
GROUP BY partition, site
ORDER BY partition, site
