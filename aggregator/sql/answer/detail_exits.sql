-- detail_exits
-- The visits that left there.
SELECT
    day, {hour} AS hour, {key} AS key, visitor, visit, 0 AS counted, 0 AS visits, 0 AS pageviews, 0 AS events,
    0 AS entries, 0 AS visit_pageviews, 0 AS bounces, 0 AS duration_s, 0 AS engaged_ms, 0 AS scroll_sum,
    0 AS scroll_visits, 0 AS opted_out_pageviews, 0 AS engaged_visits, toInt64(0) AS revenue_milli, 0 AS revenue_events,
    '' AS currency_low, '' AS currency_high, 1 AS exits, {no_vitals} AS vitals
FROM ({visits}) AS left_there
WHERE left_there.pageviews > 0 AND {where}
