-- seal_common
-- Values of custom properties that at least five visitors have in common. All others are folded.
CREATE TEMPORARY TABLE common_values ENGINE = Memory AS
SELECT site, day, pair.1 AS key, pair.2 AS value
FROM events
ARRAY JOIN CAST(props, 'Array(Tuple(String, String))') AS pair
WHERE tag != 0 AND {scope}
GROUP BY site, day, key, value
HAVING uniqExact(tag) >= 5
