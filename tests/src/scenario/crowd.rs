//! Thousands of connections that are silent or slow: good clients hardly notice, and each idle one costs little.

use std::thread::sleep;
use std::time::Duration;

use super::{Scene, core, ms, raise_descriptors, settle};
use crate::crowd::Crowd;
use crate::load::{Load, Order};
use crate::program::PATIENCE;
use crate::report::Report;
use crate::rig::{Between, Rig};
use crate::wait::until;

/// How many.
#[derive(Clone, Copy, Debug)]
pub struct Hostile {
    /// Connections that say nothing.
    pub silent: usize,
    /// Connections that send a byte a second.
    pub slow: usize,
    /// Beacons a second of good clients.
    pub rate: u64,
    /// How long good clients are watched, once without and once with the crowd.
    pub time: Duration,
}

impl Hostile {
    /// For `make chaos`.
    pub const LONG: Self = Self { silent: 10_000, slow: 1000, rate: 2000, time: Duration::from_secs(30) };
    /// For `make test`.
    pub const FAST: Self = Self { silent: 200, slow: 50, rate: 200, time: Duration::from_secs(3) };

    /// Runs it.
    ///
    /// # Errors
    /// It could not be carried out.
    pub fn run(self, scene: &Scene) -> anyhow::Result<Report> {
        let most = self.silent + self.slow;
        // As many again are not needed: each side has its own.
        raise_descriptors(most as u64 + 1500)?;
        let mut rig = Rig::new(&scene.program, scene.seed, Between::Nothing, Some(&core(0)))?;
        rig.installation.pin(core(1));
        rig.installation.set("SANAQ_PUBLIC_CONNECTIONS", (most + 1000).to_string());
        let running = rig.installation.start()?;
        let order = Order { cores: Some(core(0)), ..rig.order(&running, 32, Some(self.rate)) };
        let warm = Load::run(order.clone(), &rig.beacons, Duration::from_secs(1))?;
        let alone = Load::run(Order { first: warm.next, ..order.clone() }, &rig.beacons, self.time)?;

        let before = running.watched().memory()?.now;
        let crowd = Crowd::gather(running.address(), self.silent, self.slow, core(0))?;
        until("the crowd is there", PATIENCE, || Ok((crowd.connected() >= most * 99 / 100).then_some(())))?;
        sleep(Duration::from_secs(1));
        let (there, after) = (crowd.connected(), running.watched().memory()?.now);
        // On new connections: they must find their way in past the crowd.
        let among = Load::run(Order { first: alone.next, ..order }, &rig.beacons, self.time)?;
        let cut_off = crowd.cut_off();
        crowd.disperse()?;

        let mut report = Report::of("crowd");
        let size = format!(
            "{} silent, {} slow; {there} there at once, {cut_off} cut off in all",
            self.silent, self.slow
        );
        report.note("size", size);
        settle(&mut report, &rig, &running, &[&warm, &alone, &among])?;
        let (refused, served) =
            (among.sum(|phase| phase.all_refused() + phase.broken), among.acknowledged.len());
        let said = format!("{refused} of {served}");
        report.promise("good beacons refused or without an answer", said, "0", refused == 0 && served > 0);
        let p99 = |done: &crate::load::Done| {
            done.phases.first().map_or(Duration::MAX, |phase| phase.acks.quantile(990))
        };
        let (alone, among) = (p99(&alone), p99(&among));
        let said = format!("{} against {} alone", ms(among), ms(alone));
        report.speed("good clients' p99", said, "at most 2 × alone", among <= 2 * alone);
        #[allow(clippy::cast_precision_loss, reason = "a number of connections")]
        let each = (after - before) * 1024.0 / there.max(1) as f64;
        report.speed(
            "memory of an idle connection",
            format!("{each:.1} KiB"),
            "at most 16 KiB",
            each <= 16.0,
        );
        Ok(report)
    }
}
