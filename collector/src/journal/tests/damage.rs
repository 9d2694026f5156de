//! Segments cut short and with flipped bits.

use super::super::name::{Name, State};
use super::super::record::{self, HEADER_BYTES};
use super::*;

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
