//! The journal against a plain vector, on a disk that fails and loses power.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::model::{Call, ModelDisk};
use super::*;

mod damage;
mod division;
mod look;
mod power;
mod rules;

const SMALL: JournalConfig =
    JournalConfig { max_bytes: 1 << 20, segment_bytes: 700, segment_rows: 8, space_ahead: 320 };
const DAY: i64 = 86_400;

/// A journal whose thread is the test.
struct Bench {
    disk: ModelDisk,
    /// Delivered, but the removal failed: only the removal is tried again.
    to_remove: Option<u128>,
    journal: Option<(Journal, Writer)>,
    config: JournalConfig,
    sealed_days: SealedDays,
    /// A positive control.
    acknowledges_early: bool,
}

impl Bench {
    fn new(disk: ModelDisk, config: JournalConfig) -> Self {
        let mut bench = Self {
            disk,
            to_remove: None,
            journal: None,
            config,
            sealed_days: SealedDays::default(),
            acknowledges_early: false,
        };
        bench.open();
        bench
    }

    /// Opens the journal; on a disk that fails this may take several starts.
    fn open(&mut self) {
        let disk = Arc::new(self.disk.clone());
        self.journal = Journal::on(disk, 7, self.config, self.sealed_days.clone()).ok();
        if let Some((_, writer)) = &mut self.journal {
            writer.acknowledges_early = self.acknowledges_early;
        }
    }

    fn journal(&self) -> &Journal {
        &self.journal.as_ref().unwrap().0
    }

    /// Does all work that waits.
    fn pump(&mut self) {
        let Some((journal, writer)) = &mut self.journal else { return };
        while let Some(work) = journal.shared.poll() {
            if writer.work(work) {
                return;
            }
        }
    }

    fn submit(&self, text: &str, closes_at: i64) -> Arc<AtomicBool> {
        let acknowledged = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&acknowledged);
        if let Some((journal, _)) = &self.journal {
            journal.submit(text.as_bytes(), closes_at, move |result| {
                seen.store(result.is_ok(), Ordering::SeqCst)
            });
        }
        acknowledged
    }

    /// Appends one row and commits it.
    fn append(&mut self, text: &str, closes_at: i64) -> bool {
        let acknowledged = self.submit(text, closes_at);
        self.pump();
        acknowledged.load(Ordering::SeqCst)
    }

    fn seal(&mut self) {
        if let Some((journal, _)) = &self.journal {
            let (done, _unheard) = oneshot::channel();
            journal.shared.request_seal(done);
        }
        self.pump();
    }

    /// The process dies, the machine stays up; or, with `choose`, the machine loses power.
    fn restart(&mut self, choose: Option<&mut dyn FnMut(usize) -> usize>) {
        (self.journal, self.to_remove) = (None, None);
        if let Some(choose) = choose {
            self.disk = self.disk.after_power_cut(1, choose);
        }
        self.open();
    }
}

/// ClickHouse as far as the journal is concerned: the first batch of a token counts, every later one is read over.
#[derive(Clone, Default)]
struct Warehouse(BTreeMap<String, Bytes>);

impl Warehouse {
    /// Takes the oldest batch; with `reply` lost, the journal doesn't hear of it.
    fn take(&mut self, bench: &mut Bench, reply: bool) -> Result<bool, String> {
        let Some((journal, _)) = &bench.journal else { return Ok(false) };
        let Some(segment) = journal.oldest_sealed() else { return Ok(false) };
        if bench.to_remove != Some(segment.name.identity) {
            let batch = journal.read(&segment).map_err(|error| error.to_string())?;
            let first = self.0.entry(segment.name.token()).or_insert_with(|| batch.rows.clone());
            if *first != batch.rows {
                return Err("a retry sent other bytes under the same token".into());
            }
        }
        if !reply {
            return Ok(false);
        }
        bench.to_remove = Some(segment.name.identity);
        Ok(journal.delivered(&segment).is_ok())
    }

    /// Text and sequence number of every row.
    fn rows(&self) -> Vec<(String, u64)> {
        self.0.values().flat_map(|rows| split(rows)).collect()
    }
}

/// Rows of the tests are `<text>;` and the sequence number.
fn split(mut rows: &[u8]) -> Vec<(String, u64)> {
    let mut split = Vec::new();
    while !rows.is_empty() {
        let end = rows.iter().position(|byte| *byte == b';').unwrap() + 1;
        let (text, rest) = rows.split_at(end);
        let (sequence, rest) = rest.split_at(8);
        split.push((
            String::from_utf8(text.to_vec()).unwrap(),
            u64::from_le_bytes(sequence.try_into().unwrap()),
        ));
        rows = rest;
    }
    split
}

/// Everything acknowledged is there once; nothing is there twice; nothing is there that was never given.
fn check(acknowledged: &[String], given: &BTreeSet<String>, warehouse: &Warehouse) -> Result<(), String> {
    let rows = warehouse.rows();
    let texts: BTreeSet<_> = rows.iter().map(|(text, _)| text.clone()).collect();
    let sequences: BTreeSet<_> = rows.iter().map(|(_, sequence)| *sequence).collect();
    if texts.len() != rows.len() || sequences.len() != rows.len() {
        return Err("a row or a sequence number is there twice".into());
    }
    if let Some(lost) = acknowledged.iter().find(|text| !texts.contains(*text)) {
        return Err(format!("{lost} was acknowledged and is lost"));
    }
    texts.is_subset(given).then_some(()).ok_or_else(|| "a row is there that was never given".into())
}

#[derive(Clone, Debug)]
enum Step {
    /// Rows that gather in one group.
    Append {
        rows: usize,
        day: i64,
        length: usize,
    },
    Seal,
    Deliver {
        reply: bool,
    },
    Fail(Call),
    Restart,
    PowerCut {
        seed: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1_usize..12, 1_i64..4, 0_usize..200).prop_map(|(rows, day, length)| Step::Append { rows, day, length }),
        3 => Just(Step::Seal),
        4 => any::<bool>().prop_map(|reply| Step::Deliver { reply }),
        2 => (0_usize..Call::ALL.len()).prop_map(|call| Step::Fail(Call::ALL[call])),
        1 => Just(Step::Restart),
        1 => any::<usize>().prop_map(|seed| Step::PowerCut { seed }),
    ]
}

/// A fate for everything that was not synced, repeatable by its seed.
fn fate(seed: usize) -> impl FnMut(usize) -> usize {
    let mut state = seed as u64 | 1;
    move |bound| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    }
}

/// A journal at work, and everybody it has to do with.
struct Play {
    bench: Bench,
    world: World,
}

/// What outlives a journal: what was given to it, what it promised, what it handed over.
#[derive(Clone, Default)]
struct World {
    warehouse: Warehouse,
    given: BTreeSet<String>,
    acknowledged: Vec<String>,
}

impl Play {
    fn new(disk: ModelDisk) -> Self {
        Self { bench: Bench::new(disk, SMALL), world: World::default() }
    }

    fn steps(&mut self, steps: &[Step]) -> Result<(), String> {
        steps.iter().enumerate().try_for_each(|(number, step)| self.step(number, step))
    }

    fn step(&mut self, number: usize, step: &Step) -> Result<(), String> {
        let Self { bench, world } = self;
        match step {
            Step::Append { rows, day, length } => {
                let texts: Vec<_> =
                    (0..*rows).map(|row| format!("{number}-{row}-{};", "x".repeat(*length))).collect();
                let outcomes: Vec<_> = texts.iter().map(|text| bench.submit(text, day * DAY)).collect();
                bench.pump();
                world.given.extend(texts.iter().cloned());
                let kept = texts.into_iter().zip(outcomes).filter(|(_, kept)| kept.load(Ordering::SeqCst));
                world.acknowledged.extend(kept.map(|(text, _)| text));
            }
            Step::Seal => bench.seal(),
            Step::Deliver { reply } => drop(world.warehouse.take(bench, *reply)?),
            Step::Fail(call) => bench.disk.fail_next(*call),
            Step::Restart => bench.restart(None),
            Step::PowerCut { seed } => bench.restart(Some(&mut fate(*seed))),
        }
        if bench.journal.is_none() {
            bench.open();
        }
        Ok(())
    }

    /// Delivers the rest on a sound disk, and checks.
    fn end(mut self) -> Result<(), String> {
        while self.bench.journal.is_none() {
            self.bench.open();
        }
        while self.world.warehouse.take(&mut self.bench, true)? {}
        if self.bench.journal().stats().undelivered_rows != 0 {
            return Err("rows are left".into());
        }
        let recovery = self.bench.journal().recovery();
        if recovery.lost_rows != 0 {
            return Err("rows count as lost".into());
        }
        check(&self.world.acknowledged, &self.world.given, &self.world.warehouse)
    }
}

/// Runs the steps, cuts the power, and checks.
fn play(disk: ModelDisk, steps: &[Step]) -> Result<(), String> {
    let mut play = Play::new(disk);
    play.steps(steps)?;
    play.bench.restart(Some(&mut fate(steps.len())));
    play.end()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn acknowledged_rows_arrive_once_whatever_fails(steps in prop::collection::vec(step(), 1..60)) {
        play(ModelDisk::default(), &steps).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn a_rotation_that_failed_forgets_no_sequence_number() {
    // The one segment with rows is delivered, the open one was removed, and the sync of the new one's name failed.
    let append = |rows, length| Step::Append { rows, day: 1, length };
    let failed = [Step::Fail(Call::Append), Step::Fail(Call::SyncNames)];
    let before = [append(1, 0), Step::Restart];
    let after = [append(5, 104), Step::Deliver { reply: true }, Step::Restart, append(1, 0)];
    let steps = [&before[..], &failed, &after].concat();
    assert_eq!(play(ModelDisk::default(), &steps), Ok(()));
}
