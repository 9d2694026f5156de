-- visits
-- The definition of a visit, second half: one row for each run. An engagement report often overtakes the page view it
-- follows, and carries neither referrer nor campaign: so a visit's origin is that of its first other event.
SELECT
    site,
    day,
    closes_at,
    visitor,
    visit,
    arrival,
    hour,
    pageviews,
    events,
    pageviews = 1 AND conversions = 0 AND engaged_ms < 10000 AS bounced,
    duration_s,
    engaged_ms,
    entry_page,
    exit_page,
    origin.1 AS host,
    origin.2 AS source,
    origin.3 AS referrer,
    origin.4 AS utm_source,
    origin.5 AS utm_medium,
    origin.6 AS utm_campaign,
    origin.7 AS utm_content,
    origin.8 AS utm_term,
    origin.9 AS click_id,
    origin.10 AS country,
    origin.11 AS browser,
    origin.12 AS browser_version,
    origin.13 AS os,
    origin.14 AS os_version,
    origin.15 AS device,
    origin.16 AS screen,
    origin.17 AS language,
    origin.18 AS channel,
    origin.19 AS region
FROM
(
    SELECT
        site,
        day,
        closes_at,
        visitor,
        visit,
        min((time, collector, sequence)) AS arrival,
        argMin(runs.hour, (time, collector, sequence)) AS hour,
        countIf(name = 'pageview') AS pageviews,
        countIf(name NOT IN ('engagement', 'vitals')) AS events,
        countIf(interactive AND name NOT IN ('pageview', 'engagement', 'vitals')) AS conversions,
        toUInt64(max(time) - min(time)) AS duration_s,
        sum(runs.engaged_ms) AS engaged_ms,
        argMinIf(path, (time, collector, sequence), name = 'pageview') AS entry_page,
        argMaxIf(path, (time, collector, sequence), name = 'pageview') AS exit_page,
        argMinIf(
            (
                host, source, referrer_host || referrer_path,
                utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id,
                country, browser, browser_version, os, os_version,
                if(device = 'Unknown', '', toString(device)), screen, language, channel, region
            ),
            (time, collector, sequence),
            name NOT IN ('engagement', 'vitals')) AS origin
    FROM ({runs}) AS runs
    GROUP BY site, day, closes_at, visitor, visit
)
