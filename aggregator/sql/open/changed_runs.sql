-- open_changed_runs
-- The runs of those visitors, once for all that counts them.
CREATE TEMPORARY TABLE changed_runs ENGINE = Memory AS
{runs}
