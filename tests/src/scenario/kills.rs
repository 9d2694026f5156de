//! SIGKILL of the collector at random moments under load, also while it starts. ClickHouse goes on.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Context as _;

use super::{Scene, settle};
use crate::beacons::Random;
use crate::load::Load;
use crate::program::PATIENCE;
use crate::report::Report;
use crate::rig::{Between, Rig};
use crate::wait::until;

/// How many.
#[derive(Clone, Copy, Debug)]
pub struct Kills {
    /// Kills of a collector under load.
    pub kills: u32,
    /// Acknowledged beacons.
    pub beacons: u64,
    /// Connections of the client.
    pub connections: usize,
    /// For the control: the journal is removed after each kill.
    pub without_journal: bool,
}

impl Kills {
    /// For `make chaos`.
    pub const LONG: Self = Self { kills: 200, beacons: 1_000_000, connections: 64, without_journal: false };
    /// For `make test`.
    pub const FAST: Self = Self { kills: 10, beacons: 20_000, ..Self::LONG };

    /// Runs it.
    ///
    /// # Errors
    /// It could not be carried out.
    pub fn run(self, scene: &Scene) -> anyhow::Result<Report> {
        let rig = Rig::new(&scene.program, scene.seed, Between::Nothing, None)?;
        let mut random = Random::of_seed(scene.seed);
        let mut running = rig.installation.start()?;
        let load = Load::start(rig.order(&running, self.connections, None), &rig.beacons)?;
        let share = usize::try_from(self.beacons / u64::from(self.kills))?;
        let (mut sums_hold, mut lost) = (true, 0.0);
        for kill in 1..=self.kills {
            let enough = load.acknowledged() + (share / 2 + random.below(share)) as u64;
            until("beacons are acknowledged", PATIENCE, || Ok((load.acknowledged() >= enough).then_some(())))
                .with_context(|| format!("before kill {kill}: {enough} wanted, {load}"))?;
            sums_hold &= running.metrics()?.adds_up();
            sleep(Duration::from_micros(random.below(5000) as u64));
            running.kill();
            if self.without_journal {
                std::fs::remove_dir_all(rig.installation.data().join("journal"))?;
            }
            if kill % 8 == 0 {
                // Killed again on its way up: recovery is interrupted, too.
                let starting = rig.installation.spawn()?;
                sleep(Duration::from_millis(random.below(400) as u64));
                starting.kill();
            }
            running = rig.installation.start()?;
            lost += running.metrics()?.sum("sanaq_journal_lost_rows_total");
        }
        let enough = self.beacons;
        until(
            "the rest is acknowledged",
            5 * PATIENCE,
            || Ok((load.acknowledged() >= enough).then_some(())),
        )?;
        let done = load.stop()?;

        let mut report = Report::of("kills");
        let size = format!("{} beacons, {} kills", done.acknowledged.len(), self.kills);
        report.note("size", size);
        settle(&mut report, &rig, &running, &[&done])?;
        report.promise("rows that recoveries counted as lost", lost, "0", lost == 0.0);
        let said = if sums_hold { "always" } else { "not always" };
        report.promise("outcomes add up at every scrape before a kill", said, "always", sums_hold);
        Ok(report)
    }
}
