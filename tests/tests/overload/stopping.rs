//! SIGTERM in the middle of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::task::JoinSet;

use super::raw::{Raw, beacon, head};
use super::{all_stored_once, installed};
use crate::harness::eventually;
use crate::harness::process::Process;

/// Beacons until the connection ends; those that were acknowledged. Whatever is answered is a 202: what was accepted is not refused.
async fn load(process: Arc<Process>, number: usize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    'connections: while let Some(mut client) = Raw::try_connect(&process).await {
        loop {
            let path = format!("/stopping/{number}/{}", acknowledged.len());
            if !client.try_send(beacon(&format!("203.0.{number}.7"), &path)).await {
                continue 'connections;
            }
            let Some(answer) = client.try_answer().await else { continue 'connections };
            assert_eq!(answer.status, 202, "accepted, then refused: {}", answer.body);
            acknowledged.push(path);
            if answer.head.contains("connection: close") {
                continue 'connections;
            }
        }
    }
    acknowledged
}

/// Starts to stop it.
fn terminate(process: &Process) {
    kill_process(Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap(), Signal::TERM).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_it_stops_within_5_s_and_loses_and_refuses_nothing() {
    let (installation, key) = installed(&[("SANAQ_BEACONS_SOURCE_RATE", "0")]).await;
    let process = Arc::new(installation.serve(&[]).await);
    let mut idle = Vec::new();
    for number in 0..50 {
        let mut client = Raw::connect(&process).await;
        if number % 2 == 0 {
            client.send(beacon("198.51.100.7", &format!("/idle/{number}"))).await;
            assert_eq!(client.answer().await.status, 202);
        }
        idle.push(client);
    }
    let mut loads = JoinSet::new();
    for number in 0..16 {
        loads.spawn(load(Arc::clone(&process), number));
    }
    eventually("they are at it", async || {
        let text = process.metrics().await;
        (super::settled(&text, "stored", "") > 500.0).then_some(())
    })
    .await;
    let begun = Instant::now();
    terminate(&process);
    let mut acknowledged = Vec::new();
    while let Some(paths) = loads.join_next().await {
        acknowledged.extend(paths.unwrap());
    }
    for client in &mut idle {
        client.closed().await;
    }
    let status = Arc::into_inner(process).unwrap().ended().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(status.code(), Some(0), "nobody had to be cut off");
    assert!(acknowledged.len() > 400);

    let process = installation.serve(&[]).await;
    all_stored_once(&process, &key, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_its_time_does_not_hold_the_end_up() {
    let (installation, key) = installed(&[("SANAQ_BEACONS_BODY_TIMEOUT", "60s")]).await;
    let process = installation.serve(&[]).await;
    let mut good = Raw::connect(&process).await;
    good.send(beacon("203.0.113.7", "/in-time")).await;
    assert_eq!(good.answer().await.status, 202);
    let mut slow = Raw::connect(&process).await;
    slow.send(format!("{}content-length: 10000\r\n\r\n{{", head("203.0.113.7"))).await;
    let mut slow_head = Raw::connect(&process).await;
    slow_head.send(head("203.0.113.7")).await;
    eventually("the slow beacon is on its way", async || {
        let text = process.metrics().await;
        (crate::harness::process::metric(&text, "sanaq_beacons_in_flight") == Some(1.0)).then_some(())
    })
    .await;

    let begun = Instant::now();
    terminate(&process);
    // Unready while it drains, and nobody else is let in.
    eventually("operators see it is stopping", async || {
        let ready = process.http.get(&format!("{}/readyz", process.at.operations)).await.ok()?;
        (ready.status == 503 && ready.text().contains("stopping")).then_some(())
    })
    .await;
    eventually("nobody is let in", async || Raw::try_connect(&process).await.is_none().then_some(())).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "this was to be seen before the end");
    let status = process.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(status.code(), Some(75), "it says that somebody was cut off");
    assert!(slow.try_answer().await.is_none_or(|answer| answer.status != 202), "it was not kept");
    slow_head.closed().await;

    let process = installation.serve(&[]).await;
    all_stored_once(&process, &key, &["/in-time".to_owned()]).await;
}
