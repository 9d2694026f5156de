//! Five times what can be done is offered: what can be done is done, and the rest is refused quickly.
//!
//! The peak is measured first, by a client that sends when it is answered. Then the same client is due five times as many
//! requests on more connections than there are permits for. Each connection carries one request at a time, so that what the
//! machine can't even refuse stays on the client's side; what was really sent is told.

use std::time::Duration;

use super::{Scene, core, ms, raise_descriptors, settle};
use crate::load::{Load, Order};
use crate::report::Report;
use crate::rig::{Between, Rig};

/// How long.
#[derive(Clone, Copy, Debug)]
pub struct Overload {
    /// For how long, once for the peak and once for the overload.
    pub time: Duration,
    /// Connections that find the peak.
    pub peak: usize,
    /// Connections that bring too much.
    pub connections: usize,
}

impl Overload {
    /// For `make chaos`.
    pub const LONG: Self = Self { time: Duration::from_secs(30), peak: 128, connections: 6000 };

    /// Runs it.
    ///
    /// # Errors
    /// It could not be carried out.
    pub fn run(self, scene: &Scene) -> anyhow::Result<Report> {
        raise_descriptors(self.connections as u64 + 1500)?;
        let mut rig = Rig::new(&scene.program, scene.seed, Between::Nothing, Some(&core(0)))?;
        rig.installation.pin(core(1));
        let running = rig.installation.start()?;
        let order = Order { cores: Some(core(0)), ..rig.order(&running, self.peak, None) };
        let warm = Load::run(order.clone(), &rig.beacons, Duration::from_secs(2))?;
        let calm = Load::run(Order { first: warm.next, ..order.clone() }, &rig.beacons, self.time)?;
        let peak = calm.phases.first().map_or(0.0, |phase| phase.goodput());
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate, to be multiplied"
        )]
        let rate = (peak * 5.0).max(1.0) as u64;
        let too_much = Order { first: calm.next, connections: self.connections, rate: Some(rate), ..order };
        let storm = Load::run(too_much, &rig.beacons, self.time)?;
        let memory = running.watched().memory()?;

        let mut report = Report::of("overload");
        let Some(phase) = storm.phases.first() else { anyhow::bail!("there is a phase") };
        let size = format!(
            "peak {peak:.0}/s on {} connections; then {rate}/s due on {}: {:.0}/s sent, {:.0}/s acknowledged, refused {:?}",
            self.peak,
            self.connections,
            phase.offered(),
            phase.goodput(),
            phase.refused
        );
        report.note("size", size);
        report.note(
            "acknowledgement at the peak",
            calm.phases.first().map_or_else(String::new, |phase| phase.acks.to_string()),
        );
        report.note("acknowledgement under overload, from when it was due", &phase.acks);
        settle(&mut report, &rig, &running, &[&warm, &calm, &storm])?;
        report.promise("beacons without an answer", phase.broken, "0", phase.broken == 0);
        let share = phase.goodput() / peak.max(1.0) * 100.0;
        report.speed("goodput", format!("{share:.0} % of the peak"), "at least 90 %", share >= 90.0);
        let p99 = phase.refusals.quantile(990);
        // Without refusals the target is met, and says nothing.
        let said = match phase.all_refused() {
            0 => "none was refused: all waited for their turn".to_owned(),
            refused => format!("{} ({refused} refusals)", ms(p99)),
        };
        report.speed("refusals p99", said, "at most 50 ms", p99 <= Duration::from_millis(50));
        let said = format!("{memory}");
        report.speed("resident memory of the collector", said, "at most 256 MiB", memory.peak <= 256.0);
        Ok(report)
    }
}
