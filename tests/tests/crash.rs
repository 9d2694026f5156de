//! What was acknowledged is in ClickHouse exactly once, whatever was killed.
//!
//! Each beacon has a path of its own, so that a beacon counted twice shows as a 2 and a lost one as a hole. Twice over: here with
//! the embedded ClickHouse, which dies with its parent, asked by the API as staff do; and with one that outlives the collector, in
//! numbers, as `make chaos` does it at length.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use end_to_end::scenario::kills::Kills;
use tokio::task::JoinSet;

use crate::harness::beacon::{Visitor, pageview, send};
use crate::harness::process::{Installation, Process};
use crate::harness::{eventually, scenario};

const SITE: &str = "crash.example.kz";
const ROUNDS: u64 = 3;
const BEACONS_BEFORE_EACH_KILL: usize = 400;

/// Beacons from 16 connections until the process is gone; returns the acknowledged paths.
async fn load_until_killed(process: Process, next: &Arc<AtomicU64>) -> HashSet<String> {
    let enough = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(std::sync::Mutex::new(HashSet::new()));
    let mut clients = JoinSet::new();
    for _ in 0..16 {
        let (next, acknowledged, enough) = (Arc::clone(next), Arc::clone(&acknowledged), Arc::clone(&enough));
        let (http, public) = (process.http.clone(), process.at.public.clone());
        clients.spawn(async move {
            loop {
                let path = format!("/r/{}", next.fetch_add(1, Ordering::Relaxed));
                match send(&http, &public, Visitor::at("203.0.113.7"), &pageview(SITE, &path)).await {
                    Ok(reply) if reply.status == 202 => {
                        let mut acknowledged = acknowledged.lock().unwrap();
                        acknowledged.insert(path);
                        if acknowledged.len() >= BEACONS_BEFORE_EACH_KILL {
                            enough.store(true, Ordering::Release);
                        }
                    }
                    Ok(reply) => assert_eq!(reply.status, 503, "neither kept nor told so: {}", reply.text()),
                    Err(_) => return,
                }
            }
        });
    }
    eventually("enough beacons are acknowledged", async || enough.load(Ordering::Acquire).then_some(()))
        .await;
    // In the middle of the load: the clients are still sending.
    process.kill().await;
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    Arc::into_inner(acknowledged).unwrap().into_inner().unwrap()
}

#[test]
fn of_twenty_thousand_acknowledged_beacons_none_is_lost_over_ten_kills() {
    let report = scenario(|scene| Kills::FAST.run(scene));
    assert!(report.kept(), "{report}");
}

/// The control: what is lost with the journal is noticed.
#[test]
fn a_journal_that_vanishes_between_kill_and_restart_shows_as_loss() {
    let control = Kills { kills: 2, beacons: 2000, without_journal: true, ..Kills::FAST };
    let report = scenario(|scene| control.run(scene));
    assert!(report.broken().contains(&"acknowledged and stored"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_beacon_survives_kill_9_exactly_once() {
    let installation = Installation::new();
    installation.add_site(SITE, "Asia/Almaty").await;
    let key = installation.add_key(SITE).await;
    let next = Arc::new(AtomicU64::new(0));

    let mut acknowledged = HashSet::new();
    for _ in 0..ROUNDS {
        let process = installation.serve(&[]).await;
        acknowledged.extend(load_until_killed(process, &next).await);
    }

    let process = installation.serve(&[]).await;
    let stored: HashMap<String, u64> = eventually("every acknowledged beacon is in ClickHouse", async || {
        let stored: HashMap<_, _> = process.pageviews_by_path(&key, SITE).await.into_iter().collect();
        acknowledged.iter().all(|path| stored.contains_key(path)).then_some(stored)
    })
    .await;
    let doubled: Vec<_> = stored.iter().filter(|(_, count)| **count != 1).collect();
    assert!(doubled.is_empty(), "counted more than once: {doubled:?}");
    assert!(acknowledged.len() >= BEACONS_BEFORE_EACH_KILL * usize::try_from(ROUNDS).unwrap());

    // The control: the same look finds a beacon that really was sent twice.
    for _ in 0..2 {
        let reply =
            send(&process.http, &process.at.public, Visitor::at("203.0.113.7"), &pageview(SITE, "/twice"))
                .await;
        assert_eq!(reply.unwrap().status, 202);
    }
    eventually("the beacon sent twice shows as a 2", async || {
        let stored = process.pageviews_by_path(&key, SITE).await;
        stored.contains(&("/twice".to_owned(), 2)).then_some(())
    })
    .await;
}
