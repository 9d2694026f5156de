-- deed
-- Whether the visit has an event for which this holds. Visits of an open day are numbered for each visitor.
(day, visitor, visit) IN (SELECT day, visitor, visit FROM ({hits}) WHERE visit != 0 AND {where})
