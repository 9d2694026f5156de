//! What one core does: collector and ClickHouse share it, the client has another; every acknowledgement is durable.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{Scene, core, ms, settle};
use crate::load::{Load, Order, per_second};
use crate::report::Report;
use crate::rig::{Between, Rig};

/// How long.
#[derive(Clone, Copy, Debug)]
pub struct Sustained {
    /// For how long.
    pub time: Duration,
    /// Connections of the client.
    pub connections: usize,
}

impl Sustained {
    /// For `make chaos`.
    pub const LONG: Self = Self { time: Duration::from_secs(60), connections: 128 };

    /// Runs it.
    ///
    /// # Errors
    /// It could not be carried out.
    pub fn run(self, scene: &Scene) -> anyhow::Result<Report> {
        let mut rig = Rig::new(&scene.program, scene.seed, Between::Nothing, Some(&core(1)))?;
        rig.installation.pin(core(1));
        let running = rig.installation.start()?;
        let order = Order { cores: Some(core(0)), ..rig.order(&running, self.connections, None) };
        let warm = Load::run(order.clone(), &rig.beacons, Duration::from_secs(3))?;
        running.delivered()?;
        let (collector, engine) = (running.watched(), rig.engine().context("ClickHouse is there")?);
        let before = (collector.times()?.total(), engine.times()?.total());
        let begun = Instant::now();
        let done = Load::run(Order { first: warm.next, ..order }, &rig.beacons, self.time)?;
        let behind = running.metrics()?.sum("sanaq_journal_rows");
        running.delivered()?;
        let all = begun.elapsed();
        let after = (collector.times()?.total(), engine.times()?.total());

        let mut report = Report::of("sustained");
        let phase = done.phases.first().context("there is a phase")?;
        let size = format!(
            "{} beacons in {:.1} s, {} connections; {behind} not delivered then",
            phase.acknowledged,
            phase.took.as_secs_f64(),
            self.connections
        );
        report.note("size", size);
        settle(&mut report, &rig, &running, &[&warm, &done])?;
        report.promise("beacons without an answer", phase.broken, "0", phase.broken == 0);
        report.speed("beacons refused", format!("{:?}", phase.refused), "none", phase.refused.is_empty());
        let rate = phase.goodput();
        report.speed("acknowledged", format!("{rate:.0}/s"), "at least 40,000/s", rate >= 40_000.0);
        let stored = per_second(phase.acknowledged, all);
        report.note(
            "acknowledged and delivered",
            format!("{stored:.0}/s until the last row was in ClickHouse"),
        );
        let each = |time: Duration| time.as_secs_f64() * 1e6 * stored.recip() / all.as_secs_f64();
        let (collector, engine) =
            (each(after.0.saturating_sub(before.0)), each(after.1.saturating_sub(before.1)));
        let both = collector + engine;
        let said = format!("{both:.1} µs (collector {collector:.1}, ClickHouse {engine:.1})");
        report.speed("processor time of a beacon", said, "at most 25 µs", both <= 25.0);
        let p99 = phase.acks.quantile(990);
        report.speed("acknowledgement p99", ms(p99), "at most 20 ms", p99 <= Duration::from_millis(20));
        let memory = running.watched().memory()?;
        report.note("memory of the collector", memory);
        Ok(report)
    }
}
