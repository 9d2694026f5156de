//! Adding and showing sites.

use std::sync::atomic::Ordering;

use http::StatusCode;
use serde_json::{Value, json};

use crate::harness::Harness;

#[tokio::test]
async fn a_site_is_added_shown_and_known_to_the_other_services_at_once() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    let body = json!({ "domain": "https://www.Жаңа.kz/kk/", "timezone": "asia/qostanay" });
    let added = harness.post("/api/sites", Some(&owner), body).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    let domain = added.json()["domain"].as_str().unwrap().to_owned();
    assert!(domain.starts_with("xn--") && domain.ends_with(".kz"));
    let expected = json!({
        "domain": domain, "timezone": "Asia/Qostanay", "week_start": 1, "opt_out": "tally", "first_beacon_at": null,
    });
    assert_eq!(added.json(), expected);
    assert!(harness.control.site_list().by_domain(&domain).is_some());

    let shown = harness.get(&format!("/api/sites/{domain}"), Some(&owner)).await.json();
    let snippet = format!(
        r#"<script defer data-site="{domain}" src="https://count.example.kz/js/script.js"></script>"#
    );
    assert_eq!(shown["snippet"], snippet);
    let listed = harness.get("/api/sites", Some(&owner)).await.json();
    let domains: Vec<_> = listed["sites"].as_array().unwrap().iter().map(|site| &site["domain"]).collect();
    assert_eq!(domains, [&json!("a.kz"), &json!("b.kz"), &json!(domain)]);
    let log = harness.control.audit_log(1).unwrap();
    assert_eq!((log[0].action.as_str(), &log[0].subject), ("site_added", &domain));
}

#[tokio::test]
async fn what_cannot_be_a_site_is_refused_by_code() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    for (domain, timezone, status, code) in [
        ("A.kz", "UTC", 409, "domain_taken"),
        ("not a domain", "UTC", 422, "bad_domain"),
        ("", "UTC", 422, "bad_domain"),
        ("192.168.1.1", "UTC", 422, "bad_domain"),
        ("c.kz", "Mars/Olympus", 422, "bad_timezone"),
        ("c.kz", "", 422, "bad_timezone"),
    ] {
        let body = json!({ "domain": domain, "timezone": timezone });
        let reply = harness.post("/api/sites", Some(&owner), body).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{domain} {timezone}");
    }
    for path in [
        "/api/sites/nowhere.kz",
        "/api/sites/nowhere.kz/live",
        "/api/sites/%FF",
        "/api/sites/%00",
        "/api/sites/a%2Fb",
    ] {
        let reply = harness.get(path, Some(&owner)).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "unknown_site"), "{path}");
    }
}

#[tokio::test]
async fn the_first_beacon_is_asked_for_until_there_is_one() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    let first =
        || async { harness.get("/api/sites/a.kz", Some(&owner)).await.json()["first_beacon_at"].clone() };
    assert_eq!(first().await, Value::Null);
    harness.asker.first_event.store(1_795_000_000, Ordering::SeqCst);
    assert_eq!(first().await, 1_795_000_000);
    assert_eq!(first().await, 1_795_000_000);
    assert_eq!(harness.asker.looked_for_first_event.load(Ordering::SeqCst), 2);
    // Known: the site can be shown while ClickHouse is away. The other one's state can't be told, and isn't made up.
    harness.asker.away.store(true, Ordering::SeqCst);
    assert_eq!(first().await, 1_795_000_000);
    let list = harness.get("/api/sites", Some(&owner)).await;
    assert_eq!((list.status.as_u16(), list.code().as_str()), (503, "statistics_unavailable"));
    assert!(list.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn the_zones_to_choose_from_are_names_that_are_taken() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    let zones = harness.get("/api/timezones", Some(&owner)).await.json();
    let zones = zones["timezones"].as_array().unwrap();
    assert!(zones.len() > 300 && zones.contains(&json!("Asia/Almaty")));
}

#[tokio::test]
async fn what_a_site_did_not_keep_is_told_by_day_and_reason() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    let ask = async |query: &str| {
        let path = format!("/api/sites/a.kz/drops{query}");
        let answer = harness.get(&path, Some(&viewer)).await;
        (answer.status.as_u16(), answer.json())
    };
    let (status, told) = ask("?from=2026-11-01&to=2026-11-22").await;
    assert_eq!(status, 200);
    assert_eq!(told["drops"][0], json!({"day": "2026-11-01", "reason": "shield_page", "count": 2}));
    assert_eq!(told["drops"][1]["day"], "2026-11-22");
    let (status, told) = ask("").await;
    assert_eq!((status, told["from"] == told["to"]), (200, true));
    for bad in
        ["?from=yesterday", "?from=2026-11-02&to=2026-11-01", "?from=2020-01-01&to=2026-01-01", "?day=1"]
    {
        let (status, told) = ask(bad).await;
        assert_eq!((status, &told["code"]), (400, &json!("bad_range")), "{bad}");
    }
}

#[tokio::test]
async fn the_first_answer_has_what_three_routes_answer() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    let note = json!({ "date": "2033-03-21", "text": "Nauryz" });
    let noted = harness.post("/api/sites/a.kz/annotations", Some(&owner), note).await;
    assert_eq!(noted.status, StatusCode::CREATED);
    let start = harness.get("/api/start?site=a.kz", Some(&owner)).await.json();
    assert_eq!(start["session"], harness.get("/api/session", Some(&owner)).await.json());
    assert_eq!(start["sites"], harness.get("/api/sites", Some(&owner)).await.json()["sites"]);
    assert_eq!(start["annotations"][0]["text"], "Nauryz");
    assert_eq!(harness.get("/api/start", Some(&owner)).await.json()["annotations"], json!(null));
    let nowhere = harness.get("/api/start?site=nobody.kz", Some(&owner)).await.json();
    assert_eq!(nowhere["annotations"], json!(null));
    assert_eq!(harness.get("/api/start?site=a.kz", None).await.code(), "signed_out");
}
