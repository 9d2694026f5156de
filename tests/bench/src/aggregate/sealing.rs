//! What a seal costs, and how many bytes are kept of an event.

use std::time::Instant;

use aggregator::History;
use clickhouse::Row;
use end_to_end::process::Watched;
use end_to_end::program::Program;
use jiff::Span;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serve::clock::Clock;

use super::Options;
use super::scene::Ground;
use super::tally::Tally;
use crate::report::say;

/// A day of one site with so many events, in an engine that has done nothing else.
pub(crate) async fn measure_day(
    options: &Options,
    program: &Program,
    seed: u64,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let ground = Ground::start(program).await?;
    let scene = ground.scene("seal", 1).await?;
    // A Friday is a little above the mean.
    let date = past(&scene.zone, Weekday::Friday)?;
    let mut history = History::open(&scene.access).await?;
    let traffic = [scene.traffic(1, seed, options.seal_events)];
    let rows = scene.write(&mut history, date, &traffic).await?.iter().map(|account| account.rows).sum();
    scene.settle().await?;
    let process = ground.process()?;
    let before = process.memory()?;
    // What the INSERTs took at most is not the seal's.
    let apart = forget_peak(process);
    let begun = Instant::now();
    scene.seal(date, rows).await?;
    let (took, after) = (begun.elapsed(), process.memory()?);
    history.close().await?;
    say(&format!(
        "seal      {rows} events of one site and day: {:.1} s; engine before {before}, after {after}{}",
        took.as_secs_f64(),
        if apart { "" } else { " (the peak includes the INSERTs before)" }
    ));
    tally.at_most(
        "seconds to seal a day of one site",
        took.as_secs_f64() * 5e6 / as_f64(rows),
        "s for 5,000,000 events",
        30.0,
    );
    tally.at_most("peak memory of the engine meanwhile", after.peak, "MiB", 2048.0);
    ground.stop().await;
    Ok(())
}

#[derive(Row, Deserialize)]
struct Kept {
    table: String,
    rows: u64,
    bytes: u64,
}

/// Days of one site: Thursday, a strong day, to Sunday, a weak one.
pub(crate) async fn measure_bytes(
    options: &Options,
    program: &Program,
    seed: u64,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let ground = Ground::start(program).await?;
    let scene = ground.scene("bytes", 1).await?;
    let first = past(&scene.zone, Weekday::Thursday)?;
    let mut history = History::open(&scene.access).await?;
    let traffic = [scene.traffic(1, seed, options.day_events)];
    let mut events = 0;
    for day in 0..options.byte_days {
        let date = first.checked_add(Span::new().days(day))?;
        let rows = scene.write(&mut history, date, &traffic).await?.iter().map(|account| account.rows).sum();
        scene.seal(date, rows).await?;
        events += rows;
    }
    history.close().await?;
    // As a month is when it is over.
    let tables: Vec<String> = scene
        .rows(
            "SELECT table FROM system.parts WHERE database = currentDatabase() AND active
             AND (table IN ('visits', 'hits') OR startsWith(table, 'stats_')) GROUP BY table ORDER BY table",
        )
        .await?;
    scene.merge(&tables.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    scene.settle().await?;
    let kept: Vec<Kept> = scene
        .rows(
            "SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes FROM system.parts
             WHERE database = currentDatabase() AND active
             AND (table IN ('visits', 'hits') OR startsWith(table, 'stats_')) GROUP BY table ORDER BY table",
        )
        .await?;
    let (mut statistics, mut detail) = (0, 0);
    for Kept { table, rows, bytes } in &kept {
        say(&format!(
            "bytes     {table:<14} {rows:>9} rows, {:.3} B an event of {events}",
            as_f64(*bytes) / as_f64(events)
        ));
        *(if table.starts_with("stats_") { &mut statistics } else { &mut detail }) += bytes;
    }
    let each = |bytes: u64| as_f64(bytes) / as_f64(events);
    tally.at_most("kept of an event, statistics", each(statistics), "B", 1.0);
    tally.at_most("kept of an event, statistics and detail", each(statistics + detail), "B", 8.0);
    ground.stop().await;
    Ok(())
}

/// The last such day that is two weeks back or more.
fn past(zone: &TimeZone, weekday: Weekday) -> anyhow::Result<Date> {
    let date = Clock::system().now().to_zoned(zone.clone()).date().checked_sub(Span::new().weeks(2))?;
    Ok(date.nth_weekday(-1, weekday)?)
}

/// Lets the kernel begin its peak anew; whether it did.
fn forget_peak(process: Watched) -> bool {
    std::fs::write(format!("/proc/{}/clear_refs", process.id()), "5").is_ok()
}

pub(crate) fn as_f64(count: u64) -> f64 {
    // Counts of events are far below 2^53.
    #[allow(clippy::cast_precision_loss, reason = "below 2^53")]
    let figure = count as f64;
    figure
}
