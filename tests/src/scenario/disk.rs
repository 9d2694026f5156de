//! The journal's disk is full: beacons are refused at once, nothing acknowledged is lost, and it goes on by itself when there is
//! room again. The disk is a small `tmpfs` that is mounted where the journal is. ClickHouse is away meanwhile, because each
//! delivered segment would make room.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::{Scene, ms, settle};
use crate::load::Load;
use crate::program::PATIENCE;
use crate::report::Report;
use crate::rig::{Between, Rig};
use crate::wait::until;

/// How often.
#[derive(Clone, Copy, Debug)]
pub struct FullDisk {
    /// How often the disk is full.
    pub times: u32,
    /// Beacons a second.
    pub rate: u64,
}

impl FullDisk {
    /// For `make chaos`.
    pub const LONG: Self = Self { times: 10, rate: 2000 };
    /// For `make test`.
    pub const FAST: Self = Self { times: 2, rate: 500 };

    /// Runs it.
    ///
    /// # Errors
    /// It could not be carried out; [`may_mount`] says whether it can.
    pub fn run(self, scene: &Scene) -> anyhow::Result<Report> {
        let rig = Rig::new(&scene.program, scene.seed, Between::Proxy, None)?;
        let journal = rig.installation.data().join("journal");
        let disk = Mount::new(journal.clone())?;
        let running = rig.installation.start()?;
        let load = Load::start(rig.order(&running, 16, Some(self.rate)), &rig.beacons)?;
        let more = |than: u64, of: fn(&Load) -> u64, load: &Load| (of(load) > than).then_some(());
        let (mut slowest_back, mut still_taken) = (Duration::ZERO, 0);
        for _ in 0..self.times {
            let before = load.acknowledged();
            until("beacons are taken", PATIENCE, || Ok(more(before + self.rate, Load::acknowledged, &load)))?;
            rig.proxy()?.close();
            let filler = fill(&journal)?;
            let (refused, before) = (load.refused(), load.acknowledged());
            until("beacons are refused", PATIENCE, || Ok(more(refused, Load::refused, &load)))?;
            still_taken = still_taken.max(load.acknowledged() - before);
            until("they go on being", PATIENCE, || Ok(more(refused + self.rate, Load::refused, &load)))?;
            fs::remove_file(filler)?;
            let (begun, before) = (Instant::now(), load.acknowledged());
            until("beacons are taken again", PATIENCE, || Ok(more(before, Load::acknowledged, &load)))?;
            slowest_back = slowest_back.max(begun.elapsed());
            rig.proxy()?.open();
        }
        let before = load.acknowledged();
        until("beacons are taken", PATIENCE, || Ok(more(before + self.rate, Load::acknowledged, &load)))?;
        let done = load.stop()?;

        let mut report = Report::of("disk");
        let refused = done.sum(|phase| phase.all_refused());
        let size =
            format!("full {} times, {} acknowledged, {refused} refused", self.times, done.acknowledged.len());
        report.note("size", size);
        settle(&mut report, &rig, &running, &[&done])?;
        let broken = done.sum(|phase| phase.broken);
        let other = done
            .sum(|phase| phase.refused.iter().filter(|(status, _)| **status != 503).map(|(_, n)| n).sum());
        let said = format!("{broken}, {other}");
        report.promise(
            "beacons without an answer, with another than 202 or 503",
            said,
            "0, 0",
            broken == 0 && other == 0,
        );
        report.note("most still taken when it was full, on the last page", still_taken);
        report.note("slowest return after there was room", ms(slowest_back));
        running.stop()?;
        drop(disk);
        Ok(report)
    }
}

/// Takes what room there is.
fn fill(folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join("filler");
    let mut file = File::create(&path)?;
    for piece in [64 * 1024, 4096, 512] {
        let zeros = vec![0; piece];
        while file.write_all(&zeros).is_ok() {}
    }
    Ok(path)
}

/// Whether a file system can be mounted here.
#[must_use]
pub fn may_mount() -> bool {
    tempfile::tempdir().is_ok_and(|folder| Mount::new(folder.path().join("try")).is_ok())
}

/// A mounted `tmpfs`.
struct Mount(PathBuf);

impl Mount {
    fn new(folder: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&folder)?;
        let options = ["-t", "tmpfs", "-o", "size=32m,mode=0700", "sanaq-journal"];
        let output = Command::new("mount").args(options).arg(&folder).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(Self(folder))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily, should a process that an error left behind still use it.
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}
