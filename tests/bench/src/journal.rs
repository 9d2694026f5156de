//! The journal alone: what a sync costs with space made ready and without, in one run; and how long a start takes with a full one.
//!
//! Both work below `directory`, on the disk that is to be measured.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use collector::journal::{Journal, JournalConfig};

/// A row as long as a usual one.
const ROW: [u8; 230] = [7; 230];
/// Rows of the benchmark are of a day to come.
const CLOSES_AT: i64 = 2_016_126_000;

/// Groups of a few rows, of some more, of many.
const GROUPS: [usize; 3] = [1, 60, 400];
const ROUNDS: usize = 6;
const GROUPS_IN_A_ROUND: usize = 1_500;

/// Median and 99th of a hundred of the time until a group is acknowledged, alternately without space made ready and with it.
pub(crate) fn sync(directory: &Path) -> anyhow::Result<String> {
    let mut lines = vec!["group  without: p50    p99    with: p50    p99  (ms)   p50 ratio".to_owned()];
    for rows in GROUPS {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            without.extend(round(directory, rows, 0)?);
            with.extend(round(directory, rows, JournalConfig::default().space_ahead)?);
        }
        let ((p50, p99), (ready_p50, ready_p99)) = (percentiles(without), percentiles(with));
        lines.push(format!(
            "{rows:5}         {p50:6.3} {p99:6.3}       {ready_p50:6.3} {ready_p99:6.3}         {:.2}",
            ready_p50 / p50
        ));
    }
    Ok(lines.join("\n"))
}

fn round(directory: &Path, rows: usize, space_ahead: u64) -> anyhow::Result<Vec<Duration>> {
    let home = tempfile::tempdir_in(directory)?;
    let config = JournalConfig { space_ahead, ..JournalConfig::default() };
    let journal = Journal::open(&home.path().join("journal"), 1, config)?;
    let mut times = Vec::with_capacity(GROUPS_IN_A_ROUND);
    for _ in 0..GROUPS_IN_A_ROUND {
        let begun = Instant::now();
        append(&journal, rows)?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Appends rows together, and waits until all are acknowledged.
fn append(journal: &Journal, rows: usize) -> anyhow::Result<()> {
    let (settled, outcomes) = mpsc::channel();
    for _ in 0..rows {
        let settled = settled.clone();
        journal.submit(&ROW, CLOSES_AT, move |outcome| {
            // Nobody hangs up before all are told.
            let _told = settled.send(outcome);
        });
    }
    for _ in 0..rows {
        outcomes.recv().context("the journal is gone")??;
    }
    Ok(())
}

fn percentiles(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1_000.0;
    (at(50), at(99))
}

/// Fills a journal with so many bytes and tells how long a start takes until it appends, once as it is (sealed segments, the last
/// left open, as after a kill) and how much memory that took.
pub(crate) fn recovery(directory: &Path, bytes: u64) -> anyhow::Result<String> {
    let home = tempfile::tempdir_in(directory)?;
    let path = home.path().join("journal");
    let journal = Journal::open(&path, 1, JournalConfig::default())?;
    let mut rows = 0;
    while journal.stats().bytes < bytes {
        append(&journal, 4_000)?;
        rows += 4_000;
    }
    // The open segment as it stands: a copy of it is put back, so that this start finds one that was left open.
    let open = std::fs::read_dir(&path)?
        .flatten()
        .find(|file| file.path().extension().is_some_and(|end| end == "open"));
    let open = open.context("there is always an open segment")?;
    let (open, content) = (open.path(), std::fs::read(open.path())?);
    journal.close();
    drop(journal);
    let stem = open.file_stem().and_then(|stem| stem.to_str()).context("a segment's name")?.to_owned();
    for file in std::fs::read_dir(&path)?.flatten() {
        let name = file.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(&stem)) {
            std::fs::remove_file(file.path())?;
        }
    }
    std::fs::write(&open, content)?;

    let begun = Instant::now();
    let journal = Journal::open(&path, 1, JournalConfig::default())?;
    let opened = begun.elapsed();
    append(&journal, 1)?;
    let ready = begun.elapsed();
    let found = journal.recovery();
    ensure!(found.rows == rows && found.lost_rows == 0, "{found:?} of {rows} rows");
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    Ok(format!(
        "{} segments, {rows} rows, {bytes} bytes: open after {:.2} s, first row acknowledged after {:.2} s; {}",
        found.segments,
        opened.as_secs_f64(),
        ready.as_secs_f64(),
        peak.split_whitespace().collect::<Vec<_>>().join(" "),
    ))
}
