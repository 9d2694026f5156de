//! Rows that ClickHouse refuses: they alone are parked, and no other row comes in twice or not at all.

use std::sync::atomic::Ordering;
use std::time::Duration;

use collector::delivery::insert::{Inserter, Presence, Table};
use collector::journal::Batch;
use collector::{CollectorConfig, Keys};
use engine::{Engine, EngineConfig};
use http::StatusCode;
use serve::clock::Clock;

use crate::deliver::row;
use crate::scene::{Running, Scene, eventually};

const REFUSE: &str = "ALTER TABLE events ADD CONSTRAINT sound CHECK path NOT LIKE '/bad/%'";

fn config(scene: &Scene) -> CollectorConfig {
    let mut config = CollectorConfig::new(scene.home.path());
    config.keys = Keys::Memory;
    config.delivery.longest_pause = Duration::from_millis(20);
    // How long a statement without an answer is waited for before a batch is divided.
    config.delivery.end_timeout = Duration::from_millis(500);
    config
}

/// Leaves one segment with these rows, the bad ones between the good ones, in the journal.
async fn leave_behind(scene: &Scene, good: u64, bad: u64) {
    scene.wire.faults.cut.store(true, Ordering::SeqCst);
    let collector = scene.start_with(config(scene), Clock::system()).await;
    for number in 0..bad {
        collector.send_all(&format!("good/{number}"), good / bad).await;
        assert_eq!(collector.send(&format!("bad/{number}")).await, StatusCode::ACCEPTED);
    }
    collector.abort().await;
    scene.wire.faults.cut.store(false, Ordering::SeqCst);
}

async fn is_empty(collector: &Running) {
    eventually("the journal is empty", async || collector.figure("sanaq_journal_rows") == 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_rows_that_are_refused_are_parked() {
    let scene = Scene::new("refused").await;
    scene.owner.query(REFUSE).execute().await.unwrap();
    leave_behind(&scene, 240, 2).await;
    let collector = scene.start_with(config(&scene), Clock::system()).await;
    is_empty(&collector).await;
    assert_eq!(scene.stored().await, (240, 240));
    assert_eq!(collector.figure("sanaq_journal_parked_rows"), 2.0);
    assert_eq!(collector.figure("sanaq_journal_parked_segments"), 2.0);
    assert_eq!(collector.labelled("sanaq_delivery_batches_total", "parked"), 2.0);
    assert_eq!(collector.figure("sanaq_journal_lost_rows_total"), 0.0);
    // Of 242 rows 2 are found by at most 2 * 8 divisions, each of which sends two halves.
    assert!(collector.labelled("sanaq_delivery_batches_total", "divided") <= 16.0);
    assert!(scene.wire.faults.inserts.lock().unwrap().len() <= 1 + 2 * 16 + 2 * 2);
    collector.stop().await;

    // They are still parked after a restart, and nothing is sent again.
    let collector = scene.start_with(config(&scene), Clock::system()).await;
    eventually("ready", async || collector.readiness.is_ready()).await;
    assert_eq!(collector.figure("sanaq_journal_parked_rows"), 2.0);
    assert_eq!(collector.figure("sanaq_journal_rows"), 0.0);
    collector.stop().await;
    assert_eq!(scene.stored().await, (240, 240));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_division_that_is_cut_off_anywhere_goes_on_at_the_next_start() {
    let scene = Scene::new("cut_division").await;
    scene.owner.query(REFUSE).execute().await.unwrap();
    leave_behind(&scene, 60, 2).await;
    let faults = &scene.wire.faults;
    let mut starts = 0;
    loop {
        // Ended after one INSERT more each time, with the answer of every other last one lost.
        starts += 1;
        let before = faults.inserts.lock().unwrap().len();
        faults.cut.store(false, Ordering::SeqCst);
        faults.cut_after.store(starts, Ordering::SeqCst);
        faults.lost_replies.store(starts % 2, Ordering::SeqCst);
        let collector = scene.start_with(config(&scene), Clock::system()).await;
        eventually("cut off, or done", async || {
            faults.cut.load(Ordering::SeqCst) || collector.figure("sanaq_journal_rows") == 0.0
        })
        .await;
        let done = collector.figure("sanaq_journal_rows") == 0.0;
        collector.abort().await;
        let (stored, distinct) = scene.stored().await;
        assert_eq!(stored, distinct, "start {starts}");
        assert!(starts < 30, "{} INSERTs in the last start", faults.inserts.lock().unwrap().len() - before);
        if done {
            break;
        }
    }
    assert!(starts >= 4, "{starts}");
    assert_eq!(scene.stored().await, (60, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_clickhouse_changes_its_mind_in_the_middle_no_row_comes_in_twice() {
    let scene = Scene::new("changed_mind").await;
    scene.owner.query(REFUSE).execute().await.unwrap();
    leave_behind(&scene, 60, 1).await;
    // Killed when some halves are delivered.
    let faults = &scene.wire.faults;
    faults.cut_after.store(6, Ordering::SeqCst);
    let collector = scene.start_with(config(&scene), Clock::system()).await;
    eventually("cut off", async || faults.cut.load(Ordering::SeqCst)).await;
    collector.abort().await;
    let (before, _) = scene.stored().await;
    assert!((1..60).contains(&before), "{before}");
    scene.owner.query("ALTER TABLE events DROP CONSTRAINT sound").execute().await.unwrap();
    faults.cut.store(false, Ordering::SeqCst);
    let collector = scene.start_with(config(&scene), Clock::system()).await;
    is_empty(&collector).await;
    assert_eq!(scene.stored().await, (61, 61));
    collector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_clickhouse_already_is_neither_divided_nor_sent_again() {
    let scene = Scene::new("there_already").await;
    let faults = &scene.wire.faults;
    faults.cut_with_loss.store(true, Ordering::SeqCst);
    leave_behind(&scene, 20, 1).await;
    faults.lost_replies.store(1, Ordering::SeqCst);
    let collector = scene.start_with(config(&scene), Clock::system()).await;
    eventually("stored, and the answer lost", async || scene.stored().await == (21, 21)).await;
    eventually("cut", async || faults.cut.load(Ordering::SeqCst)).await;
    // What was taken before is refused from now on.
    let refuse = "ALTER TABLE events ADD CONSTRAINT sound CHECK path != '/bad/0' OR now() < '2020-01-01'";
    scene.owner.query(refuse).execute().await.unwrap();
    faults.cut.store(false, Ordering::SeqCst);
    is_empty(&collector).await;
    assert!(collector.labelled("sanaq_delivery_errors_total", "clickhouse_poison") >= 1.0);
    assert_eq!(collector.labelled("sanaq_delivery_batches_total", "divided"), 0.0);
    assert_eq!(collector.figure("sanaq_journal_parked_rows"), 0.0);
    assert_eq!(scene.stored().await, (21, 21));
    collector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rights_of_a_collector_are_enough_to_ask_what_is_there() {
    let home = tempfile::tempdir().unwrap();
    let config = EngineConfig { all_rights: false, ..engine::testing::config(home.path()) };
    let engine = Engine::start(config).await.unwrap();
    let scene = Scene::on(&engine, "sanaq").await;
    let second = Duration::from_secs(1);
    let inserter = Inserter::new(&scene.access, Table::Events, 5 * second, 30 * second);
    let rows = [row("/a", 11), row("/b", 12)];
    let both = Batch { rows: rows.concat().into(), count: 2 };
    assert_eq!(inserter.presence(11, &both).await, Ok(Presence::Absent));
    inserter.insert("first", rows[0].clone().into()).await.unwrap();
    assert_eq!(inserter.presence(11, &both).await, Ok(Presence::Partial));
    inserter.insert("second", rows[1].clone().into()).await.unwrap();
    assert_eq!(inserter.presence(11, &both).await, Ok(Presence::Whole));
    // Counts of drops carry no number: nothing can be asked of them.
    let inserter = Inserter::new(&scene.access, Table::Drops, second, second);
    assert_eq!(inserter.presence(11, &both).await, Ok(Presence::Untold));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_fails_behind_events_doubles_nothing() {
    let scene = Scene::new("failing_view").await;
    for statement in [
        "CREATE TABLE paths (path String) ENGINE = MergeTree ORDER BY path
            SETTINGS non_replicated_deduplication_window = 10000",
        "CREATE MATERIALIZED VIEW of_paths TO paths AS
            SELECT path FROM events WHERE throwIf(path LIKE '/bad/%') = 0",
    ] {
        scene.owner.query(statement).execute().await.unwrap();
    }
    leave_behind(&scene, 40, 1).await;
    let collector = scene.start_with(config(&scene), Clock::system()).await;
    is_empty(&collector).await;
    assert!(collector.labelled("sanaq_delivery_errors_total", "clickhouse_poison") >= 1.0);
    let (stored, distinct) = scene.stored().await;
    assert_eq!(stored, distinct);
    assert!(stored >= 40, "{stored}");
    collector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_is_not_the_rows_the_batch_is_parked_in_few_pieces() {
    let scene = Scene::new("all_refused").await;
    scene.owner.query("ALTER TABLE events ADD CONSTRAINT none CHECK path = ''").execute().await.unwrap();
    leave_behind(&scene, 60, 1).await;
    let mut config = config(&scene);
    config.delivery.divisions = 4;
    let collector = scene.start_with(config, Clock::system()).await;
    eventually("parked", async || collector.figure("sanaq_journal_parked_rows") == 61.0).await;
    assert_eq!(collector.figure("sanaq_journal_parked_segments"), 5.0);
    assert_eq!(collector.figure("sanaq_journal_rows"), 0.0);
    assert_eq!(scene.stored().await, (0, 0));
    collector.stop().await;
}
