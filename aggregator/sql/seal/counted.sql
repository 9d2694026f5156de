-- seal_counted
-- What one side of the recount has found so far: sums of parts, of which no two have a visitor in common.
CREATE TEMPORARY TABLE counted
(
    side LowCardinality(String), site UInt32, day Date, hour UInt8, dimension LowCardinality(String), value String,
    visitors UInt64, visits UInt64, pageviews UInt64, events UInt64, entries UInt64, visit_pageviews UInt64, bounces UInt64,
    duration_s UInt64, engaged_ms UInt64, scroll_sum UInt64, scroll_visits UInt64, opted_out_pageviews UInt64,
    opted_out_events UInt64
)
ENGINE = Memory
