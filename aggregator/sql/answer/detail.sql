-- detail
-- As `answer`, from visits and events themselves: distinct visitors are counted here, of each day for itself.
SELECT
    toInt32({bucket}) AS bucket,
    key,
    uniqExactIf((day, visitor), units.counted) AS visitors,
    sum(units.visits) AS visits,
    sum(units.pageviews) AS pageviews,
    sum(units.events) AS events,
    sum(units.entries) AS entries,
    sum(units.visit_pageviews) AS visit_pageviews,
    sum(units.bounces) AS bounces,
    sum(units.duration_s) AS duration_s,
    sum(units.engaged_ms) AS engaged_ms,
    sum(units.scroll_sum) AS scroll_sum,
    sum(units.scroll_visits) AS scroll_visits,
    sum(units.opted_out_pageviews) AS opted_out_pageviews,
    sum(units.engaged_visits) AS engaged_visits,
    sum(units.revenue_milli) AS revenue_milli,
    sum(units.revenue_events) AS revenue_events,
    toString(minIf(units.currency_low, units.revenue_events > 0)) AS currency,
    toUInt8(toString(maxIf(units.currency_high, units.revenue_events > 0)) != currency) AS currencies_differ,
    sum(units.exits) AS exits,
    {vitals} AS vitals,
    count() OVER () AS total_rows
FROM ({units}) AS units
GROUP BY bucket, key
HAVING visitors + visits + pageviews + events + entries > 0
ORDER BY {order}
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
