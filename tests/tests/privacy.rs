//! No marked address, agent, cookie, query or e-mail address is in any file, log line, metric or table.
//!
//! Visitors carry marks in every place that can hold one, things go wrong in every way we can bring about, and then everything
//! that was written is searched for each mark in every form it could have been kept in. Each form is planted once by a test of
//! its own, to show that the search would have found it.

mod faults;
mod needles;
mod scan;

use std::collections::BTreeSet;
use std::process::Command;

use clickhouse::Client;
use engine::User;
use rustix::process::Signal;

use crate::harness::eventually;
use crate::harness::process::{Installation, metric};
use crate::harness::service::Service;
use needles::{AGENT, COOKIE, QUERY, V4, V6, needles};
use scan::Scan;

const SITE: &str = "privacy.example.kz";

async fn installation() -> (Installation, String) {
    let installation = Installation::new();
    installation.add_site(SITE, "Asia/Almaty").await;
    let key = installation.add_key(SITE).await;
    (installation, key)
}

fn assert_clean(scan: Scan<'_>, installation: &Installation) {
    let log = installation.log_text();
    assert!(log.lines().count() > 5, "the log was captured");
    let mut scan = scan;
    scan.bytes("the log", log.as_bytes());
    assert!(scan.files > 10, "the scan saw files");
    assert_eq!(scan.findings, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_no_mark_is_in_a_file_a_log_line_or_a_metric() {
    let (installation, key) = installation().await;
    let needles = needles();
    let mut scan = Scan::of(&needles);

    // At the door, with the log at debug level.
    let process = installation.serve(&["--demo"]).await;
    faults::visits(&process, 202).await;
    faults::at_the_door(&process).await;
    faults::broken_off(&process).await;
    scan.folder("while it runs", &installation.data());
    eventually("the visits are in ClickHouse", async || {
        (metric(&process.metrics().await, "sanaq_journal_rows") == Some(0.0)).then_some(())
    })
    .await;
    // Of each address: a pageview, an opt-out's, a picture's.
    eventually("the six visits are counted", async || {
        let paths = process.pageviews_by_path(&key, SITE).await;
        (paths.iter().map(|(_, count)| count).sum::<u64>() == 6).then_some(())
    })
    .await;
    scan.bytes("a metric", process.metrics().await.as_bytes());
    scan.folder("after delivery", &installation.data());

    // The engine dies.
    faults::engine_crash(&process).await;
    scan.folder("after a crash of the engine", &installation.data());

    // The program is killed, aborts, is interrupted, is asked to stop, each with visits under way.
    process.kill().await;
    scan.folder("after SIGKILL", &installation.data());
    for signal in [Signal::ABORT, Signal::INT, Signal::TERM] {
        let process = installation.serve(&[]).await;
        faults::visits(&process, 202).await;
        let _how = process.stop(signal).await;
        scan.folder(&format!("after {signal:?}"), &installation.data());
    }
    assert_clean(scan, &installation);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clickhouse_that_rejects_rows_brings_no_mark_to_light() {
    let server = engine::testing::shared().await;
    let (mut installation, _) = installation().await;
    let database = "a_clickhouse_that_rejects_rows";
    let password = server.password(User::Owner);
    installation.environment.extend([
        ("SANAQ_CLICKHOUSE_USER", User::Owner.name().to_owned()),
        ("SANAQ_CLICKHOUSE_PASSWORD", password.clone()),
        ("SANAQ_CLICKHOUSE_DATABASE", database.to_owned()),
    ]);
    let process = installation.serve(&["--clickhouse-url", &server.url()]).await;
    let owner =
        Client::default().with_url(server.url()).with_user(User::Owner.name()).with_password(password);
    let rename = async |from: &str, to: &str| {
        owner.query(&format!("RENAME TABLE {database}.{from} TO {database}.{to}")).execute().await.unwrap();
    };
    rename("events", "events_away").await;
    faults::visits(&process, 202).await;
    eventually("ClickHouse has rejected them", async || {
        let text = process.metrics().await;
        let errors = text.lines().filter(|line| line.starts_with("sanaq_delivery_errors_total{"));
        errors
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .any(|count| count > 0.0)
            .then_some(())
    })
    .await;
    let needles = needles();
    let mut scan = Scan::of(&needles);
    scan.folder("while ClickHouse rejects", &installation.data());
    rename("events_away", "events").await;
    eventually("they are delivered after all", async || {
        (metric(&process.metrics().await, "sanaq_journal_rows") == Some(0.0)).then_some(())
    })
    .await;
    scan.bytes("a metric", process.metrics().await.as_bytes());
    assert!(process.stop(Signal::TERM).await.success());
    scan.folder("after the stop", &installation.data());
    let log = installation.log_text();
    scan.bytes("the log", log.as_bytes());
    assert!(log.contains("a batch waits for ClickHouse"), "the rejection was logged:\n{log}");
    assert_eq!(scan.findings, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_brings_no_mark_to_light() {
    let (installation, _) = installation().await;
    let journal = installation.data().join("journal");
    std::fs::create_dir_all(&journal).unwrap();
    let mount = |arguments: &[&str]| Command::new("mount").args(arguments).arg(&journal).status();
    let mounted =
        mount(&["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs"]).is_ok_and(|status| status.success());
    if !mounted {
        assert!(!rustix::process::getuid().is_root(), "root may mount a small disk");
        println!("NOT RUN: only root may mount a small disk to be filled");
        return;
    }
    // Without ClickHouse nothing leaves the journal, so that it fills.
    let process = installation.serve(&[]).await;
    let filler = Command::new("dd")
        .args(["if=/dev/zero", "bs=1k", "count=1000"])
        .arg(format!("of={}/filler", journal.display()))
        .output();
    assert!(!filler.unwrap().status.success(), "the disk is full");
    faults::visits(&process, 503).await;
    std::fs::remove_file(journal.join("filler")).unwrap();
    eventually("with room again visits are taken", async || {
        let [pageview, ..] = faults::beacons();
        let visitor = crate::harness::beacon::Visitor { address: V4, agent: AGENT };
        let reply = crate::harness::beacon::send(&process.http, &process.at.public, visitor, &pageview);
        (reply.await.unwrap().status == 202).then_some(())
    })
    .await;
    let needles = needles();
    let mut scan = Scan::of(&needles);
    scan.folder("after a full disk", &installation.data());
    assert!(process.stop(Signal::TERM).await.success());
    let unmounted = Command::new("umount").arg(&journal).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    assert_clean(scan, &installation);
}

#[test]
fn the_scan_finds_each_form_that_is_planted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    let needles = needles();
    let forms: BTreeSet<_> = needles.iter().map(|needle| needle.form.as_str()).collect();
    assert!(forms.len() >= 40, "{} forms", forms.len());
    for needle in &needles {
        let mut bytes = vec![0xA5; 4096];
        bytes.extend_from_slice(&needle.bytes);
        bytes.extend_from_slice(&[0xA5; 100]);
        std::fs::write(folder.path().join("deep/file"), bytes).unwrap();
        let mut scan = Scan::of(&needles);
        scan.folder("planted", folder.path());
        let found = format!("{} ({})", needle.value, needle.form);
        assert!(
            scan.findings.iter().any(|finding| finding.starts_with(&found)),
            "{found} was planted and not found"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_marked_value_is_in_a_row_of_any_table() {
    // Columns are compressed on disk, so the rows are also read back and scanned as text.
    let service = Service::start("2033-11-20T06:00:00Z").await;
    service.add_site(SITE, "Asia/Almaty");
    for address in [V4, V6] {
        let headers = [("user-agent", AGENT), ("x-forwarded-for", address), ("cookie", COOKIE)];
        for beacon in faults::beacons() {
            service.post_beacon(&headers, &beacon).await;
        }
    }
    service.delivered().await;
    let needles = needles();
    let mut scan = Scan::of(&needles);
    let mut rows = 0;
    for table in service.tables().await {
        let text = service.dump(&table).await;
        rows += text.lines().count();
        scan.bytes(&format!("table {table}"), text.as_bytes());
    }
    assert!(rows >= 6, "the dump has the events in it");
    assert_eq!(scan.findings, Vec::<String>::new());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_leaves_one_tally_and_nothing_that_tells_visitors_apart() {
    let service = Service::start("2033-11-20T06:00:00Z").await;
    service.add_site(SITE, "Asia/Almaty");
    let [pageview, _, engagement] = faults::beacons();
    for address in [V4, V6] {
        for flag in ["sec-gpc", "dnt"] {
            let headers =
                [("user-agent", AGENT), ("x-forwarded-for", address), ("accept-language", "kk"), (flag, "1")];
            service.post_beacon(&headers, &pageview).await;
            service.post_beacon(&headers, &engagement).await;
        }
    }
    service.delivered().await;
    let rows = service.dump("events").await;
    let mut lines = rows.lines();
    let names: Vec<_> = lines.next().unwrap().split('\t').collect();
    let kept: Vec<Vec<_>> = lines.map(|line| line.split('\t').collect()).collect();
    assert_eq!(kept.len(), 4, "one row for each view, none for engagement:\n{rows}");
    for column in [
        "tag",
        "browser",
        "browser_version",
        "os",
        "os_version",
        "device",
        "screen",
        "language",
        "referrer_path",
        "utm_source",
        "region",
        "engaged_ms",
        "props",
    ] {
        let at =
            names.iter().position(|name| *name == column).unwrap_or_else(|| panic!("no column {column}"));
        let values: BTreeSet<_> = kept.iter().map(|row| row[at]).collect();
        assert_eq!(values.len(), 1, "{column} tells opt-outs apart: {values:?}");
        assert!(["", "0", "Unknown", "{}"].contains(values.first().unwrap()), "{column} holds {values:?}");
    }
    // The control: the same view of somebody who did not opt out has all of it.
    service
        .post_beacon(&[("user-agent", AGENT), ("x-forwarded-for", V4), ("accept-language", "kk")], &pageview)
        .await;
    service.delivered().await;
    let rows = service.dump("events").await;
    assert!(rows.lines().any(|row| row.contains("Chrome") && row.contains("Linux")), "{rows}");
    assert!(!rows.contains(QUERY));
    service.stop().await;
}
