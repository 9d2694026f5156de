//! ClickHouse goes away while beacons come at a steady rate, and comes back.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{DELIVERY, Scene, ms, settle};
use crate::load::Load;
use crate::report::Report;
use crate::rig::{Between, Rig};
use crate::wait::until;

/// How long, and how much.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    /// Beacons a second.
    pub rate: u64,
    /// How long everything is well before, for comparison.
    pub before: Duration,
    /// How long ClickHouse is away.
    pub away: Duration,
}

impl Outage {
    /// For `make chaos`.
    pub const LONG: Self =
        Self { rate: 2000, before: Duration::from_secs(60), away: Duration::from_secs(600) };
    /// For `make test`.
    pub const FAST: Self = Self { rate: 500, before: Duration::from_secs(2), away: Duration::from_secs(10) };

    /// Runs it.
    ///
    /// # Errors
    /// It could not be carried out.
    pub fn run(self, scene: &Scene) -> anyhow::Result<Report> {
        let rig = Rig::new(&scene.program, scene.seed, Between::Proxy, None)?;
        let running = rig.installation.start()?;
        let load = Load::start(rig.order(&running, 32, Some(self.rate)), &rig.beacons)?;
        sleep(Duration::from_secs(1));
        load.next_phase();
        sleep(self.before);
        load.next_phase();
        rig.proxy()?.close();
        sleep(self.away);
        load.next_phase();
        let waiting = || -> anyhow::Result<f64> { Ok(running.metrics()?.sum("sanaq_journal_rows")) };
        let delivered = || -> anyhow::Result<f64> { Ok(running.metrics()?.sum("sanaq_delivery_rows_total")) };
        let (backlog, already) = (waiting()?, delivered()?);
        rig.proxy()?.open();
        let begun = Instant::now();
        // What two seconds bring is the ordinary state.
        #[allow(clippy::cast_precision_loss, reason = "a rate is a small number")]
        let ordinary = (2 * self.rate) as f64;
        until("the backlog is gone", DELIVERY, || Ok((waiting()? <= ordinary).then_some(())))?;
        let (took, caught_up) = (begun.elapsed(), delivered()? - already);
        load.next_phase();
        sleep(Duration::from_secs(1));
        let done = load.stop()?;

        let mut report = Report::of("outage");
        let size = format!(
            "{} beacons at {}/s, away for {} s, {backlog} waiting then",
            done.acknowledged.len(),
            self.rate,
            self.away.as_secs()
        );
        report.note("size", size);
        settle(&mut report, &rig, &running, &[&done])?;
        let refused = done.sum(|phase| phase.all_refused() + phase.broken);
        report.promise("beacons refused or without an answer", refused, "0", refused == 0);
        let [_, before, away, drain, ..] = done.phases.as_slice() else {
            anyhow::bail!("a phase is missing")
        };
        let normal = before.acks.quantile(990);
        report.note("acknowledgement before", &before.acks);
        for (what, phase) in [("acknowledgement p99 while away", away), ("the same while catching up", drain)]
        {
            let p99 = phase.acks.quantile(990);
            report.speed(what, ms(p99), "at most 2 × that before", p99 <= 2 * normal);
        }
        let rate = caught_up / took.as_secs_f64();
        let times = rate / (ordinary / 2.0);
        let said = format!(
            "{rate:.0}/s, {times:.0} × ({:.1} s, the pause before the last try included)",
            took.as_secs_f64()
        );
        report.speed("catching up", said, "at least 10 × the live rate", times >= 10.0);
        Ok(report)
    }
}
