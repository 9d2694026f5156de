-- detail_hits
-- One row for each visit and what it touched: for questions that speak of single events. `touches` is 0 where a visit
-- counts in the hour it began in, not in every hour it was seen.
SELECT
    day, {hour} AS hour, {key} AS key, visitor, visit,
    visit != 0 AND countIf({countable}) > 0 AS counted,
    counted AND {touches} AS visits,
    countIf(name = 'pageview') AS pageviews,
    countIf(name NOT IN ('engagement', 'vitals')) AS events,
    0 AS entries, 0 AS visit_pageviews, 0 AS bounces, 0 AS duration_s,
    {engaged} AS engaged_ms,
    maxIf(scroll_depth, visit != 0 AND scroll_depth <= 100) AS scroll_sum,
    max(visit != 0 AND scroll_depth <= 100) AS scroll_visits,
    countIf(visit = 0 AND name = 'pageview') AS opted_out_pageviews,
    visit != 0 AND max(hits.engaged_ms) > 0 AS engaged_visits,
    sum(hits.revenue_milli) AS revenue_milli,
    countIf(currency != '') AS revenue_events,
    minIf(currency, currency != '') AS currency_low,
    max(currency) AS currency_high,
    0 AS exits,
    {vitals} AS vitals
FROM ({hits}) AS hits
{reached}
WHERE (visit != 0 OR name NOT IN ('engagement', 'vitals')) AND {where}
GROUP BY day, hour, key, visitor, visit
