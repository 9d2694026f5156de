//! A sealed day answers as before, and what could point at a person is gone.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::beacon::{Visitor, engagement, pageview};
use crate::harness::eventually;
use crate::harness::service::Service;

const FIRST: &str = "first.example.kz";
const SECOND: &str = "second.example.kz";
const AIGUL: Visitor = Visitor::at("203.0.113.7");
const BOLAT: Visitor = Visitor::at("2001:db8:1:2:3:4:5:6");
/// 2033-11-20 in Almaty ends at this instant; the partition of `events` is named after it.
const CLOSES_AT: &str = "2016126000";

/// Everything the interface asks of a day.
async fn answers(service: &Service, site: &str, day: &str) -> Vec<Value> {
    let metrics = json!([
        "visitors",
        "visits",
        "pageviews",
        "events",
        "bounce_rate",
        "visit_duration",
        "views_per_visit",
        "engaged_time"
    ]);
    let mut questions = vec![
        json!({ "site_id": site, "metrics": metrics, "date_range": [day, day] }),
        json!({ "site_id": site, "metrics": metrics, "date_range": [day, day], "dimensions": ["time:day"] }),
        json!({ "site_id": site, "metrics": ["visitors", "pageviews"], "date_range": [day, day], "dimensions": ["time:hour"] }),
    ];
    for dimension in
        ["event:page", "visit:source", "visit:country", "visit:device", "visit:browser", "visit:os"]
    {
        questions
            .push(json!({ "site_id": site, "metrics": ["visitors", "pageviews"], "date_range": [day, day],
            "dimensions": [dimension], "order_by": [["visitors", "desc"], [dimension, "asc"]] }));
    }
    let mut answers = Vec::new();
    for question in questions {
        answers.push(service.ask(&question).await);
    }
    answers
}

async fn first_day(service: &Service) {
    let later = |seconds| service.hand.advance(SignedDuration::from_secs(seconds));
    service.visit(AIGUL, &pageview(FIRST, "/?utm_source=telegram")).await;
    later(20);
    // An engagement report may overtake the next pageview, and this one does.
    service.visit(AIGUL, &engagement(FIRST, "/", 18_000, 70)).await;
    service.visit(AIGUL, &pageview(FIRST, "/about")).await;
    later(40);
    service.visit(AIGUL, &json!({ "n": "Signup", "u": format!("https://{FIRST}/about"), "d": FIRST })).await;
    // More than half an hour later: a second visit.
    later(45 * 60);
    service.visit(AIGUL, &pageview(FIRST, "/contacts")).await;
    service.visit(AIGUL, &pageview(SECOND, "/")).await;
    later(60);
    service.visit(BOLAT, &pageview(FIRST, "/about")).await;
    service.visit_opted_out(BOLAT, &pageview(FIRST, "/contacts")).await;
    service.delivered().await;
}

/// Names of the folders below the data directory that belong to parts of this partition.
fn parts_on_disk(folder: &Path, partition: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            if name.contains(&format!("{partition}_")) {
                found.push(name);
            }
            parts_on_disk(&entry.path(), partition, found);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_day_answers_as_before_and_its_events_are_gone() {
    let service = Service::start("2033-11-20T06:00:00Z").await;
    service.add_site(FIRST, "Asia/Almaty");
    service.add_site(SECOND, "Asia/Almaty");
    first_day(&service).await;

    // In the day's last minute: the series of a day that is not over ends with the current hour.
    service.hand.set("2033-11-20T18:59:00Z".parse().unwrap());
    let before = answers(&service, FIRST, "2033-11-20").await;
    assert_eq!(
        before[0]["results"][0]["metrics"].as_array().unwrap()[..4],
        [json!(2), json!(3), json!(5), json!(6)]
    );
    let tags: BTreeSet<(u32, u64)> = service.tags().await;
    assert_eq!(tags.len(), 3, "two visitors of the first site, one of the second, none of the opt-out");
    let bits: BTreeSet<u64> = tags.iter().map(|(_, tag)| *tag).collect();
    assert_eq!(bits.len(), 3, "one visitor has different tags on two sites");
    let mut parts = Vec::new();
    parts_on_disk(&service.data(), CLOSES_AT, &mut parts);
    assert!(!parts.is_empty(), "while the day is open its parts are on disk");

    // The next morning.
    service.hand.set("2033-11-21T03:00:00Z".parse().unwrap());
    service.visit(AIGUL, &pageview(FIRST, "/")).await;
    service.delivered().await;
    eventually("the first day is sealed", async || {
        service.sealed_days().await.contains("2033-11-20").then_some(())
    })
    .await;

    eventually("no part of the sealed day is in ClickHouse", async || {
        (service.parts_of(CLOSES_AT).await == 0).then_some(())
    })
    .await;
    eventually("no part of the sealed day is on disk", async || {
        let mut parts = Vec::new();
        parts_on_disk(&service.data(), CLOSES_AT, &mut parts);
        parts.is_empty().then_some(())
    })
    .await;
    for (after, before) in answers(&service, FIRST, "2033-11-20").await.iter().zip(&before) {
        assert_eq!(after, before, "sealing changed an answer");
    }

    let second_day = service.tags().await;
    assert_eq!(second_day.len(), 1, "only the open day is left in `events`");
    assert!(second_day.iter().all(|(_, tag)| !bits.contains(tag)), "a visitor's tag outlived its day");
    service.stop().await;
}
