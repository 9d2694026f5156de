//! What the aggregator costs: dashboards over a year and over an open day, a seal, a byte; and how soon a beacon is seen.
//!
//! | part | asks | section |
//! |---|---|---|
//! | `load` | one dashboard of a year, panel by panel and all at once | [`year`] |
//! | `peer` | the same in a schema with a row for each event and each visit | [`peer`] |
//! | `growth` | the same with ten times the data | [`year`] |
//! | `seal` | a day of one large site | [`sealing`] |
//! | `bytes` | what is kept of an event | [`sealing`] |
//! | `open` | one dashboard of a day that goes on | [`open_day`] |
//! | `fresh` | from the answer to a beacon to the figure on the dashboard | [`freshness`] |
//!
//! Everything runs on an embedded engine in a temporary directory, under the limit of memory that the program gives it by
//! itself. Traffic is made by `simulate` and sealed by the program's own sealer. Of a year four weeks are made and sealed; the
//! other weeks are copies of these sealed rows with their days moved, so that the whole takes minutes: every table is as large as
//! it would be, with the same values, but week 5 repeats week 1.

mod board;
mod freshness;
mod open_day;
mod peer;
mod scene;
mod sealing;
mod tally;
mod year;

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use end_to_end::process;
use end_to_end::program::Program;

use crate::report::say;
use tally::Tally;

/// What is measured, and how large.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Events of a year, on all sites together; half of them are one site's.
    #[arg(long, default_value_t = 100_000_000)]
    events: u64,
    /// Small sites that share the other half.
    #[arg(long, default_value_t = 1000)]
    small_sites: u32,
    /// Loads of a dashboard.
    #[arg(long, default_value_t = 60)]
    loads: usize,
    /// Loads of the same in the other schema: each takes seconds.
    #[arg(long, default_value_t = 7)]
    peer_loads: usize,
    /// Events of the day that is sealed.
    #[arg(long, default_value_t = 5_000_000)]
    seal_events: u64,
    /// Events of each day whose bytes are counted, and of the open day.
    #[arg(long, default_value_t = 1_000_000)]
    day_events: u64,
    /// Days whose bytes are counted.
    #[arg(long, default_value_t = 4)]
    byte_days: u16,
    /// Beacons whose way to the dashboard is timed.
    #[arg(long, default_value_t = 100)]
    beacons: usize,
    /// Only these parts; all without it.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

/// A part of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A dashboard of a year.
    Load,
    /// The same in the other schema.
    Peer,
    /// The same with ten times the data.
    Growth,
    /// A seal.
    Seal,
    /// Bytes of an event.
    Bytes,
    /// A dashboard of an open day.
    Open,
    /// From answer to figure.
    Fresh,
}

impl Options {
    fn asks(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// Measures what is asked for.
pub(crate) fn run(options: &Options, program: &Option<PathBuf>, seed: u64) -> anyhow::Result<()> {
    let begun = Instant::now();
    let program = Program::locate(program.clone())?;
    say(&format!("machine   {}", process::machine()));
    say(&format!("command   {}", std::env::args().collect::<Vec<_>>().join(" ")));
    say(&format!("seed      {seed}"));
    if cfg!(debug_assertions) {
        say("built without optimisation: the statements run in ClickHouse, which is; the rest says nothing");
    }
    let mut tally = Tally::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if [Part::Load, Part::Peer, Part::Growth].into_iter().any(|part| options.asks(part)) {
            year::measure(options, &program, seed, &mut tally).await?;
        }
        if options.asks(Part::Seal) {
            sealing::measure_day(options, &program, seed, &mut tally).await?;
        }
        if options.asks(Part::Bytes) {
            sealing::measure_bytes(options, &program, seed, &mut tally).await?;
        }
        if options.asks(Part::Open) {
            open_day::measure(options, &program, seed, &mut tally).await?;
        }
        anyhow::Ok(())
    })?;
    drop(runtime);
    if options.asks(Part::Fresh) {
        freshness::measure(options, &program, &mut tally)?;
    }
    tally.end();
    say(&format!("took      {:.0} s", begun.elapsed().as_secs_f64()));
    Ok(())
}
