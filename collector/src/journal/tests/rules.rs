//! What the journal's documentation promises, one test a rule.

use std::os::unix::fs::PermissionsExt;

use super::*;

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

/// The length of the one open segment's file.
fn open_length(bench: &Bench) -> u64 {
    let names = bench.disk.names().unwrap();
    bench.disk.length(names.iter().find(|name| name.ends_with(".open")).unwrap()).unwrap()
}

#[test]
fn space_is_made_ready_counts_towards_the_cap_and_is_cut_off_when_not_used() {
    let mut bench = Bench::new(ModelDisk::default(), SMALL);
    assert!(bench.append("a;", DAY));
    let content = open_length(&bench);
    assert_eq!(bench.journal().stats().bytes, content, "a segment with few bytes gets none");
    assert!(bench.append("b;", DAY));
    let length = open_length(&bench);
    assert!(length > content + SMALL.space_ahead, "{length}");
    assert_eq!(bench.journal().stats().bytes, length);
    assert!(bench.append("c;", DAY));
    assert_eq!(open_length(&bench), length, "the third row goes into it");

    // Left open: zeros are no torn write.
    let mut left = Bench::new(bench.disk.copy(), SMALL);
    assert_eq!((left.journal().recovery().rows, left.journal().recovery().torn_bytes), (3, 0));
    assert_eq!(delivered(&mut left), ["a;", "b;", "c;"]);

    bench.seal();
    let segment = bench.journal().oldest_sealed().unwrap();
    assert_eq!(segment.bytes, segment.name.state.range().unwrap().bytes);
    assert_eq!(bench.disk.length(&segment.name.to_string()).unwrap(), segment.bytes);
    assert_eq!(delivered(&mut bench), ["a;", "b;", "c;"]);
}

#[test]
fn where_no_space_can_be_made_ready_rows_are_taken_all_the_same() {
    let mut bench = Bench::new(ModelDisk::default(), SMALL);
    bench.disk.fail_next(Call::MakeSpace);
    bench.disk.fail_next(Call::Cut);
    for text in ["a;", "b;", "c;"] {
        assert!(bench.append(text, DAY));
    }
    bench.seal();
    assert_eq!(delivered(&mut bench), ["a;", "b;", "c;"]);
    assert_eq!(bench.journal().stats().bytes, 0);
}

#[test]
fn on_a_full_disk_rows_are_refused_at_once_and_delivery_goes_on_also_after_a_restart() {
    let mut bench = Bench::new(ModelDisk::default(), SMALL);
    assert!(bench.append("before;", DAY));
    bench.disk.set_full(true);
    assert!(!bench.append("refused;", DAY));
    bench.restart(Some(&mut |_| 0));
    assert!(!bench.append("refused too;", DAY));
    let mut warehouse = Warehouse::default();
    assert_eq!(warehouse.take(&mut bench, true), Ok(true));
    assert_eq!(warehouse.rows(), [("before;".to_owned(), 1)]);
    bench.disk.set_full(false);
    assert!(bench.append("after;", DAY));
    bench.seal();
    assert_eq!(warehouse.take(&mut bench, true), Ok(true));
    assert_eq!(bench.disk.names().unwrap().len(), 1, "nothing is left lying about");
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

/// What `bench` delivers, in the order of its batches.
fn delivered(bench: &mut Bench) -> Vec<String> {
    let mut warehouse = Warehouse::default();
    while warehouse.take(bench, true).unwrap() {}
    warehouse.rows().into_iter().map(|(text, _)| text).collect()
}

#[test]
fn a_directory_from_a_backup_sends_nothing_into_a_sealed_day() {
    for seal in [true, false] {
        let mut bench = Bench::new(ModelDisk::default(), SMALL);
        assert!(bench.append("first;", DAY));
        assert!(bench.append("mixed;", DAY) && bench.append("open day;", 2 * DAY));
        if seal {
            bench.seal();
        }
        let backup = bench.disk.copy();
        bench.seal();
        assert_eq!(delivered(&mut bench), ["first;", "mixed;", "open day;"]);
        assert!(bench.journal().retire(DAY));

        // The day is sealed; then the directory is put back as it was. The control: one who doesn't know would send it all.
        let mut unknowing = Bench::new(backup.copy(), SMALL);
        assert_eq!(delivered(&mut unknowing), ["first;", "mixed;", "open day;"]);
        let mut bench = Bench { disk: backup, sealed_days: [DAY].into_iter().collect(), ..bench };
        bench.restart(None);
        let recovery = bench.journal().recovery();
        assert_eq!((recovery.rows, recovery.closed_rows, recovery.lost_rows), (1, 2, 0));
        assert_eq!(bench.journal().oldest_sealed().unwrap().rows, 1);
        assert_eq!(delivered(&mut bench), ["open day;"], "sealed before the backup: {seal}");
        assert_eq!(bench.disk.names().unwrap().len(), 1, "only the empty open segment is left");
        assert_eq!(bench.journal().stats().parked_segments, 0);
        assert!(bench.journal().retire(DAY));
    }
}

#[test]
fn a_segment_of_sealed_days_only_is_removed_at_start_and_its_numbers_are_not_given_again() {
    for seal in [true, false] {
        let mut bench = Bench::new(ModelDisk::default(), SMALL);
        assert!(bench.append("first;", DAY) && bench.append("second;", 2 * DAY));
        if seal {
            bench.seal();
        }
        bench.sealed_days = [DAY, 2 * DAY].into_iter().collect();
        bench.restart(Some(&mut |_| 0));
        assert_eq!(bench.journal().recovery(), Recovery { closed_rows: 2, ..Recovery::default() });
        assert!(bench.journal().oldest_sealed().is_none());
        assert_eq!(bench.disk.names().unwrap().len(), 1, "only the empty open segment is left");
        assert!(!bench.append("late;", DAY), "nor is a row of such a day taken when time is turned back");
        assert!(bench.append("third;", 3 * DAY));
        bench.seal();
        assert_eq!(bench.journal().oldest_sealed().unwrap().name.first_sequence, 3);
    }
}

#[test]
fn acknowledged_rows_of_a_day_that_closed_during_a_long_stop_are_still_delivered() {
    let mut bench = Bench::new(ModelDisk::default(), SMALL);
    assert!(bench.append("first;", DAY) && bench.append("second;", 3 * DAY));
    // Other days were sealed meanwhile, before and between: not these, because this journal never let go of them.
    bench.sealed_days = [0, 2 * DAY].into_iter().collect();
    bench.restart(None);
    assert_eq!(bench.journal().recovery().closed_rows, 0);
    assert_eq!(delivered(&mut bench), ["first;", "second;"]);
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

/// A real directory as a crash leaves it: an open segment with rows, a sealed one, a damaged one.
fn crashed(path: &Path) {
    let (disk, name) = damage::five_rows(false);
    let mut files = vec![(name.clone(), disk.read(&name, u64::MAX).unwrap())];
    for is_damaged in [false, true] {
        let (disk, name) = damage::five_rows(true);
        let mut bytes = disk.read(&name, u64::MAX).unwrap();
        bytes[100] ^= u8::from(is_damaged);
        files.push((name, bytes));
    }
    let directory = Directory::open(path).unwrap().unwrap();
    for (name, bytes) in files {
        directory.create(&name).unwrap().append(&bytes).unwrap();
    }
}

fn modes(path: &Path) -> BTreeSet<u32> {
    let files = std::fs::read_dir(path).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().permissions().mode() & 0o777).collect()
}

#[tokio::test]
async fn nobody_else_can_read_what_a_start_finds_or_makes() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal");
    crashed(&path);
    // As some tools put back a backup.
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    for file in std::fs::read_dir(&path).unwrap() {
        std::fs::set_permissions(file.unwrap().path(), PermissionsExt::from_mode(0o644)).unwrap();
    }
    assert_eq!(modes(&path), [0o644].into());

    let journal = Journal::open(&path, 1, JournalConfig::default()).unwrap();
    assert_eq!(journal.append(b"new;", DAY).await, Ok(()));
    assert_eq!(
        journal.stats().sealed_segments,
        3,
        "the copy of the open one, the sealed one, the damaged one"
    );
    assert_eq!(modes(&path), [0o600].into());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    journal.seal().await;
    while let Some(segment) = journal.oldest_sealed() {
        journal.read(&segment).unwrap();
        journal.delivered(&segment).unwrap();
    }
    assert_eq!(journal.stats().damaged_segments, 1);
    assert_eq!(modes(&path), [0o600].into(), "what is set aside and what is opened next too");
}
