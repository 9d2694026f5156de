-- open_tick
-- One step of the open day's statistics: of the visitors that something new is known of, what they count for now less what
-- they counted for before, and the mark that says so. One block, so that figures and mark come together.
INSERT INTO open_stats
    (site, dimension, hour, day, value, closes_at, batch, erasure, visitors, visits, pageviews, events, entries,
    visit_pageviews, bounces, duration_s, engaged_ms, scroll_sum, scroll_visits, opted_out_pageviews, opted_out_events)
SELECT
    site, dimension, hour, day, value, {closes_at:DateTime('UTC')} AS ends, 0 AS batch, 0 AS erasure,
    sum(side * toInt64(parts.visitors)) AS visitors,
    sum(side * toInt64(parts.visits)) AS visits,
    sum(side * toInt64(parts.pageviews)) AS pageviews,
    sum(side * toInt64(parts.events)) AS events,
    sum(side * toInt64(parts.entries)) AS entries,
    sum(side * toInt64(parts.visit_pageviews)) AS visit_pageviews,
    sum(side * toInt64(parts.bounces)) AS bounces,
    sum(side * toInt64(parts.duration_s)) AS duration_s,
    sum(side * toInt64(parts.engaged_ms)) AS engaged_ms,
    sum(side * toInt64(parts.scroll_sum)) AS scroll_sum,
    sum(side * toInt64(parts.scroll_visits)) AS scroll_visits,
    sum(side * toInt64(parts.opted_out_pageviews)) AS opted_out_pageviews,
    sum(side * toInt64(parts.opted_out_events)) AS opted_out_events
FROM
(
    {parts}
) AS parts
GROUP BY site, dimension, hour, day, value
HAVING visitors != 0 OR visits != 0 OR pageviews != 0 OR events != 0 OR entries != 0 OR visit_pageviews != 0
    OR bounces != 0 OR duration_s != 0 OR engaged_ms != 0 OR scroll_sum != 0 OR scroll_visits != 0
    OR opted_out_pageviews != 0 OR opted_out_events != 0
UNION ALL
SELECT
    0, 'total', 255, toDate(0), '', {closes_at:DateTime('UTC')},
    toInt64({last_batch:UInt64}) - toInt64({batch:UInt64}), toInt64({last_erasure:UInt64}) - toInt64({erasure:UInt64}),
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
