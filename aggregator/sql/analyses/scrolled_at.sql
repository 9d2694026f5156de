-- scrolled_at
-- Where an event stands when depths are steps: views at even places, and what was seen of one directly after it, because
-- reports come when the page is left, often after the next page.
if(
    name = 'engagement',
    multiIf(
        maxIf(step, name = 'pageview') OVER (
            PARTITION BY day, visitor, visit, path
            ORDER BY step
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before > 0, 2 * before + 1,
        minIf(step, name = 'pageview') OVER (PARTITION BY day, visitor, visit, path) AS after > 0, 2 * after + 1,
        2 * step),
    2 * step)
