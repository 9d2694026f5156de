//! The beacon contract of the real binary: what is taken from whom, by which rules, and what staff see of the rest.

mod plausible_rs;

use serde_json::{Value, json};

use crate::harness::beacon::{AGENT, Visitor, pageview, send};
use crate::harness::process::{Installation, Process};
use crate::harness::{eventually, http::Reply};

const SITE: &str = "contract.example";
/// Far enough from both ends of its day whenever the test runs: a midnight would part what it counts.
fn zone() -> &'static str {
    let hour = serve::clock::Clock::system().now().to_zoned(jiff::tz::TimeZone::UTC).hour();
    if (4..20).contains(&hour) { "UTC" } else { "Etc/GMT+12" }
}

async fn cli(installation: &Installation, arguments: &[&str]) -> String {
    let output = installation.run(arguments).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn start(environment: &[(&'static str, &str)]) -> (Installation, Process) {
    let mut installation = Installation::new();
    installation.environment.extend(environment.iter().map(|(name, value)| (*name, (*value).to_owned())));
    installation.add_site(SITE, zone()).await;
    let process = installation.serve(&[]).await;
    (installation, process)
}

async fn post(process: &Process, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
    let headers = [&[("content-type", "application/json"), ("user-agent", AGENT)], headers].concat();
    process.http.post(&format!("{}{path}", process.at.public), &headers, body.to_string()).await.unwrap()
}

/// Staff's sums of what a site did not keep.
async fn drops(process: &Process, cookie: &str) -> Vec<(String, u64)> {
    let url = format!("{}/api/sites/{SITE}/drops?from=2026-01-01&to=2026-12-31", process.at.staff);
    let reply = process.http.call(hyper::Method::GET, &url, &[("cookie", cookie)], "").await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let told = reply.json();
    let told = told["drops"].as_array().unwrap();
    told.iter()
        .map(|drop| (drop["reason"].as_str().unwrap().to_owned(), drop["count"].as_u64().unwrap()))
        .collect()
}

/// Makes the first administrator; the cookie of their session.
async fn sign_up(process: &Process) -> String {
    let link = process.at.setup_link.as_ref().unwrap();
    let token = link.split_once('#').unwrap().1;
    let body = json!({ "token": token, "email": "owner@contract.example", "password": "dala-samaly-2026" });
    let headers = [("content-type", "application/json"), ("origin", process.at.staff.as_str())];
    let reply = process
        .http
        .post(&format!("{}/api/setup", process.at.staff), &headers, body.to_string())
        .await
        .unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_take_effect_within_seconds_and_staff_see_what_they_dropped() {
    let (installation, process) = start(&[]).await;
    let cookie = sign_up(&process).await;
    let visitor = Visitor::at("203.0.113.5");
    let reason = async |beacon: &Value| {
        let reply = send(&process.http, &process.at.public, visitor, beacon).await.unwrap();
        assert_eq!(reply.status, 202, "{}", reply.text());
        assert_eq!(reply.header("x-plausible-dropped").is_some(), reply.header("x-sanaq-dropped").is_some());
        reply.header("x-sanaq-dropped").unwrap_or("").to_owned()
    };
    let (page, foreign) =
        (pageview(SITE, "/admin/x"), json!({"n": "pageview", "u": "https://other.kz/", "d": SITE}));
    assert_eq!(reason(&page).await, "");
    assert_eq!(reason(&foreign).await, "host_not_allowed");

    let mut expected = vec![("host_not_allowed".to_owned(), 1)];
    for (option, value, code) in [
        ("--shield-page", "/admin/**", "shield_page"),
        ("--shield-address", "203.0.113.0/24", "shield_address"),
        ("--shield-host", "*.example", "shield_host"),
        ("--allow-host", "app.example", "host_not_allowed"),
    ] {
        cli(&installation, &["site", "set", SITE, option, value]).await;
        let mut dropped = 0;
        eventually(&format!("{code} takes effect"), async || {
            let told = reason(&page).await;
            // The rule before it stays in force until this one is; which of the two dropped it is told.
            match expected.iter_mut().find(|(known, _)| *known == told) {
                Some((_, count)) => *count += 1,
                None if told == code => dropped += 1,
                None => {}
            }
            (told == code).then_some(())
        })
        .await;
        if dropped > 0 {
            expected.push((code.to_owned(), dropped));
        }
        cli(&installation, &["site", "set", SITE, option, ""]).await;
        eventually(&format!("{code} is lifted"), async || {
            let told = reason(&page).await;
            if let Some((_, count)) = expected.iter_mut().find(|(known, _)| *known == told) {
                *count += 1;
            }
            told.is_empty().then_some(())
        })
        .await;
    }
    expected.sort();
    eventually("staff see every drop once", async || {
        let mut told = drops(&process, &cookie).await;
        told.sort();
        assert!(
            told.iter()
                .all(|(reason, count)| expected.iter().any(|(known, most)| known == reason && count <= most)),
            "{told:?} {expected:?}"
        );
        (told == expected).then_some(())
    })
    .await;
    process.stop(rustix::process::Signal::TERM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_a_rule_is_refused_on_the_command_line() {
    let installation = Installation::new();
    installation.add_site(SITE, "UTC").await;
    for (option, value) in [
        ("--shield-address", "203.0.113.0/33"),
        ("--shield-address", "somewhere"),
        ("--shield-country", "KAZ"),
        ("--shield-page", "admin"),
        ("--umami-id", "mine"),
    ] {
        let output = installation.run(&["site", "set", SITE, option, value]).await;
        assert_eq!(output.status.code(), Some(64), "{option} {value}");
    }
    let shown: Value = serde_json::from_str(&cli(&installation, &["site", "show", SITE]).await).unwrap();
    assert_eq!((&shown["shield_address"], &shown["umami_id"]), (&json!([]), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_that_was_answered_is_counted_once_though_the_program_was_killed() {
    let (installation, process) = start(&[]).await;
    let foreign = json!({"n": "pageview", "u": "https://other.kz/", "d": SITE});
    for _ in 0..50 {
        let reply =
            send(&process.http, &process.at.public, Visitor::at("203.0.113.5"), &foreign).await.unwrap();
        assert_eq!(reply.header("x-sanaq-dropped"), Some("host_not_allowed"));
    }
    process.kill().await;
    let process = installation.serve(&[]).await;
    let cookie = sign_up(&process).await;
    eventually("every drop is counted", async || {
        let told = drops(&process, &cookie).await;
        assert!(told.iter().all(|(_, count)| *count <= 50), "{told:?}");
        (told == [("host_not_allowed".to_owned(), 50)]).then_some(())
    })
    .await;
    process.stop(rustix::process::Signal::TERM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_key_speaks_for_its_visitors() {
    let (installation, process) = start(&[]).await;
    let stats = installation.add_key(SITE).await;
    let key = cli(&installation, &["key", "add", "--site", SITE, "--scope", "events"]).await;
    let item = |path: &str, address: &str| json!({"n": "pageview", "u": format!("https://{SITE}{path}"), "address": address, "agent": AGENT});
    let batch = json!([
        item("/a", "203.0.113.1"),
        item("/a", "203.0.113.2"),
        item("/b", "203.0.113.2"),
        json!({"n": "pageview", "u": "https://other.kz/"}),
        json!({"n": "pageview", "u": format!("https://{SITE}/"), "time": 0, "agent": AGENT}),
        json!({"n": "pageview", "u": format!("https://{SITE}/"), "time": "2099-01-01T00:00:00Z"}),
    ]);
    let bearer = format!("Bearer {key}");
    let told = eventually("the collector knows the key", async || {
        let reply = post(&process, "/api/events", &[("authorization", &bearer)], &batch).await;
        (reply.status == 200).then(|| reply.json())
    })
    .await;
    let outcome = |at: usize| {
        let item = &told["items"][at];
        let why = item.get("reason").or(item.get("code")).and_then(Value::as_str).unwrap_or("");
        format!("{} {why}", item["outcome"].as_str().unwrap())
    };
    let outcomes: Vec<String> = (0..6).map(outcome).collect();
    assert_eq!(outcomes[..3], ["stored ", "stored ", "stored "]);
    assert!(outcomes[3].starts_with("dropped "), "{outcomes:?}");
    assert_eq!(outcomes[4..], ["refused day_closed", "refused in_future"]);

    // A key for questions opens nothing here, and one for beacons asks no questions.
    let wrong = post(&process, "/api/events", &[("authorization", &format!("Bearer {stats}"))], &batch).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["code"]), (401, &json!("invalid_key")));
    let question = json!({"site_id": SITE, "metrics": ["visitors", "pageviews"], "date_range": "day"});
    let url = format!("{}/api/v2/query", process.at.staff);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let asked = process.http.post(&url, &headers, question.to_string()).await.unwrap();
    assert_eq!(asked.status, 401);
    eventually("two visitors are counted", async || {
        let answer = process.query(&stats, &question).await;
        (answer["results"][0]["metrics"] == json!([2, 3])).then_some(())
    })
    .await;

    let prefix = &key[..14];
    cli(&installation, &["key", "revoke", prefix]).await;
    eventually("a revoked key is refused", async || {
        let reply = post(&process, "/api/events", &[("authorization", &bearer)], &json!([{"n": ""}])).await;
        (reply.status == 401).then_some(())
    })
    .await;
    process.stop(rustix::process::Signal::TERM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_and_a_picture_without_scripts() {
    let (installation, process) = start(&[]).await;
    let key = installation.add_key(SITE).await;
    let headers = [("x-debug-request", "true"), ("x-forwarded-for", "203.0.113.77")];
    let told = post(&process, "/api/event", &headers, &pageview(SITE, "/bet")).await;
    assert_eq!(told.status, 200);
    assert!(!told.text().contains("203.0.113.77"));
    let told = told.json();
    assert_eq!((&told["address"], &told["proxy_believed"]), (&json!("IPv4 public"), &json!(true)));
    assert_eq!((&told["browser"], &told["sites"][0]["row"]["path"]), (&json!("Chrome"), &json!("/bet")));

    let url = format!("{}/api/pixel.gif?site={SITE}&url=https%3A%2F%2F{SITE}%2Fnoscript", process.at.public);
    let reply = process.http.call(hyper::Method::GET, &url, &[("user-agent", AGENT)], "").await.unwrap();
    assert_eq!(
        (reply.status.as_u16(), reply.body.len(), reply.header("content-type")),
        (200, 43, Some("image/gif"))
    );
    let pages = eventually("the picture is counted", async || {
        let pages = process.pageviews_by_path(&key, SITE).await;
        (!pages.is_empty()).then_some(pages)
    })
    .await;
    // The dry run came first, and is not there.
    assert_eq!(pages, [("/noscript".to_owned(), 1)]);
    process.stop(rustix::process::Signal::TERM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_tools_are_understood_when_their_dialect_is_on() {
    let id = "94db1cb1-74f4-4a40-ad6c-962362670409";
    let (installation, process) =
        start(&[("SANAQ_DIALECTS_UMAMI", "true"), ("SANAQ_DIALECTS_GOATCOUNTER", "true")]).await;
    cli(&installation, &["site", "set", SITE, "--umami-id", id]).await;
    let key = installation.add_key(SITE).await;
    let view = json!({"type": "event", "payload": {"website": id, "hostname": SITE, "url": "/umami", "title": "SECRET"}});
    eventually("the website's id is known", async || {
        let reply = post(&process, "/api/send", &[], &view).await;
        assert_eq!(reply.status, 200);
        reply.header("x-sanaq-dropped").is_none().then_some(())
    })
    .await;
    let url = format!("{}/count?p=%2Fgoat&t=SECRET&rnd=abc", process.at.public);
    let headers = [("user-agent", AGENT), ("referer", "https://contract.example/")];
    let reply = process.http.call(hyper::Method::GET, &url, &headers, "").await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.body.len()), (200, 43));
    eventually("both are counted", async || {
        let mut pages = process.pageviews_by_path(&key, SITE).await;
        pages.sort();
        (pages == [("/goat".to_owned(), 1), ("/umami".to_owned(), 1)]).then_some(())
    })
    .await;
    process.stop(rustix::process::Signal::TERM).await;
}
