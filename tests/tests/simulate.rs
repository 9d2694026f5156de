//! `sanaq simulate`: what the dashboard shows of made-up days is what was made up, to the last integer, both ways in.

use std::process::Output;

use rustix::process::Signal;
use serde_json::{Value, json};
use serve::clock::Clock;

use crate::harness::eventually;
use crate::harness::process::{Installation, Process};

const SITE: &str = "demo.example";

/// What the last line of the command says: visitors, visits, page views, events.
fn account(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let words: Vec<&str> = text.lines().last().unwrap().split('\t').collect();
    let number = |name: &str| -> u64 {
        let word = words.iter().find_map(|word| word.strip_suffix(&format!(" {name}")));
        word.unwrap().parse().unwrap()
    };
    json!(["visitors", "visits", "pageviews", "events"].map(number))
}

async fn shown(process: &Process, key: &str, range: &Value) -> Value {
    let question = json!({
        "site_id": SITE, "date_range": range, "metrics": ["visitors", "visits", "pageviews", "events"],
    });
    process.query(key, &question).await["results"][0]["metrics"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_days_of_the_past_are_sealed_and_shown_and_never_written_over() {
    let installation = Installation::new();
    let simulate = ["simulate", "--site", SITE, "--days", "3", "--events-per-day", "300"];
    let output = installation.run(&simulate).await;
    let made_up = account(&output);
    let text = String::from_utf8(output.stdout).unwrap();
    let dates: Vec<&str> = text.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(dates.len(), 4, "three days and their sum: {text}");

    let again = installation.run(&simulate).await;
    assert_eq!(again.status.code(), Some(64));
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(said.contains(&format!("{SITE} has data of {}", dates[0])), "{said}");

    let key = installation.add_key(SITE).await;
    let process = installation.serve(&[]).await;
    assert_eq!(shown(&process, &key, &json!([dates[0], dates[2]])).await, made_up);
    assert_eq!(process.stop(Signal::TERM).await.code(), Some(0));

    // The same seed makes the same day of the same site elsewhere, another seed another.
    let yesterday = ["simulate", "--site", SITE, "--days", "1", "--events-per-day", "300"];
    let elsewhere = Installation::new().run(&yesterday).await.stdout;
    let first_line = |output: &[u8]| String::from_utf8_lossy(output).lines().next().unwrap().to_owned();
    assert_eq!(first_line(&elsewhere), text.lines().nth(2).unwrap());
    let seeded = Installation::new().run(&[&yesterday[..], &["--seed", "7"]].concat()).await.stdout;
    assert_ne!(first_line(&seeded), first_line(&elsewhere));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_could_be_real_is_refused() {
    let installation = Installation::new();
    installation.add_site("shop.example.kz", "Asia/Almaty").await;
    let refused = installation.run(&["simulate", "--site", "shop.example.kz"]).await;
    assert_eq!(refused.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no real site has"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_that_is_open_comes_in_by_the_door_for_servers() {
    let installation = Installation::new();
    installation.add_site(SITE, &afternoon()).await;
    let key = installation.add_key(SITE).await;
    let process = installation.serve(&[]).await;
    let endpoint = process.at.public.clone();
    let output = installation
        .run(&["simulate", "--site", SITE, "--endpoint", &endpoint, "--events-per-day", "1500"])
        .await;
    let made_up = account(&output);
    assert!(made_up[1].as_u64().unwrap() > 50, "an afternoon has visits: {made_up}");
    eventually("the dashboard shows what was sent", async || {
        (shown(&process, &key, &json!("day")).await == made_up).then_some(())
    })
    .await;
    // The key that was made for it is gone.
    let keys = installation.run(&["key", "list"]).await;
    let keys = String::from_utf8(keys.stdout).unwrap();
    assert!(keys.contains("revoked"), "{keys}");
    assert_eq!(process.stop(Signal::TERM).await.code(), Some(0));
}

/// A zone where it is between three and four in the afternoon: a day with something in it, and far from its end.
fn afternoon() -> String {
    let hour = Clock::system().now().to_zoned(jiff::tz::TimeZone::UTC).hour();
    // POSIX counts to the west.
    match (15 - i64::from(hour) + 12).rem_euclid(24) - 12 {
        0 => "Etc/UTC".to_owned(),
        east @ 1.. => format!("Etc/GMT-{east}"),
        west => format!("Etc/GMT+{}", -west),
    }
}
