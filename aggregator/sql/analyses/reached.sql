-- reached
-- How many steps of the funnel each visit came through: the first event of the first step, the first of the second step
-- after it, and so on. One report of a scroll depth can be several steps, any other event one. `steps` has a bit for each.
SELECT
    day, visitor, visit,
    arrayFold(
        (depth, event) -> toUInt8(depth + if(
            event.4,
            -- As many steps as there are set bits in a row.
            bitCount(bitXor(bitShiftRight(event.3, depth), bitShiftRight(event.3, depth) + 1)) - 1,
            bitTest(event.3, depth))),
        arraySort(groupArray((at, step, steps, scrolled))),
        toUInt8(0)) AS depth
FROM
(
    SELECT day, visitor, visit, step, {at} AS at, name = 'engagement' AS scrolled, toUInt16({steps}) AS steps
    FROM ({ordered})
)
WHERE steps != 0
GROUP BY day, visitor, visit
