-- detail_entries
-- The visits that began there, with the sums over them.
SELECT
    day, {hour} AS hour, {key} AS key, visitor, visit, 0 AS counted, {begins} AS visits, 0 AS pageviews, 0 AS events,
    1 AS entries, entered.pageviews AS visit_pageviews, bounced AS bounces, duration_s,
    {engaged} AS engaged_ms, 0 AS scroll_sum, 0 AS scroll_visits, 0 AS opted_out_pageviews, 0 AS engaged_visits,
    toInt64(0) AS revenue_milli, 0 AS revenue_events, '' AS currency_low, '' AS currency_high, 0 AS exits, {no_vitals} AS vitals
FROM ({visits}) AS entered
WHERE {viewed} AND {where}
