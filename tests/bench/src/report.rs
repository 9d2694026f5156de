//! What is printed: machine, command and seed first, then the figures against their targets.

use std::fmt;
use std::io::Write as _;
use std::time::Duration;

use crate::beacons::Beacons;
use crate::hot_path::HotPath;
use crate::load::Done;
use crate::process::{self, Memory, Times};

/// Most that a beacon may cost, in costs of an answer of the bare server.
const MOST_RATIO: f64 = 1.6;
/// Most that one `admit` may take.
const MOST_ADMIT_NS: u128 = 4000;
/// Most memory in MiB.
const MOST_MEMORY_MIB: f64 = 64.0;

/// One round under load.
pub(crate) struct Round {
    /// Processor time of the server.
    pub(crate) times: Times,
    /// What the client saw.
    pub(crate) done: Done,
}

impl Round {
    /// Processor time per answer.
    fn cost(&self) -> f64 {
        micros(self.times.total(), self.done.answers)
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { times, done } = self;
        write!(
            f,
            "{:6.2} µs each (user {:.2}, kernel {:.2}), {:6.0}/s, p50 {:.2} ms, p99 {:.2} ms",
            self.cost(),
            micros(times.user, done.answers),
            micros(times.system, done.answers),
            done.rate(),
            done.quantile(500).as_secs_f64() * 1e3,
            done.quantile(990).as_secs_f64() * 1e3,
        )
    }
}

/// Collects the figures and prints them as they come.
pub(crate) struct Report {
    bare: Vec<Round>,
    program: Vec<Round>,
    delivery: Times,
    missed: Vec<&'static str>,
}

impl Report {
    /// Tells the machine, the command and the seed.
    pub(crate) fn begin(seed: u64, beacons: &Beacons) -> Self {
        say(&format!("machine   {}", process::machine()));
        say(&format!("command   {}", std::env::args().collect::<Vec<_>>().join(" ")));
        say(&format!(
            "seed      {seed}: {} requests, bodies of {} bytes in the mean",
            beacons.all.len(),
            beacons.mean_body_bytes()
        ));
        if cfg!(debug_assertions) {
            say("built without optimisation: these figures say nothing");
        }
        Self { bare: Vec::new(), program: Vec::new(), delivery: Times::default(), missed: Vec::new() }
    }

    /// A round of the bare server.
    pub(crate) fn bare(&mut self, round: Round) {
        say(&format!("bare      {round}"));
        self.bare.push(round);
    }

    /// A round of the real binary.
    pub(crate) fn program(&mut self, round: Round) {
        say(&format!("sanaq     {round}"));
        self.program.push(round);
    }

    /// What it cost to deliver the rest of a round.
    pub(crate) fn delivered(&mut self, before: Times, after: Times) {
        self.delivery = self.delivery + (after - before);
    }

    /// What the engine has cost since it started.
    pub(crate) fn engine(&self, times: Option<Times>) {
        let answers: u64 = self.program.iter().map(|round| round.done.answers).sum();
        if let Some(times) = times {
            say(&format!(
                "engine    {:6.2} µs per beacon, start and warm-up included",
                micros(times.total(), answers)
            ));
        }
    }

    /// The hot path alone.
    pub(crate) fn hot_path(&mut self, hot_path: HotPath) {
        say(&format!("hot path  {hot_path}"));
        self.judge("admit", hot_path.admit_ns() <= MOST_ADMIT_NS);
    }

    /// Memory under a steady load.
    pub(crate) fn memory(&mut self, idle: Memory, loaded: Memory, done: Done) {
        say(&format!(
            "memory    idle {idle}; after {:.0}/s for {:.0} s {loaded}",
            done.rate(),
            done.took.as_secs_f64()
        ));
        self.judge("memory", loaded.peak <= MOST_MEMORY_MIB);
    }

    /// The ratio, and which targets were missed.
    pub(crate) fn end(mut self, took: Duration) {
        // Of rounds that followed each other: the machine's own speed changes from minute to minute.
        let pairs = self.bare.iter().zip(&self.program);
        let ratio = median(pairs.map(|(bare, program)| program.cost() / bare.cost()).collect());
        let bare = median(self.bare.iter().map(Round::cost).collect());
        let program = median(self.program.iter().map(Round::cost).collect());
        let answers: u64 = self.program.iter().map(|round| round.done.answers).sum();
        let rest = micros(self.delivery.total(), answers);
        say(&format!(
            "ratio     {ratio:.2} (median of {} pairs; medians {program:.2} µs and {bare:.2} µs; what was delivered after the rounds adds {rest:.2} µs)",
            self.bare.len()
        ));
        self.judge("ratio", ratio <= MOST_RATIO);
        say(&format!(
            "targets   ratio {MOST_RATIO}, admit {MOST_ADMIT_NS} ns, memory {MOST_MEMORY_MIB} MiB; missed: {}",
            if self.missed.is_empty() { "none".to_owned() } else { self.missed.join(", ") }
        ));
        say(&format!("took      {:.0} s", took.as_secs_f64()));
    }

    fn judge(&mut self, what: &'static str, met: bool) {
        if !met {
            self.missed.push(what);
        }
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn micros(time: Duration, answers: u64) -> f64 {
    time.as_secs_f64() * 1e6 / f64::from(u32::try_from(answers.max(1)).unwrap_or(u32::MAX))
}

/// Prints a line.
pub(crate) fn say(line: &str) {
    // Nobody is left to tell when this can't be printed.
    let _ = writeln!(std::io::stdout(), "{line}");
}
