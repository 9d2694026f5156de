-- hits
-- Every event of the question's days with what belongs to its visit; an opt-out is in visit 0 and has its own.
SELECT
    hits.day AS day, hits.visitor AS visitor, hits.visit AS visit, hour, name, hits.host AS host, path, engaged_ms,
    scroll_depth, revenue_milli, currency, props, source, channel, referrer, utm_source, utm_medium, utm_campaign,
    utm_content, utm_term, country, region, browser, browser_version, os, os_version, toString(device) AS device, screen,
    language, {ends}, toUInt16(0) AS minute
FROM (SELECT * FROM hits WHERE {sealed}) AS hits {ends_joined}
UNION ALL
{open}
