-- seal_visits
INSERT INTO visits
    (site, day, closes_at, revision, visitor, visit, hour, pageviews, events, bounced, duration_s, engaged_ms, host,
    entry_page, exit_page, source, referrer, utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id,
    country, browser, browser_version, os, os_version, device, screen, language, channel, region)
SELECT
    site, day, closes_at, {revision:UInt16}, visitor_number, visit_number, hour, pageviews, events, bounced, duration_s,
    engaged_ms, host, entry_page, exit_page, source, referrer, utm_source, utm_medium, utm_campaign, utm_content, utm_term,
    click_id, country, browser, browser_version, os, os_version, device, screen, language, channel, region
FROM part_visits
