//! Several batches on their way at once, and what ClickHouse is told with each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use collector::delivery::insert::SETTINGS;
use collector::{CollectorConfig, Keys};
use jiff::SignedDuration;
use serve::clock::Clock;

use crate::scene::{Scene, eventually};

fn config(scene: &Scene) -> CollectorConfig {
    let mut config = CollectorConfig::new(scene.home.path());
    config.keys = Keys::Memory;
    config.delivery.longest_pause = Duration::from_millis(20);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_without_an_answer_holds_up_its_day_and_no_other_batch() {
    let scene = Scene::new("one_held").await;
    let (clock, hand) = Clock::manual("2033-11-22T18:59:00Z".parse().unwrap());
    let collector = scene.start_with(config(&scene), clock).await;
    let closes_at = "2033-11-22T19:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    let faults = &scene.wire.faults;
    faults.held_replies.store(1, Ordering::SeqCst);
    collector.send_all("held", 3).await;
    eventually("held", async || faults.holding.load(Ordering::SeqCst)).await;
    hand.advance(SignedDuration::from_mins(2));
    collector.send_all("other", 5).await;
    eventually("the others are delivered", async || collector.figure("sanaq_journal_rows") == 3.0).await;
    assert_eq!(scene.stored().await, (8, 8), "only the answer is missing");
    assert!(!collector.deliveries.retired(closes_at), "a batch of the day is in flight");
    faults.holding.store(false, Ordering::SeqCst);
    eventually("retired", async || collector.deliveries.retired(closes_at)).await;
    assert_eq!(collector.figure("sanaq_journal_rows"), 0.0);
    collector.stop().await;
    assert_eq!(scene.stored().await, (8, 8));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_batches_are_in_flight_than_allowed() {
    for (parallel, name) in [(1, "parallel_1"), (3, "parallel_3")] {
        let scene = Scene::new(name).await;
        scene.wire.faults.cut.store(true, Ordering::SeqCst);
        let mut config = config(&scene);
        config.journal.segment_rows = 5;
        config.delivery.parallel = parallel;
        let collector = scene.start_with(config.clone(), Clock::system()).await;
        collector.send_all("a", 200).await;
        scene.wire.faults.cut.store(false, Ordering::SeqCst);
        scene.wait_for(200).await;
        eventually("the journal is empty", async || collector.figure("sanaq_journal_rows") == 0.0).await;
        let at_once = scene.wire.faults.flown_at_once.load(Ordering::SeqCst);
        assert_eq!(usize::try_from(at_once).unwrap(), parallel, "as many as may be, and no more");
        collector.stop().await;
    }
}

/// The parameters of a request's first line, decoded.
fn parameters(head: &str) -> BTreeMap<String, String> {
    let target = head.split(' ').nth(1).unwrap();
    let query = target.split_once('?').unwrap().1;
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_insert_tells_all_that_exactly_once_rests_on() {
    let scene = Scene::new("told").await;
    let collector = scene.start_with(config(&scene), Clock::system()).await;
    scene.wire.faults.lost_replies.store(2, Ordering::SeqCst);
    collector.send_all("first", 5).await;
    eventually("the journal is empty", async || collector.figure("sanaq_journal_rows") == 0.0).await;
    collector.send_all("second", 5).await;
    eventually("the journal is empty", async || collector.figure("sanaq_journal_rows") == 0.0).await;
    collector.stop().await;
    let heads = scene.wire.faults.inserts.lock().unwrap().clone();
    assert!(heads.len() >= 4, "{heads:?}");
    let mut tries: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for head in &heads {
        let told = parameters(head);
        for (name, value) in SETTINGS {
            assert_eq!(told.get(*name).map(String::as_str), Some(*value), "{name}");
        }
        assert_eq!(told["max_execution_time"], "30");
        assert!(told["query"].ends_with("FORMAT RowBinary"));
        let token = &told["insert_deduplication_token"];
        assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
        tries.entry(token.clone()).or_default().insert(head.clone());
    }
    assert!(tries.len() >= 2 && tries.len() < heads.len(), "a token for each batch, one for all its tries");
    assert!(tries.values().all(|heads| heads.len() == 1), "every try of a batch is the same request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_token_for_a_retry_would_be_seen() {
    // The positive control of every test that loses replies.
    let scene = Scene::new("fresh_token").await;
    let mut config = config(&scene);
    config.delivery.fresh_token_on_retry = true;
    let collector = scene.start_with(config, Clock::system()).await;
    scene.wire.faults.lost_replies.store(1, Ordering::SeqCst);
    collector.send_all("twice", 5).await;
    eventually("the journal is empty", async || collector.figure("sanaq_journal_rows") == 0.0).await;
    collector.stop().await;
    let (stored, distinct) = scene.stored().await;
    assert_eq!(distinct, 5);
    assert!(stored > distinct, "{stored}");
}
