//! The dashboard of a day that goes on: between two loads some more events come in and are counted.

use std::time::Instant;

use aggregator::History;
use end_to_end::program::Program;
use events::EventRow;
use jiff::tz::TimeZone;
use serde_json::json;
use serve::clock::Clock;

use super::Options;
use super::board::{self, Loads};
use super::scene::Ground;
use super::tally::{Tally, Times};
use crate::report::say;

/// Events that come in between two loads.
const NEWS: usize = 500;

pub(crate) async fn measure(
    options: &Options,
    program: &Program,
    seed: u64,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let ground = Ground::start(program).await?;
    let scene = ground.scene("open", 1).await?;
    let today = today(&scene.zone);
    let mut history = History::open(&scene.access).await?;
    let traffic = [scene.traffic(1, seed, options.day_events)];
    let rows: u64 =
        scene.write(&mut history, today, &traffic).await?.iter().map(|account| account.rows).sum();
    let ticker = scene.open_day();
    let begun = Instant::now();
    let steps = ticker.run_once().await?;
    say(&format!(
        "open      {rows} events of today, counted from nothing in {:.1} s ({steps} steps)",
        begun.elapsed().as_secs_f64()
    ));
    let news: Vec<EventRow> =
        scene.traffic(1, seed.wrapping_add(1), options.day_events / 10).day(today)?.rows().collect();
    let mut news = news.chunks(NEWS).cycle();
    let mut ticks = Times::default();
    for filters in [json!([]), json!([["is", "visit:country", ["KZ"]], ["is", "visit:device", ["Mobile"]]])] {
        let plain = filters == json!([]);
        let panels = board::panels("1.example", &json!("day"), "time:hour", &filters)?;
        let mut loads = Loads::of(&panels);
        for at in 0..options.loads + 3 {
            history.write(news.next().unwrap_or_default().iter().cloned()).await?;
            let begun = Instant::now();
            ticker.run_once().await?;
            ticks.add(begun.elapsed());
            if at == 3 {
                loads = Loads::of(&panels);
            }
            loads.add(&scene.answers, &panels).await?;
        }
        loads.tell(if plain { "open" } else { "filtered" });
        let what = if plain { "unfiltered" } else { "filtered" };
        tally.at_most(
            &format!("all panels of an open day with {rows} events, {what}, p95"),
            loads.all.p95(),
            "ms",
            300.0,
        );
    }
    say(&format!(
        "open      counting {NEWS} new events: p50 {:.0} ms, p95 {:.0} ms",
        ticks.p50(),
        ticks.p95()
    ));
    history.close().await?;
    ground.stop().await;
    Ok(())
}

fn today(zone: &TimeZone) -> jiff::civil::Date {
    Clock::system().now().to_zoned(zone.clone()).date()
}
