-- seal_part_runs
-- The runs of a range of tags, once for all that is made of them. In memory and for this session alone.
CREATE TEMPORARY TABLE part_runs ENGINE = Memory AS
{runs}
