//! ClickHouse in trouble: what its answers mean, and that what passes is waited for.

use std::time::Duration;

use bytes::Bytes;
use collector::delivery::insert::{Inserter, Table};
use collector::delivery::verdict::{CODES, ErrorClass};
use http::StatusCode;
use serve::access::Secret;
use serve::clock::Clock;
use tokio::net::TcpListener;

use crate::scene::{Scene, eventually};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn the_listed_codes_are_called_what_the_engine_calls_them() {
    let scene = Scene::new("codes").await;
    let mut wrong = Vec::new();
    for (code, name, _) in CODES {
        let question = format!("SELECT errorCodeToName({code})");
        let called: String = scene.owner.query(&question).fetch_one().await.unwrap();
        if called != *name {
            wrong.push((code, name, called));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// A kind of trouble: its class, how it begins, how it ends.
const TROUBLES: &[(&str, ErrorClass, &str, &str)] = &[
    ("missing", ErrorClass::Schema, "RENAME TABLE events TO hidden", "RENAME TABLE hidden TO events"),
    (
        "too_many_parts",
        ErrorClass::Overloaded,
        "ALTER TABLE events MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1",
        "ALTER TABLE events RESET SETTING parts_to_throw_insert, parts_to_delay_insert",
    ),
    (
        "column_renamed",
        ErrorClass::Schema,
        "ALTER TABLE events RENAME COLUMN screen TO width",
        "ALTER TABLE events RENAME COLUMN width TO screen",
    ),
    (
        "read_only",
        ErrorClass::ReadOnly,
        "ALTER TABLE events MODIFY SETTING table_readonly = 1",
        "ALTER TABLE events MODIFY SETTING table_readonly = 0",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_will_pass_is_waited_for_and_nothing_is_parked() {
    for (name, class, begin, end) in TROUBLES {
        let scene = Scene::new(&format!("trouble_{name}")).await;
        let collector = scene.start(Clock::system()).await;
        // One part, for a table that takes no second.
        assert_eq!(collector.send("before").await, StatusCode::ACCEPTED);
        scene.wait_for(1).await;
        scene.owner.query(begin).execute().await.unwrap();
        collector.send_all("meanwhile", 5).await;
        eventually("five refusals", async || collector.figure("sanaq_delivery_errors_total") >= 5.0).await;
        let of_class = collector.labelled("sanaq_delivery_errors_total", class.code());
        assert_eq!(of_class, collector.figure("sanaq_delivery_errors_total"), "{name}");
        scene.owner.query(end).execute().await.unwrap();
        scene.wait_for(6).await;
        assert_eq!(collector.figure("sanaq_journal_parked_segments"), 0.0, "{name}");
        collector.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_no_reason_to_park() {
    let scene = Scene::new("wrong_password").await;
    let mut access = scene.access.clone();
    access.password = Secret::new("wrong");
    let inserter = Inserter::new(&access, Table::Events, SECOND, SECOND);
    assert_eq!(inserter.insert("token", Bytes::from_static(b"junk")).await, Err(ErrorClass::Rights));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_a_batch_and_never_answers_is_given_up() {
    let scene = Scene::new("never_answers").await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut access = scene.access.clone();
    access.url = format!("http://{}", silent.local_addr().unwrap());
    let wait = Duration::from_millis(200);
    let inserter = Inserter::new(&access, Table::Events, wait, wait);
    // Short enough for the buffers of the connection, and too long for them.
    for length in [10, 64 << 20] {
        let insert = inserter.insert("token", Bytes::from(vec![0; length]));
        let given_up = tokio::time::timeout(20 * SECOND, insert).await;
        assert_eq!(given_up.unwrap(), Err(ErrorClass::TimedOut), "{length} bytes");
    }
}
