-- seal_numbers
-- The number of each visit, in memory and for this session alone: it holds tags.
CREATE TEMPORARY TABLE visit_numbers ENGINE = Memory AS
SELECT site, day, visitor, visit, visitor_number, visit_number FROM ({numbered})
