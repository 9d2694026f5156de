//! Collector and ClickHouse are killed, connections cut, INSERTs refused, cut short, stalled, delayed past their retry, repeated, and
//! answers lost, in an order that the seed decides, all under load.

use std::thread::sleep;
use std::time::Duration;

use super::{Scene, settle};
use crate::beacons::Random;
use crate::load::Load;
use crate::program::{PATIENCE, Running};
use crate::proxy::{Fault, Proxy};
use crate::report::Report;
use crate::rig::{Between, Rig};
use crate::wait::until;

/// How many.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// Faults in all.
    pub faults: usize,
    /// Beacons a second.
    pub rate: u64,
    /// At the end one answer is kept back for so long that the collector gives up by itself.
    pub longest_stall: Option<Duration>,
    /// For the control: the proxy gives each retry a new token.
    pub with_new_tokens: bool,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    KillCollector,
    KillEngine,
    Cut,
    Insert(Fault),
    /// The worst of both: stored, nobody knows, and who would have known is gone.
    InsertAndKill(Fault),
}

const KINDS: [Kind; 10] = [
    Kind::Insert(Fault::SwallowReply),
    Kind::Insert(Fault::Late(Duration::from_millis(700))),
    Kind::KillCollector,
    Kind::Insert(Fault::CutBody),
    Kind::Insert(Fault::Stall(Duration::from_secs(1))),
    Kind::KillEngine,
    Kind::Cut,
    Kind::Insert(Fault::Refuse),
    Kind::Insert(Fault::Repeat),
    Kind::InsertAndKill(Fault::SwallowReply),
];

impl Faults {
    /// For `make chaos`.
    pub const LONG: Self = Self {
        faults: 120,
        rate: 2000,
        longest_stall: Some(Duration::from_secs(40)),
        with_new_tokens: false,
    };
    /// For `make test`.
    pub const FAST: Self = Self { faults: 12, rate: 500, longest_stall: None, ..Self::LONG };

    /// Runs it.
    ///
    /// # Errors
    /// It could not be carried out.
    pub fn run(self, scene: &Scene) -> anyhow::Result<Report> {
        let rig = Rig::new(&scene.program, scene.seed, Between::Proxy, None)?;
        let mut random = Random::of_seed(scene.seed);
        let mut running = rig.installation.start()?;
        if self.with_new_tokens {
            rig.proxy()?.lie();
        }
        let load = Load::start(rig.order(&running, 32, Some(self.rate)), &rig.beacons)?;
        let (mut order, mut sums_hold) = (Vec::new(), true);
        for _ in 0..self.faults {
            if order.is_empty() {
                order.extend(KINDS);
            }
            let kind = order.swap_remove(random.below(order.len()));
            running = strike(kind, &rig, running)?;
            sums_hold &= running.metrics()?.adds_up();
            sleep(Duration::from_millis(random.below(300) as u64));
        }
        until("ClickHouse is up", PATIENCE, || Ok(rig.engine_is_up().then_some(())))?;
        if let Some(time) = self.longest_stall {
            meet(rig.proxy()?, Fault::Stall(time))?;
            let before = rig.proxy()?.retries();
            until("the collector gives up and tries again", PATIENCE, || {
                Ok((rig.proxy()?.retries() > before).then_some(()))
            })?;
        }
        let done = load.stop()?;

        let mut report = Report::of("faults");
        report.note("size", format!("{} beacons, {} faults", done.acknowledged.len(), self.faults));
        settle(&mut report, &rig, &running, &[&done])?;
        let (base, mut views) = (rig.stored()?.len() as u64, 0);
        // Visits are reckoned a moment after their events. Whether they come out right is said below.
        let _late = until("visits are reckoned", PATIENCE, || {
            views = rig.views_of_visits(&running)?;
            Ok((views >= base).then_some(()))
        });
        let said = format!("{views} of {base}");
        report.promise("views of all visits are the rows of events", said, "equal", views == base);
        let said = if sums_hold { "always" } else { "not always" };
        report.promise("outcomes add up after every fault", said, "always", sums_hold);
        let (retries, altered) = (rig.proxy()?.retries(), rig.proxy()?.altered());
        let said = format!("{altered} of {retries}");
        report.promise("retries with other bytes under the same token", said, "0", altered == 0);
        Ok(report)
    }
}

/// Lets one fault happen; the collector that runs afterwards.
fn strike(kind: Kind, rig: &Rig, running: Running) -> anyhow::Result<Running> {
    let proxy = rig.proxy()?;
    match kind {
        Kind::KillCollector => return kill(rig, running),
        Kind::KillEngine => {
            until("ClickHouse is up", PATIENCE, || Ok(rig.engine_is_up().then_some(())))?;
            rig.kill_engine()?;
        }
        Kind::Cut => proxy.cut(),
        Kind::Insert(fault) => meet(proxy, fault)?,
        Kind::InsertAndKill(fault) => {
            meet(proxy, fault)?;
            return kill(rig, running);
        }
    }
    Ok(running)
}

fn kill(rig: &Rig, running: Running) -> anyhow::Result<Running> {
    running.kill();
    rig.installation.start_again_and_again()
}

/// Waits until an INSERT has met this fault.
fn meet(proxy: &Proxy, fault: Fault) -> anyhow::Result<()> {
    let before = proxy.applied();
    proxy.arm(fault);
    until("a batch meets the fault", PATIENCE, || Ok((proxy.applied() > before).then_some(())))
}
