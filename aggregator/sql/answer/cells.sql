-- cells
-- Groups of each day by every dimension the question involves, with their visitors.
SELECT day, {cell} AS cell, uniqExactIf(visitor, {countable}) AS n
FROM ({units}) AS hits
{reached}
WHERE visit != 0 AND {where}
GROUP BY day, cell
