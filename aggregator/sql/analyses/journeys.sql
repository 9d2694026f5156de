-- journeys
SELECT
    kind, page, visitors, visits, pageviews,
    count() OVER () AS total_rows,
    sum(pageviews) OVER () AS all_pageviews
FROM
(
    SELECT kind, page, sum(days.visitors) AS visitors, sum(days.visits) AS visits, sum(days.pageviews) AS pageviews
    FROM
    (
        SELECT
            day,
            multiIf(hidden, 'other', {there} = '', '{end}', 'page') AS kind,
            if(hidden, '', {there}) AS page,
            uniqExactMerge(who) AS visitors,
            uniqExactMerge(them) AS visits,
            sum(views) AS pageviews
        FROM
        (
            SELECT *, uniqExactMergeIf(who, hidden) OVER (PARTITION BY day, {here}, cell) AS left_out
            FROM ({groups})
        )
        WHERE {here} = {page:String} AND matches AND (NOT hidden OR left_out >= {least})
        GROUP BY day, kind, page
    ) AS days
    GROUP BY kind, page
)
ORDER BY {by} DESC, kind ASC, page ASC
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
