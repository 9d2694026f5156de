-- hits_open
SELECT
    runs.day AS day, runs.visitor AS visitor, runs.visit AS visit, runs.hour AS hour, runs.name AS name,
    runs.host AS host, runs.path AS path, runs.engaged_ms AS engaged_ms, runs.scroll_depth AS scroll_depth,
    runs.revenue_milli AS revenue_milli, runs.currency AS currency, runs.props AS props, visits.source AS source,
    visits.channel AS channel, visits.referrer AS referrer, visits.utm_source AS utm_source,
    visits.utm_medium AS utm_medium, visits.utm_campaign AS utm_campaign, visits.utm_content AS utm_content,
    visits.utm_term AS utm_term, visits.country AS country, visits.region AS region, visits.browser AS browser,
    visits.browser_version AS browser_version, visits.os AS os, visits.os_version AS os_version,
    visits.device AS device, visits.screen AS screen, visits.language AS language, visits.entry_page AS entry_page,
    visits.exit_page AS exit_page, visits.host AS entry_host, runs.minute AS minute
FROM (SELECT *, {minute} AS minute FROM ({runs}) WHERE {recent}) AS runs
INNER JOIN ({visits}) AS visits
    ON runs.day = visits.day AND runs.visitor = visits.visitor AND runs.visit = visits.visit
UNION ALL
SELECT
    day, visitor, visit, hour, name, host, path, engaged_ms, scroll_depth, revenue_milli, currency, props, source,
    channel, referrer, utm_source, utm_medium, utm_campaign, utm_content, utm_term, country, region, browser,
    browser_version, os, os_version, device, screen, language, '' AS entry_page, '' AS exit_page, '' AS entry_host, {minute} AS minute
FROM ({opt_outs})
WHERE {recent}
