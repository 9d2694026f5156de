//! `make chaos`: what is promised, shown against the real binary while things break. The scenarios stand in `tests/src/scenario`;
//! here are the command line, the order and the table.
//!
//! A broken promise (a beacon lost, stored twice, without an answer) ends with exit code 1. A figure that misses its target is
//! said in the table, and no more: it depends on the machine. The seed decides what is sent and what breaks when; moments
//! still depend on the machine, so that a replay is the same plan, not the same microsecond.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use end_to_end::process::{Watched, machine};
use end_to_end::program::Program;
use end_to_end::report::Report;
use end_to_end::scenario::Scene;
use end_to_end::scenario::connections::Connections;
use end_to_end::scenario::crowd::Hostile;
use end_to_end::scenario::disk::{FullDisk, may_mount};
use end_to_end::scenario::faults::Faults;
use end_to_end::scenario::kills::Kills;
use end_to_end::scenario::latency::Latency;
use end_to_end::scenario::outage::Outage;
use end_to_end::scenario::overload::Overload;
use end_to_end::scenario::sustained::Sustained;
use serve::clock::Clock;

/// Accepted means stored, shown against the real binary while things break.
#[derive(Parser)]
struct Options {
    /// What to run; everything without it.
    scenarios: Vec<Name>,
    /// The binary; by default the one beside this program.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Decides what is sent and what breaks when; by default another each time.
    #[arg(long)]
    seed: Option<u64>,
    /// After so many minutes it is ended, wherever it is. The long form takes about 35.
    #[arg(long, default_value_t = 75)]
    minutes: u64,
    /// Seconds of each measured stretch, instead of those of the long form; numbers of beacons and faults shrink likewise.
    #[arg(long)]
    seconds: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    Sustained,
    Latency,
    Overload,
    Connections,
    Crowd,
    Kills,
    Faults,
    Disk,
    Outage,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let now = Clock::system().now();
    let seed = options.seed.unwrap_or_else(|| now.as_microsecond().unsigned_abs());
    let scene = Scene { program: Program::locate(options.program.clone())?, seed };
    let all =
        if options.scenarios.is_empty() { Name::value_variants() } else { options.scenarios.as_slice() };

    watch(Duration::from_secs(60 * options.minutes))?;

    say(&format!("machine   {}", machine()));
    say(&format!("date      {}", now.strftime("%Y-%m-%d %H:%M UTC")));
    say(&format!("command   {}", std::env::args().collect::<Vec<_>>().join(" ")));
    say(&format!("seed      {seed} (again with --seed {seed})"));
    if cfg!(debug_assertions) {
        say("built without optimisation: times say nothing");
    }
    say("\n| scenario | what | measured | target | verdict |\n|---|---|---|---|---|");

    let mut failed = Vec::new();
    for name in all {
        let begun = Instant::now();
        match run(*name, &scene, options.seconds) {
            Ok(None) => say(&format!("| {name:?} | | not run: file systems can't be mounted here | | |")),
            Ok(Some(mut report)) => {
                report.note("took", format!("{:.0} s", begun.elapsed().as_secs_f64()));
                say(report.to_string().trim_end());
                if !report.kept() {
                    failed.push(format!("{name:?}: {}", report.broken().join(", ")));
                }
            }
            Err(error) => {
                say(&format!("| {name:?} | | could not be carried out | | **BROKEN** |"));
                failed.push(format!("{name:?}: {error:#}"));
            }
        }
    }
    if failed.is_empty() {
        say("\nevery promise was kept");
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("\nBROKEN with seed {seed}:\n{}", failed.join("\n")));
    Ok(ExitCode::FAILURE)
}

/// One scenario, in its long form or shortened to these seconds; nothing where it can't be run.
fn run(name: Name, scene: &Scene, seconds: Option<u64>) -> anyhow::Result<Option<Report>> {
    let time = |long: Duration| seconds.map_or(long, Duration::from_secs);
    let short = seconds.is_some();
    let report = match name {
        Name::Sustained => Sustained { time: time(Sustained::LONG.time), ..Sustained::LONG }.run(scene),
        Name::Latency => Latency { time: time(Latency::LONG.time), ..Latency::LONG }.run(scene),
        Name::Overload => Overload { time: time(Overload::LONG.time), ..Overload::LONG }.run(scene),
        Name::Connections => {
            Connections { time: time(Connections::LONG.time), ..Connections::LONG }.run(scene)
        }
        Name::Crowd => Hostile { time: time(Hostile::LONG.time), ..Hostile::LONG }.run(scene),
        Name::Kills => if short { Kills::FAST } else { Kills::LONG }.run(scene),
        Name::Faults => if short { Faults::FAST } else { Faults::LONG }.run(scene),
        Name::Disk if !may_mount() => return Ok(None),
        Name::Disk => if short { FullDisk::FAST } else { FullDisk::LONG }.run(scene),
        Name::Outage => {
            let long = Outage::LONG;
            Outage { before: time(long.before), away: time(long.away), ..long }.run(scene)
        }
    };
    report.map(Some)
}

/// Ends everything after this time: a run that hangs has failed too.
fn watch(time: Duration) -> anyhow::Result<()> {
    std::thread::Builder::new().name("watch".into()).spawn(move || {
        std::thread::sleep(time);
        say("\nBROKEN: not done in time");
        for child in Watched::new(std::process::id()).children() {
            // One that is gone already needs no end.
            let _gone = child.kill();
        }
        std::process::exit(1);
    })?;
    Ok(())
}

/// Prints a line.
fn say(line: &str) {
    // Nobody is left to tell when this can't be printed.
    let _ = writeln!(std::io::stdout(), "{line}");
}
