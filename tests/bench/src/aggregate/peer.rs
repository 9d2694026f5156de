//! The same data and questions in the shape of Plausible's tables: one row for each event and one for each visit, with the
//! pseudonym kept, and visitors counted by `uniq()` when asked. The shape is known from its public description; table and
//! statements are our own.
//!
//! It holds the large site alone: its key begins with the site, so that no other site's rows would be read anyway. All is
//! merged to the end, opt-outs are left out, and times are on the site's clock already, so that nothing is converted when asked:
//! what is left is the counting.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::future::try_join_all;
use jiff::Span;

use super::Options;
use super::board::{Loads, SHORT_LIST};
use super::scene::Scene;
use super::tally::{Tally, Times};
use super::year::Year;
use crate::report::say;

const EVENTS: &str = "CREATE TABLE peer_events (
    site_id UInt64, timestamp DateTime('UTC') CODEC(Delta, LZ4), name LowCardinality(String), user_id UInt64, session_id UInt64,
    hostname LowCardinality(String), pathname String CODEC(ZSTD(3)), source LowCardinality(String), country LowCardinality(String),
    device LowCardinality(String), browser LowCardinality(String), os LowCardinality(String), scroll_depth UInt8,
    engagement_ms UInt32)
    ENGINE = MergeTree PARTITION BY toYYYYMM(timestamp) ORDER BY (site_id, toDate(timestamp), name, user_id, timestamp)";

const SESSIONS: &str = "CREATE TABLE peer_sessions (
    sign Int8, session_id UInt64, site_id UInt64, user_id UInt64, start DateTime('UTC') CODEC(Delta, LZ4),
    timestamp DateTime('UTC') CODEC(Delta, LZ4), is_bounce UInt8, duration UInt32, pageviews Int32, events Int32,
    entry_page String CODEC(ZSTD(3)), exit_page String CODEC(ZSTD(3)), source LowCardinality(String), country LowCardinality(String),
    device LowCardinality(String), browser LowCardinality(String), os LowCardinality(String))
    ENGINE = VersionedCollapsingMergeTree(sign, events) PARTITION BY toYYYYMM(start)
    ORDER BY (site_id, toDate(start), user_id, session_id)";

const FILL_EVENTS: &str = "INSERT INTO peer_events
    SELECT site, toDateTime(day, 'UTC') + hour * 3600 + cityHash64(day, visitor, visit, step) % 3600, name,
        sipHash64(site, day, visitor), sipHash64(site, day, visitor, visit), host, path, source, country, device, browser, os,
        scroll_depth, engaged_ms
    FROM hits WHERE site = 1 AND visitor != 0";

const FILL_SESSIONS: &str = "INSERT INTO peer_sessions
    SELECT 1, sipHash64(site, day, visitor, visit), site, sipHash64(site, day, visitor),
        toDateTime(day, 'UTC') + hour * 3600 + cityHash64(day, visitor, visit) % 3600 AS began, began + duration_s, bounced, duration_s,
        toInt32(pageviews), toInt32(events), entry_page, exit_page, source, country, device, browser, os
    FROM visits WHERE site = 1";

/// What a panel needs of the rows of events, and of those of visits.
const OF_EVENTS: &str =
    "uniq(user_id), countIf(name = 'pageview'), countIf(name != 'engagement'), sum(engagement_ms)";
const OF_SESSIONS: &str =
    "sum(sign), round(sum(is_bounce * sign) / sum(sign) * 100), round(sum(duration * sign) / sum(sign))";

/// A panel's statements: asked together, as a panel that needs both tables must.
struct Panel {
    name: &'static str,
    statements: Vec<String>,
}

/// Measures it, and compares: first unfiltered, then filtered.
pub(crate) async fn measure(
    year: &Year,
    options: &Options,
    ours: [&Loads; 2],
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    for statement in [EVENTS, SESSIONS, FILL_EVENTS, FILL_SESSIONS] {
        year.scene.execute(statement).await?;
    }
    year.scene.merge(&["peer_events", "peer_sessions"]).await?;
    year.scene.settle().await?;
    say(&format!(
        "peer      the same in rows of events and visits, in {:.0} s",
        begun.elapsed().as_secs_f64()
    ));
    let filters = ["", " AND country = 'KZ' AND device = 'Mobile'"];
    for (filter, ours) in filters.into_iter().zip(ours) {
        let panels = panels(year, filter)?;
        let (all, single) = loads(&year.scene, &panels, options.peer_loads).await?;
        let of = if filter.is_empty() { "unfiltered" } else { "filtered" };
        let target = if filter.is_empty() { 100.0 } else { 1.0 };
        say(&format!("peer      {of}, all panels at once: p50 {:.0} ms, p95 {:.0} ms", all.p50(), all.p95()));
        tally.at_least(
            &format!("all panels {of}, times faster than rows with uniq(), p50"),
            all.p50() / ours.all.p50(),
            "×",
            target,
        );
        for ((panel, times), (name, ours)) in panels.iter().zip(&single).zip(&ours.single) {
            say(&format!(
                "          {:<10} alone: p50 {:.0} ms against {:.1} ms: {:.1} ×",
                panel.name,
                times.p50(),
                ours.p50(),
                times.p50() / ours.p50()
            ));
            if !filter.is_empty() {
                let what = format!("panel '{name}' filtered, times as fast as rows with uniq(), p50");
                tally.at_least(&what, times.p50() / ours.p50(), "×", target);
            }
        }
    }
    Ok(())
}

async fn loads(scene: &Scene, panels: &[Panel], loads: usize) -> anyhow::Result<(Times, Vec<Times>)> {
    let mut all = Times::default();
    let mut single = vec![Times::default(); panels.len()];
    load(scene, panels).await?;
    for _ in 0..loads {
        all.add(load(scene, panels).await?);
        for (panel, times) in panels.iter().zip(&mut single) {
            times.add(load(scene, std::slice::from_ref(panel)).await?);
        }
    }
    Ok((all, single))
}

async fn load(scene: &Scene, panels: &[Panel]) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let statements = panels.iter().flat_map(|panel| &panel.statements);
    try_join_all(statements.map(async |sql| {
        let mut answer = scene.client.query_raw(sql).fetch_bytes("RowBinary").context("a statement")?;
        while answer.next().await?.is_some() {}
        anyhow::Ok(())
    }))
    .await?;
    Ok(begun.elapsed())
}

fn panels(year: &Year, filter: &str) -> anyhow::Result<Vec<Panel>> {
    let (first, end) = (year.first, year.first.checked_add(Span::new().days(year.days))?);
    let between = |column: &str| {
        format!(
            "site_id = 1 AND {column} >= toDateTime('{first} 00:00:00', 'UTC') AND {column} < toDateTime('{end} 00:00:00', 'UTC'){filter}"
        )
    };
    let (events, sessions) = (between("timestamp"), between("start"));
    let list = |table: &str, column: &str, rows: &str| {
        vec![format!(
            "SELECT {column}, uniq(user_id) AS visitors, count() OVER () AS total FROM {table} WHERE {rows}
             GROUP BY {column} ORDER BY visitors DESC, {column} LIMIT {SHORT_LIST}"
        )]
    };
    Ok(vec![
        Panel {
            name: "totals",
            statements: vec![
                format!("SELECT {OF_EVENTS} FROM peer_events WHERE {events}"),
                format!("SELECT {OF_SESSIONS} FROM peer_sessions WHERE {sessions}"),
            ],
        },
        Panel {
            name: "by day",
            statements: vec![
                format!(
                    "SELECT toDate(timestamp) AS d, {OF_EVENTS} FROM peer_events WHERE {events} GROUP BY d ORDER BY d"
                ),
                format!(
                    "SELECT toDate(start) AS d, {OF_SESSIONS} FROM peer_sessions WHERE {sessions} GROUP BY d ORDER BY d"
                ),
            ],
        },
        Panel {
            name: "pages",
            statements: list("peer_events", "pathname", &format!("name = 'pageview' AND {events}")),
        },
        Panel { name: "sources", statements: list("peer_sessions", "source", &sessions) },
        Panel { name: "countries", statements: list("peer_sessions", "country", &sessions) },
        Panel { name: "devices", statements: list("peer_sessions", "device", &sessions) },
    ])
}
