-- seal_hits
INSERT INTO hits
    (site, day, closes_at, revision, visitor, visit, step, hour, name, host, path, interactive, engaged_ms, scroll_depth,
    revenue_milli, currency, props, source, referrer, utm_source, utm_medium, utm_campaign, utm_content, utm_term, country,
    browser, browser_version, os, os_version, device, screen, language, channel, region)
SELECT
    site, day, closes_at, {revision:UInt16}, visitor, visit, step, hour, name, host, path, interactive, engaged_ms,
    scroll_depth, revenue_milli, currency,
    -- Web vitals are measurements, not words: folded they would be none. Whatever else such an event brings is folded.
    mapApply((key, value) -> (key, if(
        (site, day, key, value) IN (SELECT site, day, key, value FROM common_values)
            OR name = 'vitals' AND key IN ('ttfb', 'fcp', 'lcp', 'cls', 'inp') AND toUInt32OrNull(value) IS NOT NULL,
        value, '(other)')), props),
    source, referrer, utm_source, utm_medium, utm_campaign, utm_content, utm_term, country,
    browser, browser_version, os, os_version, device, screen, language, channel, region
FROM
(
    SELECT
        r.site AS site, r.day AS day, r.closes_at AS closes_at, v.visitor_number AS visitor, v.visit_number AS visit,
        row_number() OVER (PARTITION BY r.site, r.day, r.visitor, r.visit ORDER BY r.time, r.collector, r.sequence) AS step,
        r.hour AS hour, r.name AS name, r.host AS host, r.path AS path, r.interactive AS interactive,
        r.engaged_ms AS engaged_ms, r.scroll_depth AS scroll_depth, r.revenue_milli AS revenue_milli,
        r.currency AS currency, r.props AS props,
        v.source AS source, v.referrer AS referrer, v.utm_source AS utm_source, v.utm_medium AS utm_medium,
        v.utm_campaign AS utm_campaign, v.utm_content AS utm_content, v.utm_term AS utm_term, v.country AS country,
        v.browser AS browser, v.browser_version AS browser_version, v.os AS os, v.os_version AS os_version,
        v.device AS device, v.screen AS screen, v.language AS language, v.channel AS channel, v.region AS region
    FROM part_runs AS r
    INNER JOIN part_visits AS v ON r.site = v.site AND r.day = v.day AND r.visitor = v.visitor AND r.visit = v.visit
    UNION ALL
    SELECT
        site, day, closes_at, visitor, visit, 0 AS step, hour, name, host, path, interactive, engaged_ms, scroll_depth,
        revenue_milli, currency, props, source, referrer, utm_source, utm_medium, utm_campaign, utm_content, utm_term,
        country, browser, browser_version, os, os_version, device, screen, language, channel, region
    FROM ({opt_outs})
)
