//! Bounds: of connections, of what one source may send, of descriptors.

use std::time::Instant;

use tokio::task::JoinSet;

use super::raw::{Raw, beacon};
use super::{all_stored_once, ended, installed, settled};
use crate::harness::process::Installation;

/// Keeps on sending from one connection after another until all of its beacons are acknowledged; how often it was turned away.
async fn insist(
    process: std::sync::Arc<crate::harness::process::Process>,
    number: usize,
) -> (Vec<String>, u64) {
    let (mut paths, mut turned_away) = (Vec::new(), 0);
    let mut client = Raw::connect(&process).await;
    for at in 0..10 {
        let path = format!("/insists/{number}/{at}");
        loop {
            let request = beacon(&format!("203.0.{number}.7"), &path);
            let answer = if client.try_send(request).await { client.try_answer().await } else { None };
            let Some(answer) = answer else { panic!("closed without a word") };
            if answer.status == 202 {
                break;
            }
            assert_eq!(answer.status, 503, "neither kept nor told so: {}", answer.body);
            assert!(answer.head.contains("retry-after: 5"), "{}", answer.head);
            assert!(answer.body.contains("\"too_many_connections\""), "{}", answer.body);
            turned_away += 1;
            client.closed().await;
            client = Raw::connect(&process).await;
        }
        paths.push(path);
    }
    (paths, turned_away)
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_connection_limit_clients_are_told_so_and_what_is_acknowledged_is_stored() {
    let (installation, key) = installed(&[("SANAQ_PUBLIC_CONNECTIONS", "50")]).await;
    let process = std::sync::Arc::new(installation.serve(&[]).await);
    let mut clients = JoinSet::new();
    for number in 0..200 {
        clients.spawn(insist(std::sync::Arc::clone(&process), number));
    }
    let (mut paths, mut turned_away) = (Vec::new(), 0);
    while let Some(served) = clients.join_next().await {
        let (served, refused) = served.unwrap();
        paths.extend(served);
        turned_away += refused;
    }
    assert_eq!(paths.len(), 2_000);
    assert!(turned_away > 0, "nobody was beyond the limit: this test proves nothing");
    assert_eq!(ended(&process, "turned_away").await, turned_away as f64);
    assert_eq!(settled(&process.metrics().await, "stored", ""), 2_000.0);
    all_stored_once(&process, &key, &paths).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_source_takes_no_more_than_its_share_and_nothing_from_the_others() {
    let (rate, burst) = (20, 20);
    let settings = [("SANAQ_BEACONS_SOURCE_RATE", "20"), ("SANAQ_BEACONS_SOURCE_BURST", "20")];
    let (installation, _key) = installed(&settings).await;
    let process = std::sync::Arc::new(installation.serve(&[]).await);
    let begun = Instant::now();
    let (over, mut flood) = (std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)), JoinSet::new());
    for connection in 0..8 {
        let (process, over) = (std::sync::Arc::clone(&process), std::sync::Arc::clone(&over));
        flood.spawn(async move {
            let (mut kept, mut told) = (0_u32, 0_u32);
            let mut client = Raw::connect(&process).await;
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                // Another address of the same network each time: that is one source.
                let address = format!("203.0.113.{}", (kept + told) % 256);
                client.send(beacon(&address, &format!("/flood/{connection}"))).await;
                let answer = client.answer().await;
                match answer.status {
                    202 => kept += 1,
                    429 => {
                        assert!(
                            answer.head.contains("retry-after: 5")
                                && answer.body.contains("\"rate_limited\"")
                        );
                        told += 1;
                    }
                    status => panic!("{status}: {}", answer.body),
                }
            }
            (kept, told)
        });
    }
    let mut good = JoinSet::new();
    for number in 0..100 {
        let process = std::sync::Arc::clone(&process);
        good.spawn(async move {
            let mut client = Raw::connect(&process).await;
            for at in 0..burst {
                client.send(beacon(&format!("198.51.{number}.7"), &format!("/good/{at}"))).await;
                let answer = client.answer().await;
                assert_eq!(answer.status, 202, "somebody else's flood is felt: {}", answer.body);
            }
        });
    }
    while let Some(served) = good.join_next().await {
        served.unwrap();
    }
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    let (mut kept, mut told) = (0, 0);
    while let Some(counts) = flood.join_next().await {
        let (more_kept, more_told) = counts.unwrap();
        kept += more_kept;
        told += more_told;
    }
    let time = begun.elapsed();
    let share = f64::from(burst) + f64::from(rate) * time.as_secs_f64();
    assert!(f64::from(kept) <= share + 1.0, "{kept} in {time:?}");
    assert!(told > kept, "{told} refused: no flood");
    let text = process.metrics().await;
    assert_eq!(settled(&text, "refused", "rate_limited"), f64::from(told));
    assert_eq!(settled(&text, "stored", ""), f64::from(kept + 100 * burst));
}

#[tokio::test(flavor = "multi_thread")]
async fn descriptors_are_raised_to_what_there_is_and_fewer_connections_served_where_that_is_little() {
    let open_files = |process: u32| {
        let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        line.split_whitespace().skip(3).take(2).map(|n| n.parse().unwrap()).collect::<Vec<u32>>()
    };
    let mut installation = Installation::new();
    installation.under = &["prlimit", "--nofile=256:4096"];
    let process = installation.serve(&[]).await;
    assert_eq!(open_files(process.id()), [4096, 4096]);
    let told = installation.log_text();
    let told = told.lines().find(|line| line.contains("few_descriptors")).expect("it says so");
    assert!(told.contains("16384") && told.contains("4096") && told.contains("LimitNOFILE"), "{told}");

    // The control: with enough of them there is nothing to say.
    let mut installation = Installation::new();
    installation.under = &["prlimit", "--nofile=256:4096"];
    installation.environment.push(("SANAQ_PUBLIC_CONNECTIONS", "1000".into()));
    let process = installation.serve(&[]).await;
    assert_eq!(open_files(process.id()), [4096, 4096]);
    assert!(!installation.log_text().contains("few_descriptors"));
}
