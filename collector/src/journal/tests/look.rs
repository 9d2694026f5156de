//! A journal looked at from outside.

use std::sync::atomic::AtomicUsize;

use super::super::inspect::inspect;
use super::*;

#[tokio::test]
async fn every_segment_is_told_with_its_state_range_days_and_damage() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal");
    let journal = Journal::open(&path, 1, JournalConfig::default()).unwrap();
    for (text, day) in [("a;", 1), ("b;", 2)] {
        assert_eq!(journal.append(text.as_bytes(), day * DAY).await, Ok(()));
    }
    journal.seal().await;
    assert_eq!(journal.append(b"c;", DAY).await, Ok(()));
    journal.seal().await;
    let second =
        journal.oldest_sealed().map(|first| journal.park(&first)).and_then(|_| journal.oldest_sealed());
    let file = path.join(second.unwrap().name.to_string());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(journal.append(b"d;", 3 * DAY).await, Ok(()));

    // While it is open: no lock is asked for.
    let segments = inspect(&path).unwrap();
    let told: Vec<_> = segments
        .iter()
        .map(|segment| {
            let days: Vec<_> = segment.closes_at.iter().map(|closes_at| closes_at / DAY).collect();
            let first = segment.name.first_sequence;
            (segment.name.state.word(), first, segment.last_sequence, segment.rows, segment.lost_rows, days)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("parked", 1, Some(2), 2, 0, vec![1, 2]),
            ("sealed", 3, None, 0, 1, vec![]),
            ("open", 4, Some(4), 1, 0, vec![3]),
        ]
    );
    assert!(segments.iter().all(|segment| segment.is_ours() && segment.bytes > 0 && segment.since > 0));
}

#[test]
fn a_segment_of_another_format_is_told_by_its_name() {
    let home = tempfile::tempdir().unwrap();
    let name = "00000000000000000007-0000000000000000000000000000000a.3.100.86400.1.sealed";
    let mut bytes = Vec::new();
    record::Header { version: 99, collector: 1, identity: 10, first_sequence: 7 }.encode(&mut bytes);
    std::fs::write(home.path().join(name), bytes).unwrap();
    std::fs::write(home.path().join("lock"), "").unwrap();
    let segments = inspect(home.path()).unwrap();
    assert_eq!(segments.len(), 1);
    assert_eq!((segments[0].format, segments[0].rows, segments[0].lost_rows), (Some(99), 2, 1));
    assert!(!segments[0].is_ours());
}

#[test]
fn a_directory_that_is_not_there_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(inspect(&home.path().join("journal")).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_at_work_can_be_looked_at_at_any_time_and_is_not_changed_by_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("journal");
    let config = JournalConfig { segment_rows: 4, ..JournalConfig::default() };
    let journal = Arc::new(Journal::open(&path, 1, config).unwrap());
    let (done, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let looking = std::thread::spawn({
        let (path, done, looks) = (path.clone(), Arc::clone(&done), Arc::clone(&looks));
        move || {
            while !done.load(Ordering::SeqCst) {
                for segment in inspect(&path).unwrap() {
                    assert_eq!(segment.lost_rows, 0, "{segment:?}");
                    assert!(segment.rows <= 4, "{segment:?}");
                }
                looks.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    // Segments come, are renamed and go until it was looked at often enough.
    let mut rows = 0;
    while (looks.load(Ordering::SeqCst) < 200 || rows < 100) && !looking.is_finished() {
        assert_eq!(journal.append(format!("{rows};").as_bytes(), DAY).await, Ok(()));
        rows += 1;
        while let Some(segment) = journal.oldest_sealed() {
            assert_eq!(journal.read(&segment).unwrap().count, 4);
            journal.delivered(&segment).unwrap();
        }
    }
    done.store(true, Ordering::SeqCst);
    looking.join().unwrap();
}
