//! From an acknowledged beacon to exactly one row.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use collector::delivery::insert::{Inserter, Table};
use collector::delivery::verdict::ErrorClass;
use collector::{CollectorConfig, Keys};
use engine::Engine;
use events::row::{NO_SCROLL_DEPTH, UnixSeconds};
use events::{Device, EventRow, SiteId};
use http::StatusCode;
use jiff::SignedDuration;
use jiff::civil::date;
use serve::clock::Clock;

use crate::scene::{Scene, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_beacon_is_visible_well_within_a_second() {
    let scene = Scene::new("visible_soon").await;
    let collector = scene.start(Clock::system()).await;
    eventually("ready", async || collector.readiness.is_ready()).await;
    for round in 1..=3 {
        assert_eq!(collector.send(&format!("soon/{round}")).await, StatusCode::ACCEPTED);
        let acknowledged = Instant::now();
        scene.wait_for(round).await;
        let took = acknowledged.elapsed();
        assert!(took < Duration::from_secs(1), "round {round}: {took:?}");
    }
    collector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_reply_was_lost_is_sent_again_and_stored_once() {
    let scene = Scene::new("lost_reply").await;
    let collector = scene.start(Clock::system()).await;
    scene.wire.faults.lost_replies.store(3, Ordering::SeqCst);
    collector.send_all("first", 50).await;
    scene.wait_for(50).await;
    eventually("the journal is empty", async || collector.figure("sanaq_journal_rows") == 0.0).await;
    collector.send_all("second", 50).await;
    scene.wait_for(100).await;
    assert_eq!(scene.wire.faults.lost.load(Ordering::SeqCst), 3);
    assert_eq!(collector.labelled("sanaq_delivery_errors_total", "clickhouse_unreachable"), 3.0);
    eventually("all counted", async || collector.figure("sanaq_delivery_rows_total") == 100.0).await;
    collector.stop().await;
    assert_eq!(scene.stored().await, (100, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_alone_decides_what_is_a_repetition() {
    let scene = Scene::new("tokens").await;
    let inserter =
        Inserter::new(&scene.access, Table::Events, Duration::from_secs(5), Duration::from_secs(30));
    let rows = Bytes::from(row("/a", 1));
    inserter.insert("first", rows.clone()).await.unwrap();
    inserter.insert("first", rows.clone()).await.unwrap();
    assert_eq!(scene.stored().await, (1, 1));
    // A retry under a new token would be a double count: this is what the tests above would see.
    inserter.insert("second", rows).await.unwrap();
    assert_eq!(scene.stored().await, (2, 1));
    // Bytes that are no rows are refused, and by a class that parks them.
    assert_eq!(inserter.insert("third", Bytes::from_static(b"junk")).await, Err(ErrorClass::Poison));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_several_days_is_completed_by_its_repetition() {
    let scene = Scene::new("several_days").await;
    let inserter =
        Inserter::new(&scene.access, Table::Events, Duration::from_secs(5), Duration::from_secs(30));
    let both = [row("/a", 1), row("/b", 2)].concat();
    inserter.insert("token", both.clone().into()).await.unwrap();
    assert_eq!(scene.stored().await, (2, 2));
    scene.owner.query("ALTER TABLE events DROP PARTITION '2026-11-22 19:00:00'").execute().await.unwrap();
    assert_eq!(scene.stored().await, (1, 1));
    inserter.insert("token", both.into()).await.unwrap();
    assert_eq!(scene.stored().await, (2, 2), "only the day that was missing is added");
}

#[tokio::test(flavor = "multi_thread")]
async fn delivery_goes_on_when_the_engine_was_killed_and_started_again() {
    let home = tempfile::tempdir().unwrap();
    let engine = Engine::start(engine::testing::config(home.path())).await.unwrap();
    let scene = Scene::on(&engine, "sanaq").await;
    let collector = scene.start(Clock::system()).await;
    collector.send_all("before", 50).await;
    let restarts = engine.restarts();
    let killed = engine.process_id().unwrap().to_string();
    assert!(Command::new("kill").args(["-9", &killed]).status().unwrap().success());
    collector.send_all("meanwhile", 50).await;
    eventually("the engine is back", async || engine.restarts() > restarts && engine.is_up()).await;
    scene.wait_for(100).await;
    collector.stop().await;
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_clickhouse_is_away_beacons_are_taken_and_later_delivered() {
    let scene = Scene::new("away").await;
    let collector = scene.start(Clock::system()).await;
    eventually("ready", async || collector.readiness.is_ready()).await;
    scene.wire.faults.cut.store(true, Ordering::SeqCst);
    collector.send_all("away", 200).await;
    eventually("an error", async || collector.figure("sanaq_delivery_errors_total") >= 2.0).await;
    assert!(collector.readiness.is_ready(), "a collector that can store is ready");
    assert_eq!(collector.figure("sanaq_journal_rows"), 200.0);
    assert!(collector.figure("sanaq_delivery_lag_seconds") > 0.0);
    scene.wire.faults.cut.store(false, Ordering::SeqCst);
    scene.wait_for(200).await;
    eventually("the journal is empty", async || collector.figure("sanaq_journal_rows") == 0.0).await;
    collector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_or_killed_collector_left_is_delivered_by_the_next() {
    let scene = Scene::new("left_behind").await;
    scene.wire.faults.cut.store(true, Ordering::SeqCst);
    let collector = scene.start(Clock::system()).await;
    assert!(!collector.readiness.is_ready(), "ClickHouse was never reached");
    collector.send_all("stopped", 30).await;
    let stopping = Instant::now();
    collector.stop().await;
    assert!(stopping.elapsed() < Duration::from_secs(4));

    let collector = scene.start(Clock::system()).await;
    collector.send_all("killed", 30).await;
    collector.abort().await;

    scene.wire.faults.cut.store(false, Ordering::SeqCst);
    scene.wire.faults.lost_replies.store(1, Ordering::SeqCst);
    let collector = scene.start(Clock::system()).await;
    scene.wait_for(60).await;
    collector.stop().await;
    let sequences: (u64, u64) =
        scene.owner.query("SELECT uniqExact(sequence), max(sequence) FROM events").fetch_one().await.unwrap();
    assert_eq!(sequences, (60, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_delivers_what_was_acknowledged() {
    let scene = Scene::new("last_delivery").await;
    let mut config = CollectorConfig::new(scene.home.path());
    config.keys = Keys::Memory;
    // So long that only the stop can have sent it.
    config.delivery.linger = Duration::from_secs(600);
    let collector = scene.start_with(config, Clock::system()).await;
    eventually("ready", async || collector.readiness.is_ready()).await;
    collector.send_all("last", 20).await;
    assert_eq!(scene.stored().await, (0, 0));
    collector.stop().await;
    assert_eq!(scene.stored().await, (20, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_clickhouse_refuses_is_parked_and_the_others_go_on() {
    let scene = Scene::new("poison").await;
    let refuse = "ALTER TABLE events ADD CONSTRAINT sound CHECK path != '/poison'";
    scene.owner.query(refuse).execute().await.unwrap();
    let (clock, hand) = Clock::manual("2026-11-22T12:00:00Z".parse().unwrap());
    let collector = scene.start(clock).await;
    assert_eq!(collector.send("poison").await, StatusCode::ACCEPTED);
    eventually("parked", async || collector.labelled("sanaq_delivery_batches_total", "parked") == 1.0).await;
    assert_eq!(collector.figure("sanaq_journal_parked_rows"), 1.0);
    collector.send_all("sound", 5).await;
    scene.wait_for(5).await;

    // The day of Almaty closes at 19:00 UTC; until its grace is over an operator may still help.
    let closes_at = "2026-11-22T19:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    hand.advance(SignedDuration::from_mins(7 * 60 + 59));
    assert!(!collector.deliveries.retired(closes_at));
    hand.advance(SignedDuration::from_mins(2));
    eventually("destroyed", async || collector.figure("sanaq_journal_lost_rows_total") == 1.0).await;
    eventually("retired", async || collector.deliveries.retired(closes_at)).await;
    collector.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_retired_once_it_is_over_and_all_of_it_is_delivered() {
    let scene = Scene::new("retired").await;
    let (clock, hand) = Clock::manual("2026-11-22T18:59:00Z".parse().unwrap());
    let collector = scene.start(clock).await;
    let closes_at = "2026-11-22T19:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    assert!(!collector.deliveries.retired(closes_at), "the day is not over");
    scene.wire.faults.cut.store(true, Ordering::SeqCst);
    collector.send_all("old", 5).await;
    hand.advance(SignedDuration::from_mins(2));
    collector.send_all("new", 5).await;
    assert!(!collector.deliveries.retired(closes_at), "not delivered");
    scene.wire.faults.cut.store(false, Ordering::SeqCst);
    eventually("retired", async || collector.deliveries.retired(closes_at)).await;
    let old: u64 =
        scene.owner.query("SELECT countIf(path LIKE '/old/%') FROM events").fetch_one().await.unwrap();
    assert_eq!(old, 5);

    // The clock jumps back: what would be a row of the retired day is refused.
    hand.advance(SignedDuration::from_mins(-2));
    assert_eq!(collector.send("late").await, StatusCode::SERVICE_UNAVAILABLE);
    hand.advance(SignedDuration::from_mins(2));
    assert_eq!(collector.send("in time").await, StatusCode::ACCEPTED);
    collector.stop().await;
}

/// A row as the journal sends it, of one day for odd sequence numbers and of the next for even ones.
pub(crate) fn row(path: &str, sequence: u64) -> Vec<u8> {
    let (day, closes_at) = if sequence % 2 == 1 { (22, 1_795_374_000) } else { (23, 1_795_460_400) };
    let empty = String::new;
    let row = EventRow {
        site: SiteId(1),
        day: date(2026, 11, day),
        closes_at: UnixSeconds::new(closes_at),
        tag: None,
        time: UnixSeconds::new(closes_at - 60),
        name: "pageview".into(),
        host: "example.kz".into(),
        path: path.into(),
        source: empty(),
        channel: events::Channel::Direct,
        referrer_host: empty(),
        referrer_path: empty(),
        utm_source: empty(),
        utm_medium: empty(),
        utm_campaign: empty(),
        utm_content: empty(),
        utm_term: empty(),
        click_id: empty(),
        country: "KZ".into(),
        region: empty(),
        browser: empty(),
        browser_version: empty(),
        os: empty(),
        os_version: empty(),
        device: Device::Unknown,
        screen: empty(),
        language: "kk".into(),
        interactive: true,
        engaged_ms: 0,
        scroll_depth: NO_SCROLL_DEPTH,
        revenue_milli: 0,
        currency: empty(),
        props: vec![("key".into(), "value".into())],
        collector: 1,
    };
    let mut bytes = Vec::new();
    row.encode(&mut bytes);
    bytes.extend_from_slice(&sequence.to_le_bytes());
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_dropped_is_counted_once_by_site_day_and_reason() {
    let scene = Scene::new("drops").await;
    let collector = scene.start(Clock::system()).await;
    // Of three batches the reply is lost, so each is sent again.
    scene.wire.faults.lost_replies.store(3, Ordering::SeqCst);
    for _ in 0..40 {
        assert_eq!(collector.send_from("other.kz", "a").await, StatusCode::ACCEPTED);
    }
    let counted = async || {
        let counts: Vec<(u32, String, u64)> = scene
            .owner
            .query(
                "SELECT site, toString(reason), sum(count) FROM drops GROUP BY site, day, closes_at, reason",
            )
            .fetch_all()
            .await
            .unwrap();
        counts
    };
    eventually("the counts are delivered", async || collector.figure("sanaq_drops_waiting_rows") == 0.0)
        .await;
    assert_eq!(counted().await, [(1, "host_not_allowed".to_owned(), 40)]);
    // Killed with counts in its journal, the next start delivers them, and those before are not counted again.
    scene.wire.faults.lost_replies.store(1_000_000, Ordering::SeqCst);
    for _ in 0..10 {
        assert_eq!(collector.send_from("other.kz", "a").await, StatusCode::ACCEPTED);
    }
    collector.abort().await;
    scene.wire.faults.lost_replies.store(0, Ordering::SeqCst);
    let collector = scene.start(Clock::system()).await;
    eventually("the rest is delivered", async || {
        counted().await == [(1, "host_not_allowed".to_owned(), 50)]
            && collector.figure("sanaq_drops_waiting_rows") == 0.0
    })
    .await;
    assert_eq!(scene.stored().await, (0, 0));
    collector.stop().await;
}
