//! Clients that say nothing, and clients that say it slowly, while others want to be served.

use std::time::Duration;

use tokio::task::JoinSet;

use super::raw::{Raw, beacon, head};
use super::{all_stored_once, ended, installed, open, settled};
use crate::harness::eventually;
use crate::harness::process::Process;

const SILENT: usize = 200;
const SLOW: usize = 50;

/// Sends a byte now and then until the server has had enough; what it says in the end, if anything.
async fn trickle(mut client: Raw, first: String) -> Option<u16> {
    client.send(first).await;
    // This client is slow: that is what it is for.
    while client.try_send("x").await {
        let answer = tokio::time::timeout(Duration::from_millis(100), client.try_answer()).await;
        if let Ok(answer) = answer {
            return answer.map(|answer| answer.status);
        }
    }
    None
}

/// Beacons one after another, each on this connection; their paths.
async fn behave(process: &Process, number: usize, beacons: usize) -> Vec<String> {
    let mut client = Raw::connect(process).await;
    let mut paths = Vec::new();
    for at in 0..beacons {
        let path = format!("/good/{number}/{at}");
        client.send(beacon(&format!("198.51.{number}.7"), &path)).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        paths.push(path);
    }
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_silent_and_fifty_slow_clients_keep_nobody_from_being_served() {
    // Long enough that all of them are there while the others are served, short enough to see each given up.
    let settings = [
        ("SANAQ_PUBLIC_HEAD_TIMEOUT", "5s"),
        ("SANAQ_PUBLIC_IDLE_TIMEOUT", "5s"),
        ("SANAQ_BEACONS_BODY_TIMEOUT", "5s"),
    ];
    let (installation, key) = installed(&settings).await;
    let process = std::sync::Arc::new(installation.serve(&[]).await);

    let mut silent = Vec::new();
    let mut paths = Vec::new();
    for number in 0..SILENT {
        let mut client = Raw::connect(&process).await;
        // Half of them have said something before.
        if number % 2 == 0 {
            let path = format!("/before/{number}");
            client.send(beacon("198.51.100.7", &path)).await;
            assert_eq!(client.answer().await.status, 202);
            paths.push(path);
        }
        silent.push(client);
    }
    let (mut slow_heads, mut slow_bodies) = (JoinSet::new(), JoinSet::new());
    for number in 0..SLOW {
        let client = Raw::connect(&process).await;
        if number % 2 == 0 {
            slow_heads.spawn(trickle(client, format!("{}x: ", head("203.0.113.7"))));
        } else {
            let body = format!("{}content-length: 10000\r\n\r\n{{", head("203.0.113.7"));
            slow_bodies.spawn(trickle(client, body));
        }
    }
    eventually("all of them are there", async || {
        (open(&process).await >= (SILENT + SLOW) as f64).then_some(())
    })
    .await;

    let mut good = JoinSet::new();
    for number in 0..8 {
        let process = std::sync::Arc::clone(&process);
        good.spawn(async move { behave(&process, number, 50).await });
    }
    while let Some(served) = good.join_next().await {
        paths.extend(served.unwrap());
    }
    assert!(open(&process).await >= (SILENT + SLOW) as f64, "they were there all the while");

    while let Some(told) = slow_bodies.join_next().await {
        assert_eq!(told.unwrap(), Some(400), "a body that doesn't come is refused, and told so");
    }
    while let Some(told) = slow_heads.join_next().await {
        assert_eq!(told.unwrap(), None, "a head that doesn't come is given up");
    }
    for client in &mut silent {
        client.closed().await;
    }
    assert_eq!(ended(&process, "head_timed_out").await, (SLOW / 2) as f64);
    assert!(ended(&process, "idle").await >= SILENT as f64);
    let text = process.metrics().await;
    assert_eq!(settled(&text, "refused", "body_incomplete"), (SLOW / 2) as f64);
    assert_eq!(settled(&text, "stored", ""), paths.len() as f64);
    all_stored_once(&process, &key, &paths).await;
}
