//! The journal against a plain vector, on a disk that fails and loses power.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::model::{Call, ModelDisk};
use super::name::{Name, State};
use super::record::HEADER_BYTES;
use super::*;

const SMALL: JournalConfig = JournalConfig { max_bytes: 1 << 20, segment_bytes: 700, segment_rows: 8 };
const DAY: i64 = 86_400;

/// A journal whose thread is the test.
struct Bench {
    disk: ModelDisk,
    /// Delivered, but the removal failed: only the removal is tried again.
    to_remove: Option<u128>,
    journal: Option<(Journal, Writer)>,
    config: JournalConfig,
}

impl Bench {
    fn new(disk: ModelDisk, config: JournalConfig) -> Self {
        let mut bench = Self { disk, to_remove: None, journal: None, config };
        bench.open();
        bench
    }

    /// Opens the journal; on a disk that fails this may take several starts.
    fn open(&mut self) {
        self.journal = Journal::on(Arc::new(self.disk.clone()), 7, self.config).ok();
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
            journal.submit(text.as_bytes(), closes_at, move |result| seen.store(result.is_ok(), Ordering::SeqCst));
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
            self.disk = self.disk.after_power_cut(choose);
        }
        self.open();
    }
}

/// ClickHouse as far as the journal is concerned: the first batch of a token counts, every later one is read over.
#[derive(Default)]
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
        split.push((String::from_utf8(text.to_vec()).unwrap(), u64::from_le_bytes(sequence.try_into().unwrap())));
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
    Append { rows: usize, day: i64, length: usize },
    Seal,
    Deliver { reply: bool },
    Fail(Call),
    Restart,
    PowerCut { seed: usize },
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

/// Runs the steps, then delivers the rest on a sound disk, and checks.
fn play(disk: ModelDisk, steps: &[Step]) -> Result<(), String> {
    let mut bench = Bench::new(disk, SMALL);
    let (mut warehouse, mut given, mut acknowledged) = (Warehouse::default(), BTreeSet::new(), Vec::new());
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Append { rows, day, length } => {
                let texts: Vec<_> = (0..*rows).map(|row| format!("{number}-{row}-{};", "x".repeat(*length))).collect();
                let outcomes: Vec<_> = texts.iter().map(|text| bench.submit(text, day * DAY)).collect();
                bench.pump();
                given.extend(texts.iter().cloned());
                let kept = texts.into_iter().zip(outcomes).filter(|(_, kept)| kept.load(Ordering::SeqCst));
                acknowledged.extend(kept.map(|(text, _)| text));
            }
            Step::Seal => bench.seal(),
            Step::Deliver { reply } => drop(warehouse.take(&mut bench, *reply)?),
            Step::Fail(call) => bench.disk.fail_next(*call),
            Step::Restart => bench.restart(None),
            Step::PowerCut { seed } => bench.restart(Some(&mut fate(*seed))),
        }
        if bench.journal.is_none() {
            bench.open();
        }
    }
    bench.restart(Some(&mut fate(steps.len())));
    while bench.journal.is_none() {
        bench.open();
    }
    while warehouse.take(&mut bench, true)? {}
    if bench.journal().stats().undelivered_rows != 0 {
        return Err("rows are left".into());
    }
    check(&acknowledged, &given, &warehouse)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn acknowledged_rows_arrive_once_whatever_fails(steps in prop::collection::vec(step(), 1..60)) {
        play(ModelDisk::default(), &steps).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn a_disk_that_only_says_it_synced_is_caught() {
    let steps = [Step::Append { rows: 3, day: 1, length: 9 }, Step::PowerCut { seed: 0 }];
    assert!(play(ModelDisk::lying(), &steps).is_err());
    assert_eq!(play(ModelDisk::default(), &steps), Ok(()));
}

#[test]
fn power_may_fail_before_any_call_of_the_disk() {
    let steps: Vec<_> = (0..12)
        .flat_map(|round| {
            let append = Step::Append { rows: 1 + round % 5, day: 1, length: 40 };
            [append.clone(), append, Step::Seal, Step::Deliver { reply: round % 2 == 0 }]
        })
        .collect();
    let calls = {
        let disk = ModelDisk::default();
        play(disk.clone(), &steps).unwrap();
        disk.calls()
    };
    assert!(calls > 50, "{calls}");
    for at in 0..calls {
        for seed in 0..4 {
            let disk = ModelDisk::default();
            disk.cut_power_at(at);
            let mut steps = steps.clone();
            steps.push(Step::PowerCut { seed });
            assert_eq!(play(disk, &steps), Ok(()), "power cut before call {at}, fate {seed}");
        }
    }
}

#[test]
fn sequence_numbers_have_no_gaps_also_over_restarts_and_when_everything_was_delivered() {
    let mut bench = Bench::new(ModelDisk::default(), SMALL);
    let mut warehouse = Warehouse::default();
    for number in 0..100 {
        assert!(bench.append(&format!("{number};"), DAY));
        match number % 10 {
            3 => bench.seal(),
            5 => bench.restart(None),
            7 => while warehouse.take(&mut bench, true).unwrap() {},
            9 => bench.restart(Some(&mut fate(number))),
            _ => {}
        }
    }
    bench.seal();
    while warehouse.take(&mut bench, true).unwrap() {}
    let mut sequences: Vec<_> = warehouse.rows().into_iter().map(|(_, sequence)| sequence).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=100).collect::<Vec<_>>());
}

#[test]
fn a_failed_sync_refuses_the_group_and_is_never_made_good_by_a_second_one() {
    let mut bench = Bench::new(ModelDisk::default(), SMALL);
    assert!(bench.append("before;", DAY));
    bench.disk.fail_next(Call::Sync);
    assert!(!bench.append("refused;", DAY));
    assert!(bench.journal().stats().failing);
    assert!(bench.append("after;", DAY));
    assert!(!bench.journal().stats().failing);
    bench.restart(Some(&mut |_| 0));
    let mut warehouse = Warehouse::default();
    while warehouse.take(&mut bench, true).unwrap() {}
    let texts: BTreeSet<_> = warehouse.rows().into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, ["after;".to_owned(), "before;".to_owned()].into());
}

#[test]
fn what_a_restart_finds_is_sent_alike_before_and_after_a_power_cut() {
    let mut bench = Bench::new(ModelDisk::default(), SMALL);
    assert!(bench.append("before;", DAY));
    bench.disk.fail_next(Call::Sync);
    // Refused, and on disk only as far as the kernel shows it.
    assert!(!bench.append("refused;", DAY));
    bench.restart(None);
    let mut warehouse = Warehouse::default();
    warehouse.take(&mut bench, false).unwrap();
    bench.restart(Some(&mut |_| 0));
    assert_eq!(warehouse.take(&mut bench, true), Ok(true));
}

#[test]
fn at_the_cap_rows_are_refused_until_something_is_delivered() {
    let mut bench = Bench::new(ModelDisk::default(), JournalConfig { max_bytes: 2_000, ..SMALL });
    let mut kept = 0;
    while bench.append(&format!("{kept}{};", "x".repeat(100)), DAY) {
        kept += 1;
    }
    assert!((8..20).contains(&kept), "{kept}");
    assert!(bench.journal().stats().bytes <= 2_000);
    let mut warehouse = Warehouse::default();
    assert!(warehouse.take(&mut bench, true).unwrap());
    assert!(bench.append("again;", DAY));
    assert_eq!(bench.journal().stats().undelivered_rows + warehouse.rows().len() as u64, kept + 1);
}

#[test]
fn a_closed_day_is_retired_when_its_rows_are_gone_and_takes_no_more() {
    let mut bench = Bench::new(ModelDisk::default(), SMALL);
    let waiting = bench.submit("a;", DAY);
    assert!(!bench.journal().retire(DAY), "waiting");
    bench.pump();
    assert!(waiting.load(Ordering::SeqCst));
    assert!(!bench.journal().retire(DAY), "open");
    assert!(bench.append("b;", 2 * DAY));
    bench.seal();
    assert!(!bench.journal().retire(DAY), "sealed");
    assert!(bench.append("late;", DAY), "not retired yet");
    bench.seal();
    let mut warehouse = Warehouse::default();
    while warehouse.take(&mut bench, true).unwrap() {}
    assert!(bench.append("c;", 2 * DAY));
    assert!(bench.journal().retire(DAY));
    assert!(!bench.append("too late;", DAY));
    assert!(bench.append("d;", 2 * DAY));
    assert!(!bench.journal().retire(2 * DAY));
}

#[test]
fn a_segment_whose_seal_is_not_on_disk_yet_still_holds_its_day() {
    let mut bench = Bench::new(ModelDisk::default(), SMALL);
    assert!(bench.append("a;", DAY));
    bench.disk.fail_next(Call::SyncNames);
    bench.seal();
    assert!(bench.journal().oldest_sealed().is_none());
    assert!(!bench.journal().retire(DAY));
    assert_eq!(bench.journal().stats().undelivered_rows, 1);
    bench.seal();
    assert!(bench.journal().oldest_sealed().is_some());
}

#[test]
fn no_segment_has_more_days_than_an_insert_may_touch() {
    let config = JournalConfig { segment_bytes: 1 << 20, segment_rows: 1_000, ..SMALL };
    let mut bench = Bench::new(ModelDisk::default(), config);
    for day in 0..100 {
        let _one_group = bench.submit("a;", day * DAY);
    }
    bench.pump();
    for day in 100..200 {
        assert!(bench.append("a;", day * DAY));
    }
    bench.seal();
    let mut rows = 0;
    while let Some(segment) = bench.journal().oldest_sealed() {
        assert!(segment.rows <= MAX_DAYS_PER_SEGMENT as u64);
        rows += segment.rows;
        bench.journal().delivered(&segment).unwrap();
    }
    assert_eq!(rows, 200);
}

#[test]
fn parked_rows_block_their_day_until_they_are_destroyed() {
    let mut bench = Bench::new(ModelDisk::default(), SMALL);
    assert!(bench.append("a;", DAY));
    bench.seal();
    let segment = bench.journal().oldest_sealed().unwrap();
    bench.journal().park(&segment).unwrap();
    bench.restart(None);
    assert!(bench.journal().oldest_sealed().is_none());
    assert_eq!(bench.journal().stats().parked_rows, 1);
    assert_eq!(bench.journal().destroy_parked(DAY - 1).unwrap(), 0);
    assert!(!bench.journal().retire(DAY));
    assert_eq!(bench.journal().destroy_parked(DAY).unwrap(), 1);
    assert!(bench.journal().retire(DAY));
    assert_eq!(bench.disk.names().unwrap().len(), 1, "only the empty open segment is left");
}

/// A disk with one segment of 5 rows in two groups, open or sealed, and its name.
fn five_rows(sealed: bool) -> (ModelDisk, String) {
    let mut bench = Bench::new(ModelDisk::default(), SMALL);
    for text in ["a;", "bb;", "ccc;"] {
        let _acknowledged = bench.submit(text, DAY);
    }
    bench.pump();
    for text in ["dddd;", "eeeee;"] {
        let _acknowledged = bench.submit(text, DAY);
    }
    bench.pump();
    if sealed {
        bench.seal();
    }
    let is_ours = |name: &Name| sealed == matches!(name.state, State::Sealed(_));
    let names = bench.disk.names().unwrap();
    let name = names.iter().find(|name| name.parse().as_ref().is_ok_and(is_ours)).unwrap();
    (bench.disk.clone(), name.clone())
}

/// What is delivered from a disk, and what recovery said.
fn delivered(disk: ModelDisk) -> (Vec<String>, Recovery) {
    let mut bench = Bench::new(disk, SMALL);
    let mut warehouse = Warehouse::default();
    while warehouse.take(&mut bench, true).unwrap() {}
    (warehouse.rows().into_iter().map(|(text, _)| text).collect(), bench.journal().recovery())
}

const FIVE: [&str; 5] = ["a;", "bb;", "ccc;", "dddd;", "eeeee;"];

#[test]
fn a_segment_cut_at_any_byte_gives_its_whole_rows_and_an_exact_count_of_the_lost() {
    let length = {
        let (disk, name) = five_rows(true);
        disk.damage(&name, |data| data.len())
    };
    for sealed in [true, false] {
        for cut in 0..=length {
            let (disk, name) = five_rows(sealed);
            disk.damage(&name, |data| data.truncate(cut));
            let (rows, recovery) = delivered(disk);
            assert_eq!(rows, FIVE[..rows.len()], "cut at {cut}");
            let lost = if sealed { 5 - rows.len() as u64 } else { 0 };
            assert_eq!(recovery.lost_rows, lost, "cut at {cut}");
            assert_eq!(rows.len() == 5, cut == length);
        }
    }
}

#[test]
fn a_flipped_bit_costs_at_most_one_row_and_the_count_is_exact() {
    for sealed in [true, false] {
        let (disk, name) = five_rows(sealed);
        let bits = disk.damage(&name, |data| data.len()) * 8;
        for bit in 0..bits {
            let (disk, name) = five_rows(sealed);
            disk.damage(&name, |data| data[bit / 8] ^= 1 << (bit % 8));
            let (rows, recovery) = delivered(disk);
            assert!(rows.iter().all(|row| FIVE.contains(&row.as_str())), "bit {bit}");
            let missing = 5 - rows.len() as u64;
            assert_eq!(missing, u64::from(bit / 8 >= HEADER_BYTES), "bit {bit}");
            // In the last group of an open segment nobody can tell damage from a write that was never acknowledged.
            let in_last_group = !rows.contains(&"dddd;".into()) || !rows.contains(&"eeeee;".into());
            let lost = if sealed || !in_last_group { missing } else { 0 };
            assert_eq!(recovery.lost_rows, lost, "bit {bit}");
        }
    }
}

#[test]
fn another_format_is_refused_and_left_alone() {
    let (disk, name) = five_rows(true);
    let whole = disk.damage(&name, |data| {
        let mut header = Vec::new();
        let mut other = record::Header::read(data).unwrap();
        other.version = 2;
        other.encode(&mut header);
        data[..HEADER_BYTES].copy_from_slice(&header);
        data.clone()
    });
    let refused = Journal::on(Arc::new(disk.clone()), 7, SMALL).err();
    assert!(matches!(refused, Some(OpenError::OtherFormat { found: 2, .. })), "{refused:?}");
    assert_eq!(disk.read(&name, u64::MAX).unwrap(), whole);
}

#[tokio::test]
async fn the_thread_commits_seals_and_ends() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal");
    let journal = Journal::open(&path, 1, JournalConfig::default()).unwrap();
    assert!(matches!(Journal::open(&path, 1, JournalConfig::default()), Err(OpenError::Taken)));
    let appends: Vec<_> = (0..1_000).map(|row| journal.append(format!("{row};").as_bytes(), DAY)).collect();
    for append in appends {
        assert_eq!(append.await, Ok(()));
    }
    journal.changed().await;
    journal.seal().await;
    assert_eq!(journal.stats().sealed_segments, 1);
    assert_eq!(journal.append(b"last;", DAY).await, Ok(()));
    journal.close();
    assert_eq!(journal.append(b"too late;", DAY).await, Err(JournalError::Closing));
    journal.seal().await;
    let mut warehouse = Vec::new();
    while let Some(segment) = journal.oldest_sealed() {
        warehouse.extend(split(&journal.read(&segment).unwrap().rows));
        journal.delivered(&segment).unwrap();
    }
    assert_eq!(warehouse.len(), 1_001);
    assert_eq!(warehouse[1_000], ("last;".to_owned(), 1_001));
    drop(journal);
    let journal = Journal::open(&path, 1, JournalConfig::default()).unwrap();
    assert_eq!(journal.recovery(), Recovery::default());
}
