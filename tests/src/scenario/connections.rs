//! Thousands of connections that all send as fast as they are answered: each beacon has an answer, and it is true.

use std::time::Duration;

use super::{Scene, raise_descriptors, settle};
use crate::load::Load;
use crate::report::Report;
use crate::rig::{Between, Rig};

/// How many.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// Connections at once.
    pub connections: usize,
    /// For how long.
    pub time: Duration,
}

impl Connections {
    /// For `make chaos`.
    pub const LONG: Self = Self { connections: 4000, time: Duration::from_secs(30) };
    /// For `make test`.
    pub const FAST: Self = Self { connections: 200, time: Duration::from_secs(3) };

    /// Runs it.
    ///
    /// # Errors
    /// It could not be carried out.
    pub fn run(self, scene: &Scene) -> anyhow::Result<Report> {
        raise_descriptors(self.connections as u64 + 1500)?;
        let rig = Rig::new(&scene.program, scene.seed, Between::Nothing, None)?;
        let running = rig.installation.start()?;
        let done = Load::run(rig.order(&running, self.connections, None), &rig.beacons, self.time)?;

        let mut report = Report::of("connections");
        let [phase] = done.phases.as_slice() else { anyhow::bail!("there is one phase") };
        let size = format!(
            "{} connections, {:.0} acknowledged a second, refused {:?}",
            self.connections,
            phase.goodput(),
            phase.refused
        );
        report.note("size", size);
        report.note("acknowledgement", &phase.acks);
        settle(&mut report, &rig, &running, &[&done])?;
        report.promise("beacons without an answer", phase.broken, "0", phase.broken == 0);
        Ok(report)
    }
}
