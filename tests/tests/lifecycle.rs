//! Orderly stop, restart with the data, listeners, commands.

use engine::User;
use rustix::process::Signal;
use serde_json::json;

use crate::harness::beacon::{Visitor, pageview, send};
use crate::harness::eventually;
use crate::harness::process::{Installation, metric};

const SITE: &str = "lifecycle.example.kz";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_counted_is_there_after_an_orderly_stop_and_a_start() {
    let installation = Installation::new();
    installation.add_site(SITE, "Asia/Almaty").await;
    let key = installation.add_key(SITE).await;

    let process = installation.serve(&[]).await;
    let reply =
        send(&process.http, &process.at.public, Visitor::at("203.0.113.7"), &pageview(SITE, "/kept")).await;
    assert_eq!(reply.unwrap().status, 202);
    // Ctrl-C at once: what was acknowledged is on disk, whether or not ClickHouse has it.
    assert_eq!(process.stop(Signal::INT).await.code(), Some(0));

    let process = installation.serve(&[]).await;
    eventually("the view counted before the stop is shown", async || {
        let stored = process.pageviews_by_path(&key, SITE).await;
        (stored == [("/kept".to_owned(), 1)]).then_some(())
    })
    .await;
    assert_eq!(process.stop(Signal::TERM).await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_added_beside_the_running_program_is_counted() {
    let installation = Installation::new();
    let process = installation.serve(&[]).await;
    installation.add_site(SITE, "Asia/Almaty").await;
    eventually("the collector knows the new site", async || {
        let reply =
            send(&process.http, &process.at.public, Visitor::at("203.0.113.7"), &pageview(SITE, "/")).await;
        reply.unwrap().header("x-sanaq-dropped").is_none().then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_named_probes_and_counters_that_start_at_zero() {
    let installation = Installation::new();
    let process = installation.serve(&[]).await;
    let ready = process.http.get(&format!("{}/readyz", process.at.operations)).await.unwrap();
    assert_eq!(ready.status, 200, "{}", ready.text());
    for probe in ["journal", "delivery", "clickhouse"] {
        assert!(ready.text().contains(probe), "{probe} is missing in {}", ready.text());
    }
    let live = process.http.get(&format!("{}/livez", process.at.operations)).await.unwrap();
    assert_eq!(live.status, 200);

    let text = process.metrics().await;
    for outcome in events::Outcome::all() {
        let series =
            format!("sanaq_beacons_total{{outcome=\"{}\",reason=\"{}\"}}", outcome.label(), outcome.reason());
        assert_eq!(metric(&text, &series), Some(0.0), "{series}");
    }
    let series = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count();
    assert!(series <= 500, "{series} series");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_signs_in_by_a_link_that_works_once() {
    let installation = Installation::new();
    let process = installation.serve(&[]).await;
    let link = process.at.setup_link.clone().expect("a link while there is no staff");
    let (_, token) = link.split_once("/setup#").expect("the token stands behind the #, where no log sees it");
    let body = json!({ "token": token, "email": "aigul@example.kz", "password": "correct horse battery" });
    let url = format!("{}/api/setup", process.at.staff);
    let headers = [("content-type", "application/json"), ("origin", process.at.staff.as_str())];
    let first = process.http.post(&url, &headers, body.to_string()).await.unwrap();
    assert!(first.status.is_success(), "{}", first.text());
    let second = process.http.post(&url, &headers, body.to_string()).await.unwrap();
    assert_eq!(second.status, 410);
    assert_eq!(second.json()["code"], "setup_link_used");
    assert!(!installation.log_text().lines().any(|line| line.starts_with('{') && line.contains(token)));
    assert_eq!(process.stop(Signal::TERM).await.code(), Some(0));

    let process = installation.serve(&[]).await;
    assert_eq!(process.at.setup_link, None, "no link once there is staff");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_told_in_full_and_ends_with_64() {
    let mut installation = Installation::new();
    installation.environment.push(("SANAQ_PUBLIC_LISTEN", "nowhere".into()));
    installation.environment.push(("SANAQ_SEAL_GRACE", "soon".into()));
    let output = installation.run(&["config", "check"]).await;
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{told}");
    assert!(told.contains("public.listen") && told.contains("seal.grace"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_has_help_with_an_example() {
    for command in [
        &["serve"][..],
        &["site", "add"],
        &["site", "list"],
        &["site", "remove"],
        &["user", "add"],
        &["user", "list"],
        &["user", "passwd"],
        &["key", "add"],
        &["key", "list"],
        &["key", "revoke"],
        &["geo", "build"],
        &["config", "check"],
        &["config", "reference"],
    ] {
        let output = tokio::process::Command::new(crate::harness::binary())
            .args(command)
            .arg("--help")
            .output()
            .await
            .unwrap();
        let help = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && help.contains("Example:\n  sanaq "), "{command:?}: {help}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_clickhouse_of_ones_own_the_embedded_one_is_never_started() {
    let server = engine::testing::shared().await;
    let mut installation = Installation::new();
    installation.environment.extend([
        ("SANAQ_CLICKHOUSE_USER", User::Owner.name().to_owned()),
        ("SANAQ_CLICKHOUSE_PASSWORD", server.password(User::Owner)),
        ("SANAQ_CLICKHOUSE_DATABASE", "a_clickhouse_of_ones_own".to_owned()),
    ]);
    installation.add_site(SITE, "Asia/Almaty").await;
    let key = installation.add_key(SITE).await;
    let process = installation.serve(&["--clickhouse-url", &server.url()]).await;
    let reply =
        send(&process.http, &process.at.public, Visitor::at("203.0.113.7"), &pageview(SITE, "/")).await;
    assert_eq!(reply.unwrap().status, 202);
    eventually("the view is in that ClickHouse", async || {
        (process.pageviews_by_path(&key, SITE).await == [("/".to_owned(), 1)]).then_some(())
    })
    .await;
    assert!(!installation.data().join("engine").exists(), "an engine was started");
    assert_eq!(process.stop(Signal::TERM).await.code(), Some(0));
}
