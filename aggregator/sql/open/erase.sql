-- open_erase
INSERT INTO erased_tags (site, closes_at, tag)
SELECT {site:UInt32}, toDateTime({closes_at:Int64}, 'UTC'), {tag:UInt64}
