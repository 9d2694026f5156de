-- traffic_of_a_day
INSERT INTO events
    (site, day, closes_at, tag, time, name, host, path, source, channel, referrer_host, referrer_path, utm_source, utm_medium,
    utm_campaign, country, browser, browser_version, os, os_version, device, screen, language, interactive, engaged_ms,
    scroll_depth, props, collector, sequence)
WITH
    -- A number below 1 for each visitor, or event of theirs, and purpose.
    (purpose -> (sipHash64(visitor, purpose) % 1000000) / 1000000) AS of_visitor,
    (purpose -> (sipHash64(visitor, view, purpose) % 1000000) / 1000000) AS of_view,
    (visitor % 20 = 7) AS out,
    multiIf(of_visitor(1) < 0.58, 'Mobile', of_visitor(1) < 0.96, 'Desktop', 'Tablet') AS kind,
    multiIf(kind = 'Desktop', ['Windows', 'Windows', 'Windows', 'Windows', 'macOS', 'Linux'],
        kind = 'Mobile', ['Android', 'Android', 'Android', 'iOS', 'iOS', 'Android'], ['Android', 'iOS', 'Android', 'iOS', 'iOS', 'Android'])
        [1 + toUInt8(6 * of_visitor(2))] AS system,
    multiIf(of_visitor(3) < 0.4, '', of_visitor(3) < 0.7, 'Google', of_visitor(3) < 0.85, ['Telegram', 'Instagram', 'Facebook', 'WhatsApp'][1 + toUInt8(4 * of_visitor(4))],
        of_visitor(3) < 0.92, 'Yandex', 'site' || toString(toUInt32(exp(of_visitor(4) * log(300)))) || '.kz') AS came_from,
    (of_visitor(5) < 0.08) AS campaign
SELECT
    1, '2033-05-22', '2033-05-22 19:00:00', if(out, 0, sipHash64(visitor, 'key')),
    toDateTime('2033-05-21 19:00:00', 'UTC') + least(86399, toUInt32(43200 * (of_visitor(6) + of_visitor(7))
        + 40 * view * of_visitor(8) + 30 * is_report * of_view(9) + if(view > 0 AND view >= views / 2 AND of_visitor(10) < 0.15, 9000, 0))),
    if(is_report, 'engagement', if(of_view(11) < 0.04 AND view > 0, ['Signup', 'Download', 'Outbound'][1 + toUInt8(3 * of_view(12))], 'pageview')),
    'example.kz',
    ['/', '/kk/', '/news/', '/docs/', '/people/'][1 + toUInt8(4.9 * of_view(13))] || toString(toUInt32(exp(of_view(14) * log(1500)))),
    came_from,
    multiIf(came_from = '', 'Direct', came_from IN ('Google', 'Yandex'), 'Organic Search', startsWith(came_from, 'site'), 'Referral', 'Organic Social'),
    if(view > 0 OR is_report OR came_from = '', '', lower(came_from) || if(startsWith(came_from, 'site'), '', '.com')),
    if(view > 0 OR is_report OR out OR NOT startsWith(came_from, 'site'), '', '/page' || toString(toUInt32(exp(of_visitor(15) * log(200))))),
    if(campaign AND view = 0, 'newsletter', ''), if(campaign AND view = 0, 'email', ''),
    if(campaign AND view = 0, 'c' || toString(toUInt32(exp(of_visitor(16) * log(30)))), ''),
    if(of_visitor(17) < 0.8, 'KZ', ['RU', 'UZ', 'KG', 'DE', 'US', 'TR', 'CN', 'FR', 'PL', 'GB'][1 + toUInt8(10 * pow(of_visitor(18), 2))]),
    multiIf(system = 'iOS', 'Safari', of_visitor(19) < 0.7, 'Chrome', of_visitor(19) < 0.85, 'Yandex', of_visitor(19) < 0.93, 'Firefox', 'Edge'),
    toString(140 + toUInt32(log(1 + 60 * of_visitor(20)))), system,
    multiIf(system = 'Windows', ['10', '11'][1 + toUInt8(2 * of_visitor(21))], system = 'Linux', '', system = 'Android', toString(10 + toUInt8(6 * of_visitor(21))),
        toString(15 + toUInt8(4 * of_visitor(21))) || '.' || toString(toUInt8(5 * of_visitor(22)))),
    kind, multiIf(kind = 'Mobile', 'xs', kind = 'Tablet', 'md', ['lg', 'xl', '2xl'][1 + toUInt8(3 * of_visitor(23))]),
    ['ru', 'ru', 'ru', 'kk', 'kk', 'en'][1 + toUInt8(6 * of_visitor(24))],
    NOT is_report, if(is_report, toUInt32(60000 * pow(of_view(25), 2)), 0), if(is_report, toUInt8(100 * of_view(26)), 255),
    if(is_report, map(), if(of_view(27) < 0.1, map('section', 's' || toString(toUInt8(8 * of_view(28)))), map())), 1, visitor * 64 + view * 2 + is_report
FROM
(
    SELECT number AS visitor, toUInt8(1 + floor(-2.26 * log(1 - (sipHash64(number, 'views') % 1000000) / 1000001))) AS views
    FROM numbers({visitors})
)
ARRAY JOIN range(least(views, 30)) AS view
ARRAY JOIN if(out, [0], [0, 1]) AS is_report
