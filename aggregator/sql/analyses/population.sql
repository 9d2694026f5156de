-- population
-- Every visit with the group that the filters put it into. Whether it matches them follows from its group.
SELECT day, visitor, visit, {cell} AS cell, {where} AS matches
FROM ({visits})
