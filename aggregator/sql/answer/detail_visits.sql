-- detail_visits
-- One row for each visit and each event of an opt-out: for questions that speak of visits as a whole.
SELECT
    day, hour, {key} AS key, visitor, visit, 1 AS counted, 1 AS visits, pageviews, events,
    1 AS entries, pageviews AS visit_pageviews, bounced AS bounces, duration_s,
    engaged_ms, 0 AS scroll_sum, 0 AS scroll_visits, 0 AS opted_out_pageviews, 0 AS engaged_visits,
    toInt64(0) AS revenue_milli, 0 AS revenue_events, '' AS currency_low, '' AS currency_high, 0 AS exits,
    {no_vitals} AS vitals
FROM ({visits})
WHERE {where}
UNION ALL
SELECT
    day, hour, {key} AS key, visitor, visit, 0 AS counted, 0 AS visits, name = 'pageview' AS pageviews, 1 AS events,
    0 AS entries, 0 AS visit_pageviews, 0 AS bounces, 0 AS duration_s, 0 AS engaged_ms, 0 AS scroll_sum,
    0 AS scroll_visits, name = 'pageview' AS opted_out_pageviews, 0 AS engaged_visits, toInt64(0) AS revenue_milli,
    0 AS revenue_events, '' AS currency_low, '' AS currency_high, 0 AS exits,
    {no_vitals} AS vitals
FROM ({hits})
WHERE visit = 0 AND name NOT IN ('engagement', 'vitals') AND {opt_outs_where}
