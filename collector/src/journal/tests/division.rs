//! A refused segment becomes two, whatever fails meanwhile.

use super::*;

/// Delivers everything; a batch that holds a bad row is divided, a single bad row parked. Texts of what was parked.
fn deliver_all(bench: &mut Bench, warehouse: &mut Warehouse) -> Vec<String> {
    let mut parked = Vec::new();
    while let Some(segment) = bench.journal().oldest_sealed() {
        let batch = bench.journal().read(&segment).unwrap();
        let rows = split(&batch.rows);
        if rows.iter().all(|(text, _)| !text.starts_with("bad")) {
            warehouse.take(bench, true).unwrap();
        } else if rows.len() == 1 {
            parked.push(rows[0].0.clone());
            bench.journal().park(&segment).unwrap();
        } else {
            let division = bench.journal().divide(&segment).unwrap();
            assert_eq!(division.parts.iter().map(|part| part.rows).sum::<u64>(), segment.rows);
        }
    }
    parked
}

/// A journal that holds one segment of eight rows, two of them bad.
fn refused(disk: ModelDisk) -> (Bench, BTreeSet<String>) {
    let mut bench = Bench::new(disk, SMALL);
    let mut good = BTreeSet::new();
    for row in 0..8 {
        let text = format!("{}-{row};", if row % 4 == 1 { "bad" } else { "good" });
        assert!(bench.append(&text, DAY * (1 + row % 2)));
        if text.starts_with("good") {
            good.insert(text);
        }
    }
    bench.seal();
    (bench, good)
}

fn texts(warehouse: &Warehouse) -> BTreeSet<String> {
    let rows = warehouse.rows();
    let texts: BTreeSet<_> = rows.iter().map(|(text, _)| text.clone()).collect();
    assert_eq!(texts.len(), rows.len(), "a row is there twice");
    texts
}

#[test]
fn only_the_bad_rows_are_parked_each_with_its_day() {
    let (mut bench, good) = refused(ModelDisk::default());
    let mut warehouse = Warehouse::default();
    let bytes = bench.journal().stats().bytes;
    let parked = deliver_all(&mut bench, &mut warehouse);
    assert_eq!((texts(&warehouse), parked.len()), (good, 2));
    let stats = bench.journal().stats();
    assert_eq!((stats.undelivered_rows, stats.parked_rows, stats.parked_segments), (0, 2, 2));
    assert!(stats.bytes < bytes / 2, "{stats:?}");
    // Both bad rows are of the second day.
    bench.restart(None);
    assert_eq!(bench.journal().stats().parked_rows, 2);
    assert_eq!(bench.journal().destroy_parked(DAY).unwrap(), 0);
    assert_eq!(bench.journal().destroy_parked(2 * DAY).unwrap(), 2);
}

#[test]
fn a_day_is_never_retired_while_its_segment_is_divided() {
    let (bench, _) = refused(ModelDisk::default());
    let segment = bench.journal().oldest_sealed().unwrap();
    for call in [Call::Create, Call::Append, Call::Sync, Call::Rename, Call::SyncNames, Call::Remove] {
        bench.disk.fail_next(call);
        assert!(bench.journal().divide(&segment).is_err(), "{call:?}");
        assert!(!bench.journal().retire(DAY), "{call:?}");
    }
    let division = bench.journal().divide(&segment).unwrap();
    assert!(!bench.journal().retire(DAY));
    assert_eq!(division.parts.len(), 2);
    let stats = bench.journal().stats();
    assert_eq!((stats.undelivered_rows, stats.undelivered_segments), (8, 2));
}

#[test]
fn power_may_fail_at_any_call_of_a_division() {
    let calls = |disk: &ModelDisk| {
        let (mut bench, _) = refused(disk.clone());
        let before = disk.calls();
        deliver_all(&mut bench, &mut Warehouse::default());
        before..disk.calls()
    };
    for at in calls(&ModelDisk::default()) {
        for seed in 0..6 {
            let disk = ModelDisk::default();
            let (mut bench, good) = refused(disk.clone());
            disk.cut_power_at(at);
            let mut warehouse = Warehouse::default();
            // As far as it comes without power.
            while let Some(segment) = bench.journal().oldest_sealed() {
                let Ok(batch) = bench.journal().read(&segment) else { break };
                let rows = split(&batch.rows);
                let bad = rows.iter().any(|(text, _)| text.starts_with("bad"));
                let went_on = match (bad, rows.len()) {
                    (false, _) => warehouse.take(&mut bench, true) == Ok(true),
                    (true, 1) => bench.journal().park(&segment).is_ok(),
                    (true, _) => bench.journal().divide(&segment).is_ok(),
                };
                if !went_on {
                    break;
                }
            }
            bench.restart(Some(&mut fate(seed)));
            let parked_before = bench.journal().stats().parked_rows;
            let parked = deliver_all(&mut bench, &mut warehouse).len() as u64;
            assert_eq!(texts(&warehouse), good, "power cut before call {at}, fate {seed}");
            assert_eq!(parked_before + parked, 2, "power cut before call {at}, fate {seed}");
        }
    }
}

#[test]
fn halves_that_outlive_the_whole_by_mistake_would_be_seen() {
    // The positive control: what would be stored if the whole were sent after its halves.
    let (mut bench, _) = refused(ModelDisk::default());
    let mut warehouse = Warehouse::default();
    let segment = bench.journal().oldest_sealed().unwrap();
    let whole = bench.journal().read(&segment).unwrap();
    bench.journal().divide(&segment).unwrap();
    while warehouse.take(&mut bench, true).unwrap() {}
    warehouse.0.insert(segment.name.token(), whole.rows);
    assert!(std::panic::catch_unwind(|| texts(&warehouse)).is_err());
}
