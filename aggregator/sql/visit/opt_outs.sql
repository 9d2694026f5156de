-- opt_outs
-- Events of visitors who opted out: in no visit and of no visitor, each by itself.
SELECT
    * EXCEPT (tag, device),
    0 AS visitor,
    0 AS visit,
    {hour} AS hour,
    referrer_host || referrer_path AS referrer,
    if(device = 'Unknown', '', toString(device)) AS device
FROM {events}
WHERE tag = 0 AND {scope}
