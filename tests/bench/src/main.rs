//! `make bench`: what one acknowledged beacon costs the processor, told as a ratio to a bare hyper server in the same run.
//!
//! | module | what it owns |
//! |---|---|
//! | [`load`] | the client: 64 connections that send them and count answers |
//! | [`bare`] | the yardstick: hyper reads the body and answers 202 |
//! | [`hot_path`] | one thread that parses and admits, nothing else |
//! | [`drain`] | a backlog reaches ClickHouse while beacons go on coming |
//! | [`idle`] | memory of a connection on which nothing happens |
//! | [`journal`] | the journal alone: a sync, a start |
//! | [`aggregate`] | what a dashboard, a seal and a year of storage cost |
//! | [`report`] | what is printed |
//!
//! Prepared requests, the real binary and what `/proc` says of it are shared with other programs, in `tests/src`.

mod aggregate;
mod bare;
mod drain;
mod hot_path;
mod idle;
mod journal;
mod load;
mod report;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use end_to_end::{beacons, process, program};

use beacons::Beacons;
use process::Watched;
use program::Program;
use report::{Report, Round};

/// What a beacon costs: the real binary against a bare hyper server, in one run.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    role: Option<Role>,
    /// The binary to measure; by default the one beside this program.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Where the beacons come from: the same seed gives the same requests.
    #[arg(long, default_value_t = 20_261_122)]
    seed: u64,
    /// Alternating rounds.
    #[arg(long, default_value_t = 6)]
    rounds: u32,
    /// Seconds of one round.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Connections of the client.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of 10,000 beacons/s while memory is watched; 0 leaves it out.
    #[arg(long, default_value_t = 20)]
    memory_seconds: u64,
}

#[derive(Subcommand)]
enum Role {
    /// The bare server, as a process of its own.
    #[command(hide = true)]
    Bare,
    /// Only the hot path, in this process: for a profiler.
    HotPath {
        /// Passes over all beacons.
        #[arg(long, default_value_t = 60)]
        passes: u32,
    },
    /// Memory of a connection on which nothing happens.
    Idle {
        /// How many are opened.
        #[arg(long, default_value_t = 5_000)]
        idle: usize,
    },
    /// Only the journal: what a sync costs with space made ready, against without.
    JournalSync {
        /// On this disk.
        #[arg(long, default_value = ".")]
        directory: PathBuf,
    },
    /// Only the journal: how long a start takes.
    JournalRecovery {
        /// On this disk.
        #[arg(long, default_value = ".")]
        directory: PathBuf,
        /// MiB that the journal holds.
        #[arg(long, default_value_t = 1024)]
        mebibytes: u64,
    },
    /// Catching up with a backlog while beacons go on coming.
    Drain {
        /// Rows that gather while ClickHouse is away.
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
        /// Beacons a second all the time.
        #[arg(long, default_value_t = 2_000)]
        rate: u64,
    },
    /// Only the binary under load, for a profiler that looks at its process.
    Serve,
    /// What a dashboard costs over a year of sealed days and over an open one, against a schema that counts visitors when asked;
    /// what a seal costs, and what is stored.
    Aggregate(aggregate::Options),
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let beacons = Beacons::of_seed(options.seed);
    match options.role {
        Some(Role::Bare) => bare::run(),
        Some(Role::HotPath { passes }) => {
            let directory = tempfile::tempdir()?;
            Program::locate(options.program)?.build_country_database(directory.path())?;
            report::say(&hot_path::measure(&beacons, directory.path(), passes)?.to_string());
            Ok(())
        }
        Some(Role::Idle { idle }) => {
            let program = Program::locate(options.program)?;
            report::say(&idle::measure(&program, &beacons, idle)?.to_string());
            Ok(())
        }
        Some(Role::JournalSync { directory }) => {
            report::say(&journal::sync(&directory)?);
            Ok(())
        }
        Some(Role::JournalRecovery { directory, mebibytes }) => {
            report::say(&journal::recovery(&directory, mebibytes << 20)?);
            Ok(())
        }
        Some(Role::Drain { rows, rate }) => {
            let program = Program::locate(options.program)?;
            report::say(&drain::measure(&program, options.seed, rows, rate)?);
            Ok(())
        }
        Some(Role::Serve) => serve_only(&options, &beacons),
        Some(Role::Aggregate(ref aggregate)) => aggregate::run(aggregate, &options.program, options.seed),
        None => whole(&options, &beacons),
    }
}

fn whole(options: &Options, beacons: &Beacons) -> anyhow::Result<()> {
    let begun = Instant::now();
    let location = Program::locate(options.program.clone())?;
    let mut report = Report::begin(options.seed, beacons);

    let cores = process::Cores::split();
    let (bare, program) = cores.start(|| Ok((bare::Child::start()?, location.start(true)?)))?;
    cores.place(&[bare.watched(), program.watched()], program.engine())?;
    let time = Duration::from_secs(options.seconds);
    let warm = Duration::from_secs(2);
    load::run(bare.address(), beacons, options.connections, warm, None)?;
    load::run(program.address(), beacons, options.connections, warm, None)?;
    for _ in 0..options.rounds {
        report.bare(round(&bare.watched(), || {
            load::run(bare.address(), beacons, options.connections, time, None)
        })?);
        report.program(round(&program.watched(), || {
            load::run(program.address(), beacons, options.connections, time, None)
        })?);
        // What is still to be delivered costs too; it must not fall into nobody's account.
        let before = program.watched().times()?;
        program.delivered()?;
        report.delivered(before, program.watched().times()?);
    }
    report.engine(program.engine().map(|engine| engine.times()).transpose()?);
    report.hot_path(hot_path::measure(beacons, &program.data(), 60)?);
    program.stop()?;
    drop(bare);

    if options.memory_seconds > 0 {
        let program = cores.start(|| location.start(false))?;
        cores.place(&[program.watched()], program.engine())?;
        let idle = program.watched().memory()?;
        let time = Duration::from_secs(options.memory_seconds);
        let done = load::run(program.address(), beacons, options.connections, time, Some(10_000))?;
        report.memory(idle, program.watched().memory()?, done);
        program.stop()?;
    }
    report.end(begun.elapsed());
    Ok(())
}

fn round(of: &Watched, work: impl FnOnce() -> anyhow::Result<load::Done>) -> anyhow::Result<Round> {
    let before = of.times()?;
    let done = work()?;
    Ok(Round { times: of.times()? - before, done })
}

fn serve_only(options: &Options, beacons: &Beacons) -> anyhow::Result<()> {
    let cores = process::Cores::split();
    let location = Program::locate(options.program.clone())?;
    let program = cores.start(|| location.start(true))?;
    cores.place(&[program.watched()], program.engine())?;
    report::say(&format!("process {}", program.watched().id()));
    let time = Duration::from_secs(options.seconds * u64::from(options.rounds));
    let round =
        round(&program.watched(), || load::run(program.address(), beacons, options.connections, time, None))
            .context("under load")?;
    report::say(&round.to_string());
    program.stop()
}
