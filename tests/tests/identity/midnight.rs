//! A midnight as it happens: the real binary, by a clock that runs, only ahead (`libfaketime`).
//!
//! The other proofs move the clock of the composed program. Here nothing is moved while the program runs: timers fire when they
//! fire, and one process lives through the end of a day, destroys its key, seals the day and goes on counting. The kernel's own
//! clocks are left alone.

use events::LocalDay;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::keys::{Keys, Predecessor};
use super::scan::Snapshot;
use crate::harness::beacon::{Visitor, pageview, send};
use crate::harness::eventually;
use crate::harness::process::{Installation, Process, metric};

const SITE: &str = "midnight.example.kz";
const ZONE: &str = "Asia/Almaty";
const VISITOR: Visitor = Visitor::at("203.0.113.7");
/// How long before midnight the program starts: enough for a start on a busy machine and a few beacons.
const BEFORE: SignedDuration = SignedDuration::from_secs(25);

#[allow(clippy::disallowed_methods, reason = "the real program under test reads the real clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

async fn view(process: &Process) {
    let reply = send(&process.http, &process.at.public, VISITOR, &pageview(SITE, "/")).await.unwrap();
    assert_eq!(reply.status, 202, "{}", reply.text());
}

/// What the ledger says of the key of the day that closes at this instant.
async fn ledger(process: &Process, closes_at: i64) -> Option<Value> {
    let reply = process.http.get(&format!("{}/.well-known/sanaq/keys", process.at.public)).await.unwrap();
    let closes_at = Timestamp::from_second(closes_at).unwrap().to_string();
    reply.json()["keys"].as_array().unwrap().iter().find(|key| key["closes_at"] == closes_at).cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_program_lives_through_a_midnight_and_its_key_does_not() {
    let zone = TimeZone::get(ZONE).unwrap();
    let day = LocalDay::at(now(), &zone).unwrap();
    let midnight = Timestamp::from_second(day.closes_at).unwrap();
    // From here on the program's clock is the real one and so much.
    let ahead = midnight.checked_sub(BEFORE).unwrap().duration_since(now());

    let mut installation = Installation::new();
    installation.environment.extend([
        ("SANAQ_COLLECTOR_KEYS", "locked".into()),
        ("SANAQ_SEAL_GRACE", "2s".into()),
        ("SANAQ_SEAL_INTERVAL", "1s".into()),
    ]);
    installation.add_site(SITE, ZONE).await;
    let stats = installation.add_key(SITE).await;
    installation.set_clock_ahead(&format!("{}s", ahead.as_secs()));
    let keys = Keys::random(1, day.date);
    let predecessor = Predecessor::at(&installation.data());
    let roots = [(day.closes_at, keys.root)];
    let given = tokio::task::spawn_blocking(move || predecessor.give(&roots));
    let process = installation.serve(&[]).await;
    given.await.unwrap();

    view(&process).await;
    view(&process).await;
    let question =
        |range: Value| json!({ "site_id": SITE, "metrics": ["visitors", "pageviews"], "date_range": range });
    let whole = question(json!([day.date.to_string(), day.date.to_string()]));
    let counted = eventually("the views are counted", async || {
        let answer = process.query(&stats, &whole).await["results"].clone();
        (answer[0]["metrics"][1] == 2).then_some(answer)
    })
    .await;
    assert!(now() + ahead < midnight, "the machine was too busy: midnight was over before it was looked at");
    assert_eq!(counted[0]["metrics"][0], 1);
    let open = ledger(&process, day.closes_at).await.unwrap();
    let mut hasher = blake3::Hasher::new_derive_key("sanaq 2026-11 public commitment to a root key");
    assert_eq!(
        open["commitment"],
        hasher.update(&keys.root).finalize().to_hex().as_str(),
        "the program uses just the key that is looked for"
    );
    assert_eq!(open["destroyed_at"], Value::Null);

    // Whether a key can be seen at all depends on the kernel: in secret memory it can't. That the scan reaches the heap can.
    let control = [("the site's name", SITE.as_bytes()[..8].try_into().unwrap())];
    assert!(!Snapshot::of(process.id()).find(&control).is_empty());

    let destroyed = eventually("the key's end is in the ledger", async || {
        ledger(&process, day.closes_at).await.filter(|key| key["destroyed_at"] != Value::Null)
    })
    .await;
    let at: Timestamp = destroyed["destroyed_at"].as_str().unwrap().parse().unwrap();
    assert!(at >= midnight && at <= midnight + SignedDuration::from_secs(1), "destroyed at {at}");
    let found = Snapshot::of(process.id()).find(&keys.pieces());
    assert_eq!(found, Vec::<String>::new(), "what is destroyed is gone");

    // The same person, a new day: another visitor, and another key.
    view(&process).await;
    eventually("the new day's view is counted", async || {
        let answer = process.query(&stats, &question(json!("day"))).await["results"].clone();
        (answer[0]["metrics"] == json!([1, 1])).then_some(())
    })
    .await;
    let next = LocalDay::at(midnight, &zone).unwrap();
    let key =
        eventually("the new key is in the ledger", async || ledger(&process, next.closes_at).await).await;
    assert_ne!(key["commitment"], open["commitment"]);

    eventually("the day is sealed", async || {
        (metric(&process.metrics().await, "sanaq_seal_days_total") == Some(1.0)).then_some(())
    })
    .await;
    assert_eq!(
        process.query(&stats, &whole).await["results"],
        counted,
        "the sealed day reads as the open one did"
    );
}
