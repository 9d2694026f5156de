//! The journal's directory as an operator meets it: looked at beside a serving process, and put back from a backup.

use std::path::Path;

use collector::identity::Inheritance;
use collector::journal::inspect::inspect;
use serde_json::Value;

use crate::harness::beacon::{Visitor, pageview};
use crate::harness::eventually;
use crate::harness::process::{Installation, metric};
use crate::harness::service::Service;

const SITE: &str = "journal.example.kz";
const AIGUL: Visitor = Visitor::at("203.0.113.7");
/// 2033-11-20 in Almaty ends at this instant; the partition of `events` is named after it.
const CLOSES_AT: &str = "2016126000";

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        // What is delivered meanwhile is gone: a backup has what it finds.
        let _ = std::fs::copy(entry.path(), to.join(entry.file_name()));
    }
}

fn rows(directory: &Path) -> u64 {
    inspect(directory).unwrap().iter().map(|segment| segment.rows).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_from_a_backup_puts_nothing_back_into_a_sealed_day() {
    let directory = tempfile::Builder::new().prefix("sanaq-it-").tempdir().unwrap();
    let (data, backup) = (directory.path().join("data"), directory.path().join("backup"));
    let journal = data.join("journal");
    let service = Service::start_in(data.clone(), "2033-11-20T06:00:00Z", Inheritance::default()).await;
    service.add_site(SITE, "Asia/Almaty");
    eventually("a backup has a row that is not delivered yet", async || {
        service.visit(AIGUL, &pageview(SITE, "/")).await;
        copy(&journal, &backup);
        (rows(&backup) > 0).then_some(())
    })
    .await;
    service.delivered().await;
    service.hand.set("2033-11-21T03:00:00Z".parse().unwrap());
    service.visit(AIGUL, &pageview(SITE, "/next-day")).await;
    service.delivered().await;
    eventually("the day is sealed and gone", async || {
        let sealed = service.sealed_days().await.contains("2033-11-20");
        (sealed && service.parts_of(CLOSES_AT).await == 0).then_some(())
    })
    .await;
    service.stop().await;

    copy(&backup, &journal);
    assert!(rows(&journal) > 0, "the backup is back");
    let service = Service::start_in(data, "2033-11-21T04:00:00Z", Inheritance::default()).await;
    // Rows behind them arrive, so that those would have too.
    service.visit(AIGUL, &pageview(SITE, "/later")).await;
    service.delivered().await;
    assert_eq!(service.parts_of(CLOSES_AT).await, 0, "a sealed day has events again");
    let text = service.metrics().await;
    assert!(metric(&text, "sanaq_journal_closed_rows_total").unwrap() >= 1.0, "they are told of");
    assert_eq!(metric(&text, "sanaq_journal_lost_rows_total"), Some(0.0));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_can_be_inspected_beside_the_serving_process_and_shows_no_visitor() {
    let installation = Installation::new();
    installation.add_site(SITE, "Asia/Almaty").await;
    let none = installation.run(&["journal", "inspect"]).await;
    assert_eq!(none.status.code(), Some(64), "there is no journal yet");

    let process = installation.serve(&[]).await;
    let path = "/a-page-to-look-for";
    let told: Value = eventually("a segment with rows is seen", async || {
        let beacon = pageview(SITE, path);
        let reply =
            crate::harness::beacon::send(&process.http, &process.at.public, AIGUL, &beacon).await.unwrap();
        assert_eq!(reply.status, 202);
        let output = installation.run(&["journal", "inspect", "--json"]).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains(path) && !text.contains(AIGUL.address), "{text}");
        let told: Value = serde_json::from_str(&text).unwrap();
        let segments = told[0]["segments"].as_array().unwrap();
        segments.iter().any(|segment| segment["rows"].as_u64() > Some(0)).then_some(told)
    })
    .await;
    assert_eq!((&told[0]["journal"], &told[1]["journal"]), (&"events".into(), &"drops".into()));

    let table = installation.run(&["journal", "inspect"]).await;
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.starts_with("events: ") && table.contains("open"), "{table}");
    assert!(!table.contains(path), "{table}");
    let help = installation.run(&["journal", "inspect", "--help"]).await;
    assert!(String::from_utf8(help.stdout).unwrap().contains("Example:"));
    // The control: what is looked for is there to be found.
    let is_in_a_segment = eventually("the row is in a segment", async || {
        let beacon = pageview(SITE, path);
        let reply =
            crate::harness::beacon::send(&process.http, &process.at.public, AIGUL, &beacon).await.unwrap();
        assert_eq!(reply.status, 202);
        let files = std::fs::read_dir(installation.data().join("journal")).unwrap().flatten();
        let found = files
            .filter_map(|file| std::fs::read(file.path()).ok())
            .any(|bytes| bytes.windows(path.len()).any(|at| at == path.as_bytes()));
        found.then_some(true)
    });
    assert!(is_in_a_segment.await);
    assert!(process.stop(rustix::process::Signal::TERM).await.success());
}
