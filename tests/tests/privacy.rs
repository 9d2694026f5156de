//! No marked address or agent is in any file, log line, metric or table.
//!
//! The first form of the scan: plain text, hexadecimal and base64 of what visitors carried. Each needle is planted once
//! by the test itself, to show that the scan would have found it.

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::json;

use crate::harness::eventually;
use crate::harness::process::{Installation, Process};
use crate::harness::service::Service;

const SITE: &str = "privacy.example.kz";
const V4: &str = "203.0.113.199";
const V6: &str = "2001:db8:5ca1:ab1e:dead:beef:cafe:1234";
const V4_BYTES: [u8; 4] = [203, 0, 113, 199];
const V6_BYTES: [u8; 16] =
    [0x20, 0x01, 0x0d, 0xb8, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe, 0x12, 0x34];
const AGENT: &str = "CanaryAgent-91f0c4/7.3 (marked by the privacy scan)";
const COOKIE: &str = "canary-cookie-55e1";
const QUERY: &str = "canary-query-08bd";
const REFERRER_QUERY: &str = "canary-referrer-query-d2a7";

/// A byte string that must be nowhere, and what it is.
struct Needle {
    what: String,
    bytes: Vec<u8>,
}

/// The marked values and the raw bytes of the addresses, each as text, hexadecimal (both cases) and base64 at each of the
/// three alignments.
fn needles() -> Vec<Needle> {
    let mut needles = Vec::new();
    for (what, secret) in [
        ("IPv4 text", V4.as_bytes().to_vec()),
        ("IPv6 text", V6.as_bytes().to_vec()),
        ("agent", AGENT.as_bytes().to_vec()),
        ("cookie", COOKIE.as_bytes().to_vec()),
        ("query", QUERY.as_bytes().to_vec()),
        ("referrer query", REFERRER_QUERY.as_bytes().to_vec()),
    ] {
        needles.push(Needle { what: what.into(), bytes: secret.clone() });
        encode(what, &secret, &mut needles);
    }
    // The raw bytes of an IPv4 address are four: too few to look for as such among megabytes; their encodings are long enough.
    encode("IPv4 bytes", &V4_BYTES, &mut needles);
    needles.push(Needle { what: "IPv6 bytes".into(), bytes: V6_BYTES.to_vec() });
    needles.push(Needle { what: "IPv6 /64 bytes".into(), bytes: V6_BYTES[..8].to_vec() });
    encode("IPv6 bytes", &V6_BYTES, &mut needles);
    needles
}

fn encode(what: &str, secret: &[u8], needles: &mut Vec<Needle>) {
    let hex = secret.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    needles.push(Needle { what: format!("{what}, upper hex"), bytes: hex.to_uppercase().into_bytes() });
    needles.push(Needle { what: format!("{what}, lower hex"), bytes: hex.into_bytes() });
    for shift in 0..3 {
        // Base64 of the secret inside a longer text: only the groups that hold nothing but the secret are certain.
        let mut text = vec![b'x'; shift];
        text.extend_from_slice(secret);
        let encoded = STANDARD_NO_PAD.encode(&text);
        let first = if shift == 0 { 0 } else { 4 };
        let last = text.len() / 3 * 4;
        if last.saturating_sub(first) >= 8 {
            let bytes = encoded.as_bytes()[first..last].to_vec();
            needles.push(Needle { what: format!("{what}, base64 +{shift}"), bytes });
        }
    }
}

fn found<'a>(haystack: &[u8], needles: &'a [Needle]) -> Option<&'a Needle> {
    needles.iter().find(|needle| memchr::memmem::find(haystack, &needle.bytes).is_some())
}

/// Every file below a folder that holds a needle.
fn scan_files(folder: &Path, needles: &[Needle], findings: &mut Vec<String>) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // A file may go while we look: ClickHouse merges parts.
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            files += scan_files(&path, needles, findings);
        } else if metadata.is_file() {
            let Ok(bytes) = std::fs::read(&path) else { continue };
            files += 1;
            if let Some(needle) = found(&bytes, needles) {
                findings.push(format!("{} in {}", needle.what, path.display()));
            }
        }
    }
    files
}

/// Visits with marks in every place a visitor's secret can stand: pageviews, an event, an opt-out, a bad beacon.
async fn marked_visits(process: &Process) {
    let beacons = [
        json!({ "n": "pageview", "d": SITE, "u": format!("https://{SITE}/a?token={QUERY}&utm_source=telegram#{QUERY}"),
                "r": format!("https://news.example/story?q={REFERRER_QUERY}") }),
        json!({ "n": "Signup", "d": SITE, "u": format!("https://{SITE}/b?x={QUERY}"), "p": { "plan": "open" } }),
        json!({ "n": "engagement", "d": SITE, "u": format!("https://{SITE}/a"), "e": 5000, "sd": 80 }),
    ];
    for address in [V4, V6] {
        for beacon in &beacons {
            let headers = [
                ("content-type", "text/plain"),
                ("user-agent", AGENT),
                ("x-forwarded-for", address),
                ("cookie", COOKIE),
            ];
            let url = format!("{}/api/event", process.at.public);
            let reply = process.http.post(&url, &headers, beacon.to_string()).await.unwrap();
            assert_eq!(reply.status, 202, "{}", reply.text());
            let opted_out = [&headers[..], &[("sec-gpc", "1")]].concat();
            assert_eq!(process.http.post(&url, &opted_out, beacon.to_string()).await.unwrap().status, 202);
            let broken = format!("{{\"n\": \"{AGENT} {address}\"");
            assert_eq!(process.http.post(&url, &headers, broken).await.unwrap().status, 400);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_marked_address_or_agent_is_in_a_file_a_log_line_or_a_metric() {
    let installation = Installation::new();
    installation.add_site(SITE, "Asia/Almaty").await;
    let key = installation.add_key(SITE).await;
    let needles = needles();

    let process = installation.serve(&["--demo"]).await;
    marked_visits(&process).await;
    // The journal has handed everything over: two pageviews with a tag and two without.
    eventually("the visits are in ClickHouse", async || {
        let paths = process.pageviews_by_path(&key, SITE).await;
        (paths.iter().map(|(_, count)| count).sum::<u64>() == 4).then_some(())
    })
    .await;
    let metrics = process.metrics().await;
    assert!(found(metrics.as_bytes(), &needles).is_none(), "a metric carries a mark");

    // While it runs, after SIGKILL in the middle of more marked visits, and after an orderly stop.
    let mut findings = Vec::new();
    assert!(scan_files(&installation.data(), &needles, &mut findings) > 10);
    marked_visits(&process).await;
    process.kill().await;
    scan_files(&installation.data(), &needles, &mut findings);
    let process = installation.serve(&[]).await;
    assert!(process.stop(rustix::process::Signal::TERM).await.success());
    scan_files(&installation.data(), &needles, &mut findings);
    assert_eq!(findings, Vec::<String>::new());

    let log = installation.log_text();
    assert!(log.lines().count() > 5, "the log was captured");
    assert!(found(log.as_bytes(), &needles).is_none(), "a log line carries a mark");
}

#[test]
fn the_scan_finds_each_needle_that_is_planted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    let needles = needles();
    assert!(needles.len() > 30);
    for needle in &needles {
        let mut bytes = vec![0xA5; 4096];
        bytes.extend_from_slice(&needle.bytes);
        bytes.extend_from_slice(b"and more");
        std::fs::write(folder.path().join("deep/file"), bytes).unwrap();
        let mut findings = Vec::new();
        scan_files(folder.path(), &needles, &mut findings);
        assert_eq!(findings.len(), 1, "{} was planted and not found", needle.what);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_marked_value_is_in_a_row_of_any_table() {
    // Columns are compressed on disk, so the rows are also read back and scanned as text.
    let service = Service::start("2033-11-20T06:00:00Z").await;
    service.add_site(SITE, "Asia/Almaty");
    for address in [V4, V6] {
        let headers = [("user-agent", AGENT), ("x-forwarded-for", address), ("cookie", COOKIE)];
        let beacon = json!({ "n": "pageview", "d": SITE, "u": format!("https://{SITE}/a?token={QUERY}#{QUERY}"),
            "r": format!("https://news.example/story?q={REFERRER_QUERY}") });
        service.post_beacon(&headers, &beacon).await;
    }
    service.delivered().await;
    let needles = needles();
    let mut rows = 0;
    for table in service.tables().await {
        let text = service.dump(&table).await;
        rows += text.lines().count();
        assert!(found(text.as_bytes(), &needles).is_none(), "table {table} carries a mark");
    }
    assert!(rows >= 2, "the dump has the events in it");
    let planted = format!("{}\tx\n", V4);
    assert!(found(planted.as_bytes(), &needles).is_some(), "control");
}
