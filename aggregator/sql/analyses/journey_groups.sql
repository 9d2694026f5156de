-- journey_groups
-- Of each day and group of the filters: from which page to which, how often and by whom. Nothing comes before the first page
-- of a visit, and nothing after its last.
SELECT
    day, page_from, page_to, cell,
    any(matches) AS matches,
    uniqExactState(visitor) AS who,
    uniqExactState((visitor, visit)) AS them,
    count() AS views
FROM
(
    SELECT walks.day AS day, walks.visitor AS visitor, walks.visit AS visit, pages, {cell} AS cell, {matches} AS matches
    FROM
    (
        SELECT day, visitor, visit, arrayMap(view -> view.2, arraySort(groupArray((step, path)))) AS pages
        FROM ({ordered})
        WHERE name = 'pageview'
        GROUP BY day, visitor, visit
    ) AS walks {chosen}
)
ARRAY JOIN arrayConcat([''], pages) AS page_from, arrayConcat(pages, ['']) AS page_to
GROUP BY day, page_from, page_to, cell
