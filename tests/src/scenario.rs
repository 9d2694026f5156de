//! What is promised, shown against the real binary while something breaks. Each scenario has a fast form for `make test` and a long
//! one for `make chaos`; they differ in size and in whether times are judged, in nothing else.
//!
//! | module | what it shows |
//! |---|---|
//! | [`kills`] | SIGKILL of the collector at random moments loses nothing that was acknowledged |
//! | [`faults`] | nothing is stored twice, whatever breaks between collector and ClickHouse |
//! | [`outage`] | ClickHouse may be away: beacons are taken as before, and caught up with afterwards |
//! | [`overload`] | more than can be done is refused quickly, and what can be done still is |
//! | [`latency`] | how long an acknowledgement takes that means "on disk" |
//! | [`crowd`] | thousands of silent and slow connections don't harm the others |
//! | [`sustained`] | what one core does, collector and ClickHouse together |
//! | [`connections`] | with thousands of connections each beacon has an answer, and it is true |
//! | [`disk`] | a full disk is said, and passes without loss |

pub mod connections;
pub mod crowd;
pub mod disk;
pub mod faults;
pub mod kills;
pub mod latency;
pub mod outage;
pub mod overload;
pub mod sustained;

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::CpuSet;

use crate::load::Done;
use crate::program::{Program, Running};
use crate::report::Report;
use crate::rig::Rig;

/// What every scenario is given.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The binary.
    pub program: Program,
    /// Decides what is sent and what breaks when.
    pub seed: u64,
}

/// Longest wait for the journal to become empty at the end of a scenario.
const DELIVERY: Duration = Duration::from_secs(180);

/// The end of most scenarios: everything acknowledged is delivered, and there once. Of these clients nothing was said to be
/// dropped, and the collector's own counts add up.
fn settle(report: &mut Report, rig: &Rig, running: &Running, done: &[&Done]) -> anyhow::Result<()> {
    running.delivered_within(DELIVERY)?;
    let account = rig.account(done)?;
    report.promise("acknowledged and stored", &account, "0 lost, 0 twice", account.balances());
    let metrics = running.metrics()?;
    let counted =
        ["sanaq_journal_lost_rows_total", "sanaq_journal_parked_rows"].map(|name| metrics.sum(name));
    let dropped: u64 = done.iter().map(|done| done.sum(|phase| phase.dropped)).sum();
    let clean = counted == [0.0, 0.0] && dropped == 0;
    let said = format!("{}, {}, {dropped}", counted[0], counted[1]);
    report.promise("rows counted as lost, parked, dropped", said, "0, 0, 0", clean);
    let adds_up = metrics.adds_up();
    let said = if adds_up { "adds up" } else { "does not add up" };
    report.promise("received = stored + dropped + refused + in flight", said, "adds up", adds_up);
    Ok(())
}

/// Milliseconds, for a table.
fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// The core of this number alone. With a single core everybody shares it.
#[must_use]
pub fn core(number: usize) -> CpuSet {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut set = CpuSet::new();
    set.set(number % cores);
    set
}

/// Lets this process and its children have so many files open.
fn raise_descriptors(wanted: u64) -> anyhow::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let enough = maximum.is_none_or(|maximum| maximum >= wanted);
    let maximum = if enough { maximum } else { Some(wanted) };
    // Beyond the maximum only root may go.
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?)
}
