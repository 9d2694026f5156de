//! Segments cut short and with flipped bits.

use super::super::name::{Name, State};
use super::super::record::{self, HEADER_BYTES};
use super::*;

/// A disk with one segment of 5 rows in two groups, open or sealed, and its name.
pub(super) fn five_rows(sealed: bool) -> (ModelDisk, String) {
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

/// What is delivered from a disk, and what recovery said. The same loss must not be told by a second start, be it before the
/// delivery or after.
fn delivered(disk: ModelDisk) -> (Vec<String>, Recovery) {
    let mut bench = Bench::new(disk, SMALL);
    let recovery = bench.journal().recovery();
    bench.restart(None);
    assert_eq!(bench.journal().recovery().lost_rows, 0, "told again before the delivery");
    let rows = all_delivered(&mut bench);
    let set_aside = bench.journal().stats();
    assert_eq!(set_aside.damaged_segments, u64::from(recovery.lost_rows > 0));
    bench.restart(Some(&mut |_| 0));
    assert_eq!(bench.journal().recovery(), Recovery::default(), "told again after the delivery");
    assert_eq!(bench.journal().stats(), set_aside);
    bench.journal().destroy_parked(DAY).unwrap();
    assert_eq!(bench.disk.names().unwrap().len(), 1, "only the empty open segment is left");
    assert!(bench.journal().retire(DAY));
    (rows, recovery)
}

fn all_delivered(bench: &mut Bench) -> Vec<String> {
    let mut warehouse = Warehouse::default();
    while warehouse.take(bench, true).unwrap() {}
    warehouse.rows().into_iter().map(|(text, _)| text).collect()
}

/// The one file whose name ends in this word.
fn file(disk: &ModelDisk, word: &str) -> String {
    let ours: Vec<_> = disk.names().unwrap().into_iter().filter(|name| name.ends_with(word)).collect();
    assert_eq!(ours.len(), 1, "{ours:?}");
    ours[0].clone()
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
    let (disk, name) = five_rows(true);
    let rows_end = disk.damage(&name, |data| data.len());
    for sealed in [true, false] {
        let (disk, name) = five_rows(sealed);
        let length = disk.damage(&name, |data| data.len());
        assert_eq!(
            length > rows_end,
            !sealed,
            "behind the rows of an open segment there is space made ready"
        );
        for bit in 0..length * 8 {
            let (disk, name) = five_rows(sealed);
            disk.damage(&name, |data| data[bit / 8] ^= 1 << (bit % 8));
            let (rows, recovery) = delivered(disk);
            assert!(rows.iter().all(|row| FIVE.contains(&row.as_str())), "bit {bit}");
            let missing = 5 - rows.len() as u64;
            assert_eq!(missing, u64::from((HEADER_BYTES..rows_end).contains(&(bit / 8))), "bit {bit}");
            // In the last group of an open segment nobody can tell damage from a write that was never acknowledged.
            let in_last_group = !rows.contains(&"dddd;".into()) || !rows.contains(&"eeeee;".into());
            let lost = if sealed || !in_last_group { missing } else { 0 };
            assert_eq!(recovery.lost_rows, lost, "bit {bit}");
        }
    }
}

#[test]
fn a_stretch_of_zeros_anywhere_costs_the_rows_it_touches_and_the_count_is_exact() {
    let (disk, name) = five_rows(true);
    let length = disk.damage(&name, |data| data.len());
    for (start, stretch) in (0..length).flat_map(|start| [2, 33, 80].map(|stretch| (start, stretch))) {
        let (disk, name) = five_rows(true);
        disk.damage(&name, |data| data[start..length.min(start + stretch)].fill(0));
        let (rows, recovery) = delivered(disk);
        assert!(rows.iter().all(|row| FIVE.contains(&row.as_str())), "{start} + {stretch}");
        assert_eq!(recovery.lost_rows, 5 - rows.len() as u64, "{start} + {stretch}");
    }
}

#[test]
fn what_is_damaged_is_set_aside_as_it_is_until_its_day_has_closed() {
    for sealed in [true, false] {
        let (disk, name) = five_rows(sealed);
        let damaged = disk.damage(&name, |data| {
            data[HEADER_BYTES + 30] ^= 1;
            data.clone()
        });
        let mut bench = Bench::new(disk, SMALL);
        assert_eq!(bench.journal().recovery().lost_rows, 1);
        assert_eq!(all_delivered(&mut bench), FIVE[1..]);
        let aside = file(&bench.disk, ".damaged");
        assert_eq!(bench.disk.read(&aside, u64::MAX).unwrap(), damaged, "sealed: {sealed}");
        let stats = bench.journal().stats();
        assert_eq!((stats.undelivered_rows, stats.damaged_segments, stats.parked_rows), (0, 1, 0));
        assert_eq!(stats.bytes, damaged.len() as u64, "it counts towards the cap");

        assert!(!bench.journal().retire(DAY), "it holds rows of its day");
        assert_eq!(bench.journal().destroy_parked(DAY - 1).unwrap(), 0);
        assert_eq!(file(&bench.disk, ".damaged"), aside);
        assert_eq!(bench.journal().destroy_parked(DAY).unwrap(), 0, "its loss was counted before");
        assert!(bench.journal().retire(DAY));
        assert_eq!(bench.journal().stats().bytes, 0);
    }
}

#[test]
fn what_is_damaged_while_it_waits_is_set_aside_too() {
    let (disk, name) = five_rows(true);
    let mut bench = Bench::new(disk, SMALL);
    bench.disk.damage(&name, |data| data[HEADER_BYTES + 30] ^= 1);
    assert_eq!(all_delivered(&mut bench), FIVE[1..]);
    assert_eq!(bench.journal().stats().damaged_segments, 1);
    bench.restart(None);
    assert_eq!(bench.journal().recovery().lost_rows, 0, "whoever read the batch has counted it");
}

#[test]
fn a_segment_of_which_nothing_can_be_read_is_kept_for_the_day_its_name_tells() {
    let (disk, name) = five_rows(true);
    disk.damage(&name, |data| data.fill(0xFF));
    let mut bench = Bench::new(disk, SMALL);
    assert_eq!(bench.journal().recovery(), Recovery { lost_rows: 5, ..Recovery::default() });
    assert_eq!(bench.journal().destroy_parked(DAY - 1).unwrap(), 0);
    assert_eq!(bench.journal().stats().damaged_segments, 1);
    bench.restart(None);
    assert_eq!(bench.journal().recovery(), Recovery::default());
    bench.journal().destroy_parked(DAY).unwrap();
    assert_eq!(bench.journal().stats().damaged_segments, 0);
    assert!(bench.append("next;", 2 * DAY));
    bench.seal();
    assert_eq!(bench.journal().oldest_sealed().unwrap().name.first_sequence, 6, "no number is given twice");
}

#[test]
fn damage_on_a_full_disk_is_counted_once_and_set_aside_without_a_copy() {
    let (disk, name) = five_rows(false);
    disk.damage(&name, |data| data[HEADER_BYTES + 30] ^= 1);
    disk.set_full(true);
    let (rows, recovery) = delivered(disk);
    assert_eq!((rows, recovery.lost_rows), (FIVE[1..].iter().map(|row| (*row).to_owned()).collect(), 1));
}

#[test]
fn damage_is_set_aside_and_nothing_else_is_lost_wherever_power_fails_at_start() {
    for (call, seed) in (0..12).flat_map(|call| (0..16).map(move |seed| (call, seed))) {
        let (disk, name) = five_rows(false);
        disk.damage(&name, |data| data[HEADER_BYTES + 30] ^= 1);
        disk.cut_power_at(disk.calls() + call);
        let mut bench = Bench::new(disk, SMALL);
        bench.restart(Some(&mut fate(seed)));
        assert_eq!(all_delivered(&mut bench), FIVE[1..], "power cut before call {call}, fate {seed}");
        let aside = file(&bench.disk, ".damaged");
        let name: Name = aside.parse().unwrap();
        assert_eq!(name.state.range().unwrap().lost_rows(), 1);
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
    let refused = Journal::on(Arc::new(disk.clone()), 7, SMALL, SealedDays::default()).err();
    assert!(matches!(refused, Some(OpenError::OtherFormat { found: 2, .. })), "{refused:?}");
    assert_eq!(disk.read(&name, u64::MAX).unwrap(), whole);
}

/// A segment as version 1 of the format wrote it: five rows in two groups, sealed. Never to be made anew.
const STORED: &str = include_str!("stored/format-1.hex");
const STORED_NAME: &str = "00000000000000000001-0123456789abcdef0123456789abcdef.5.228.sealed";

fn stored() -> (ModelDisk, Vec<u8>) {
    let digits: String = STORED.split_whitespace().collect();
    let bytes: Vec<u8> =
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
    let disk = ModelDisk::default();
    disk.create(STORED_NAME).unwrap().append(&bytes).unwrap();
    disk.damage(STORED_NAME, |_| ());
    disk.keep_names();
    (disk, bytes)
}

#[test]
fn a_stored_segment_of_the_first_format_is_read_or_refused_and_never_mangled() {
    let (disk, bytes) = stored();
    match Journal::on(Arc::new(disk.clone()), 7, SMALL, SealedDays::default()) {
        Ok(_) => {
            let (rows, recovery) = delivered(disk);
            assert_eq!(rows, FIVE);
            assert_eq!((recovery.rows, recovery.lost_rows, recovery.torn_bytes), (5, 0, 0));
        }
        Err(refused) => {
            assert_ne!(record::FORMAT_VERSION, 1, "{refused}");
            assert!(matches!(refused, OpenError::OtherFormat { found: 1, .. }), "{refused}");
            assert_eq!(disk.read(STORED_NAME, u64::MAX).unwrap(), bytes);
        }
    }
}

#[test]
fn an_older_format_is_refused_with_a_message_that_says_what_to_do() {
    let (disk, _) = stored();
    let whole = disk.damage(STORED_NAME, |data| {
        let mut older = record::Header::read(data).unwrap();
        older.version = 0;
        let mut header = Vec::new();
        older.encode(&mut header);
        data[..HEADER_BYTES].copy_from_slice(&header);
        data.clone()
    });
    let refused = Journal::on(Arc::new(disk.clone()), 7, SMALL, SealedDays::default()).err().unwrap();
    assert_eq!(
        refused.to_string(),
        format!(
            "segment {STORED_NAME} has format 0; this version reads format {}. Let the version that wrote it deliver it first",
            record::FORMAT_VERSION
        )
    );
    assert_eq!(disk.read(STORED_NAME, u64::MAX).unwrap(), whole, "it is left as it was");
}
