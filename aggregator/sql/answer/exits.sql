-- exits
-- Of each page, the visits that left on it: rows of the statistics by exit page with nothing else in them.
SELECT
    day, hour, value, toUInt64(0) AS visitors, toUInt64(0) AS visits, toUInt64(0) AS pageviews, toUInt64(0) AS events,
    toUInt64(0) AS entries, toUInt64(0) AS visit_pageviews, toUInt64(0) AS bounces, toUInt64(0) AS duration_s,
    toUInt64(0) AS engaged_ms, toUInt64(0) AS scroll_sum, toUInt64(0) AS scroll_visits, toUInt64(0) AS opted_out_pageviews,
    left_there.visits AS exits,
    left_there.stat AS stat
FROM ({exit_pages}) AS left_there
