//! How long an acknowledgement takes that means "on disk", at a steady rate far below the limit.

use std::time::Duration;

use super::{Scene, core, ms, settle};
use crate::load::{Load, Order};
use crate::report::Report;
use crate::rig::{Between, Rig};

/// How long, and how much.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    /// Beacons a second.
    pub rate: u64,
    /// For how long.
    pub time: Duration,
}

impl Latency {
    /// For `make chaos`.
    pub const LONG: Self = Self { rate: 10_000, time: Duration::from_secs(60) };

    /// Runs it.
    ///
    /// # Errors
    /// It could not be carried out.
    pub fn run(self, scene: &Scene) -> anyhow::Result<Report> {
        let mut rig = Rig::new(&scene.program, scene.seed, Between::Nothing, Some(&core(0)))?;
        rig.installation.pin(core(1));
        let running = rig.installation.start()?;
        let order = Order { cores: Some(core(0)), ..rig.order(&running, 64, Some(self.rate)) };
        let load = Load::start(order, &rig.beacons)?;
        std::thread::sleep(Duration::from_secs(2));
        load.next_phase();
        std::thread::sleep(self.time);
        let done = load.stop()?;

        let mut report = Report::of("latency");
        report.note("size", format!("{}/s for {} s, 64 connections", self.rate, self.time.as_secs()));
        settle(&mut report, &rig, &running, &[&done])?;
        let Some(steady) = done.phases.last() else { anyhow::bail!("a phase is missing") };
        report.speed("beacons refused", format!("{:?}", steady.refused), "none", steady.refused.is_empty());
        let (p50, p99) = (steady.acks.quantile(500), steady.acks.quantile(990));
        report.speed("acknowledgement p50", ms(p50), "at most 3 ms", p50 <= Duration::from_millis(3));
        report.speed("acknowledgement p99", ms(p99), "at most 15 ms", p99 <= Duration::from_millis(15));
        Ok(report)
    }
}
