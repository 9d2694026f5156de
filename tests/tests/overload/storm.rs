//! The account of beacons at every scrape of a storm: received = stored + dropped + refused + in flight.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use super::raw::{Raw, beacon, beacon_for, head};
use super::{installed, settled};
use crate::harness::process::{Process, metric};

const CLIENTS: usize = 64;

/// What one answer says became of the beacon: its outcome and reason.
type Outcome = (&'static str, String);

/// The next request of a client of this number, most of them good. A third of the clients are of one source, which sends too much.
fn request(client: usize, at: usize) -> String {
    let address =
        if client.is_multiple_of(3) { "203.0.113.7".to_owned() } else { format!("198.51.{client}.7") };
    match at % 8 {
        0 => beacon_for("nobody.example.kz", &address, "/"),
        1 => format!("{}content-length: 1\r\n\r\n{{", head(&address)),
        2 => format!("{}content-length: 20000\r\n\r\n{}", head(&address), "x".repeat(20_000)),
        _ => beacon(&address, &format!("/storm/{client}/{at}")),
    }
}

/// Sends until told to stop; counts what each answer said.
async fn client(process: Arc<Process>, number: usize, over: Arc<AtomicBool>) -> BTreeMap<Outcome, u64> {
    let mut told = BTreeMap::new();
    let mut connection = Raw::connect(&process).await;
    for at in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        connection.send(request(number, at)).await;
        let answer = connection.answer().await;
        let code = || {
            let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
            body["code"].as_str().unwrap().to_owned()
        };
        let dropped = answer.head.lines().find_map(|line| line.strip_prefix("x-sanaq-dropped: "));
        let outcome = match (answer.status, dropped) {
            (202, None) => ("stored", String::new()),
            (202, Some(reason)) => ("dropped", reason.to_owned()),
            (400..=599, None) => ("refused", code()),
            other => panic!("{other:?}"),
        };
        *told.entry(outcome).or_default() += 1;
        if answer.head.contains("connection: close") {
            connection = Raw::connect(&process).await;
        }
    }
    told
}

/// Every series of the account in one scrape; in order, so that none can be forgotten here.
fn adds_up(text: &str) -> (f64, f64, f64) {
    let all = text.lines().filter(|line| line.starts_with("sanaq_beacons_total{"));
    let settled: f64 = all.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum();
    let of = |series| metric(text, series).unwrap();
    (of("sanaq_beacons_received_total "), settled, of("sanaq_beacons_in_flight "))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_adds_up_at_every_scrape_of_a_storm_and_with_what_clients_were_told() {
    let settings = [
        ("SANAQ_BEACONS_BODY_SIZE", "16KiB"),
        ("SANAQ_BEACONS_IN_FLIGHT", "16"),
        ("SANAQ_BEACONS_SOURCE_RATE", "200"),
        ("SANAQ_BEACONS_SOURCE_BURST", "200"),
    ];
    let (installation, _key) = installed(&settings).await;
    let process = Arc::new(installation.serve(&[]).await);
    let over = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(client(Arc::clone(&process), number, Arc::clone(&over)));
    }
    let (mut scrapes, mut busy, mut before) = (0, 0, 0.0);
    let reasons = ["overloaded", "rate_limited", "malformed_body", "body_too_large"];
    // As long as it takes for everything to have happened.
    loop {
        let text = process.metrics().await;
        let (received, sum, in_flight) = adds_up(&text);
        assert_eq!(received, sum + in_flight, "at scrape {scrapes}");
        assert!(received >= before && in_flight <= 16.0);
        scrapes += 1;
        busy += u32::from(in_flight > 0.0);
        before = received;
        let everything = reasons.iter().all(|reason| settled(&text, "refused", reason) > 50.0)
            && settled(&text, "stored", "") > 1_000.0
            && settled(&text, "dropped", "unknown_site") > 50.0;
        if everything && scrapes >= 50 && busy > 10 {
            break;
        }
        assert!(scrapes < 20_000, "it does not come to a storm:\n{text}");
    }
    over.store(true, Ordering::Relaxed);
    let mut told = BTreeMap::<Outcome, u64>::new();
    while let Some(counts) = clients.join_next().await {
        for (outcome, count) in counts.unwrap() {
            *told.entry(outcome).or_default() += count;
        }
    }
    let text = process.metrics().await;
    let (received, sum, in_flight) = adds_up(&text);
    assert_eq!((received, in_flight), (sum, 0.0));
    assert_eq!(received, told.values().sum::<u64>() as f64, "each answer is one beacon");
    for ((outcome, reason), count) in told {
        assert_eq!(settled(&text, outcome, &reason), count as f64, "{outcome} {reason}");
    }
}
