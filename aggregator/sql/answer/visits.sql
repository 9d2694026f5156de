-- visits_of_question
SELECT
    day, visitor, visit, hour, pageviews, events, bounced, duration_s, engaged_ms, host, entry_page, exit_page, source,
    channel, referrer, utm_source, utm_medium, utm_campaign, utm_content, utm_term, country, region, browser,
    browser_version, os, os_version, toString(device) AS device, screen, language
FROM visits
WHERE {sealed}
UNION ALL
SELECT
    day, visitor, visit, hour, pageviews, events, bounced, duration_s, engaged_ms, host, entry_page, exit_page, source,
    channel, referrer, utm_source, utm_medium, utm_campaign, utm_content, utm_term, country, region, browser,
    browser_version, os, os_version, device, screen, language
FROM ({open})
