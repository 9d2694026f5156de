-- open_changed_visits
CREATE TEMPORARY TABLE changed_visits ENGINE = Memory AS
{visits}
