//! Ways in which things go wrong while marked visitors come: each must leave nothing of them anywhere.

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::SITE;
use super::needles::{AGENT, COOKIE, EMAIL, QUERY, REFERRER_QUERY, V4, V6};
use crate::harness::eventually;
use crate::harness::http::Reply;
use crate::harness::process::{Process, metric};

/// What a visitor's browser sends, with a mark in every place that can carry one.
pub(super) fn beacons() -> [Value; 3] {
    let page = format!("https://{SITE}/a/{EMAIL}?token={QUERY}&utm_source=telegram#{QUERY}");
    [
        json!({ "n": "pageview", "d": SITE, "u": page, "r": format!("https://news.example/story?q={REFERRER_QUERY}") }),
        json!({ "n": "Signup", "d": SITE, "u": format!("https://{SITE}/b?x={QUERY}"), "p": { "who": EMAIL } }),
        json!({ "n": "engagement", "d": SITE, "u": page, "e": 5000, "sd": 80 }),
    ]
}

/// What every request of the visitor carries, unless `more` says otherwise.
fn headers<'a>(address: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("user-agent", AGENT),
        ("x-forwarded-for", address),
        ("cookie", COOKIE),
        ("content-type", "text/plain"),
    ];
    let said = |name: &str| more.iter().any(|(other, _)| *other == name);
    usual.into_iter().filter(|(name, _)| !said(name)).chain(more.iter().copied()).collect()
}

async fn post(
    process: &Process,
    path: &str,
    address: &str,
    more: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Reply {
    process.http.post(&format!("{}{path}", process.at.public), &headers(address, more), body).await.unwrap()
}

/// Ordinary visits: pageview, event, engagement, from both kinds of address.
pub(super) async fn visits(process: &Process, expected: u16) {
    for address in [V4, V6] {
        for beacon in beacons() {
            let reply = post(process, "/api/event", address, &[], beacon.to_string()).await;
            assert_eq!(reply.status, expected, "{}", reply.text());
        }
    }
}

/// Everything that is answered at the door: opt-outs, drops, refusals, dry runs, other ways in.
pub(super) async fn at_the_door(process: &Process) {
    let [pageview, ..] = beacons().map(|beacon| beacon.to_string());
    for address in [V4, V6] {
        let status = async |path: &str, more: &[(&str, &str)], body: String| {
            post(process, path, address, more, body).await.status.as_u16()
        };
        assert_eq!(status("/api/event", &[("sec-gpc", "1")], pageview.clone()).await, 202, "opt-out");
        assert_eq!(
            status("/api/event", &[("sec-purpose", "prefetch")], pageview.clone()).await,
            202,
            "prefetch"
        );
        let robot = format!("{AGENT} robot/1.0");
        assert_eq!(status("/api/event", &[("user-agent", &robot)], pageview.clone()).await, 202, "robot");
        let foreign = pageview.replace(SITE, "nobody.example");
        assert_eq!(status("/api/event", &[], foreign).await, 202, "unknown site");
        assert_eq!(
            status("/api/event", &[], format!("{{\"n\": \"{AGENT} {address}\"")).await,
            400,
            "malformed"
        );
        assert_eq!(status("/api/event", &[], format!("{{\"n\": \"{EMAIL}\"}}")).await, 400, "no page");
        assert_eq!(status("/api/event", &[], pageview.repeat(500)).await, 413, "too large");
        let form = [("content-type", "multipart/form-data")];
        assert_eq!(status("/api/event", &form, pageview.clone()).await, 415, "a form");
        let key = [("authorization", "Bearer sanaq_wrong")];
        let item =
            json!([{ "n": "pageview", "d": SITE, "u": format!("https://{SITE}/?{QUERY}"), "ip": address }]);
        assert_eq!(status("/api/events", &key, item.to_string()).await, 401, "a server without a key");
        let large = [("x-mark", "canary-cookie-55e1".repeat(4000))];
        let large: Vec<_> = large.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(status("/api/event", &large, pageview.clone()).await, 431, "large header");

        let dry =
            post(process, "/api/event", address, &[("x-debug-request", "true")], pageview.clone()).await;
        assert_eq!(dry.status, 200, "dry run");
        assert!(!dry.text().contains(address) && !dry.text().contains(QUERY), "a dry run repeats a mark");

        let pixel = format!(
            "{}/api/pixel.gif?site={SITE}&u=https%3A%2F%2F{SITE}%2F%3Fx%3D{QUERY}",
            process.at.public
        );
        let pixel = process.http.call(hyper::Method::GET, &pixel, &headers(address, &[]), "").await.unwrap();
        assert_eq!(pixel.status, 200, "picture");
    }
}

/// Requests that end in the middle, or are no requests.
pub(super) async fn broken_off(process: &Process) {
    let host = process.at.public.trim_start_matches("http://");
    let head = format!(
        "POST /api/event HTTP/1.1\r\nhost: {host}\r\nuser-agent: {AGENT}\r\nx-forwarded-for: {V4}\r\ncookie: {COOKIE}\r\ncontent-type: text/plain\r\n"
    );
    for request in [
        format!("{head}content-length: 500\r\n\r\n{{\"n\":\"pageview\",\"u\":\"https://{SITE}/?{QUERY}"),
        format!("{head}transfer-encoding: chunked\r\n\r\nzz\r\n{QUERY}\r\n"),
        head.clone(),
        format!("{V4} {AGENT} {QUERY}\r\n\r\n"),
    ] {
        let mut connection = TcpStream::connect(host).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        connection.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // However it ends: a refusal, or nothing.
        let _ended = connection.read_to_end(&mut answer).await;
        assert!(!String::from_utf8_lossy(&answer).contains(QUERY));
    }
}

/// The embedded engine dies while visits come; they are taken, and delivered when it is back.
pub(super) async fn engine_crash(process: &Process) {
    let restarted = |text: &str| metric(text, "sanaq_delivery_rows_total").unwrap_or(0.0);
    let before = restarted(&process.metrics().await);
    for child in children(process.id()) {
        kill_process(Pid::from_raw(child).unwrap(), Signal::KILL).unwrap();
    }
    visits(process, 202).await;
    eventually("what came without an engine is delivered", async || {
        (restarted(&process.metrics().await) >= before + 6.0).then_some(())
    })
    .await;
}

/// Processes whose parent is this one.
fn children(parent: u32) -> Vec<i32> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        if after_name.split_whitespace().nth(1) == Some(&parent.to_string()) {
            children.push(process);
        }
    }
    assert!(!children.is_empty(), "the program has an engine");
    children
}
