//! The dry run, the pixel, and what other tools' clients get to read.

use events::SiteRules;
use serde_json::json;

use super::*;

impl Bench {
    /// The one site, with these rules.
    fn rule(&self, rules: SiteRules) {
        let site = self.sites.by_domain("example.kz").unwrap();
        self.sites.replace([Site { rules, ..Site::clone(&site) }]);
    }

    async fn json(&self, request: Request<Full<Bytes>>) -> (u16, Value) {
        let answer = self.ask(request).await;
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&body(answer).await).unwrap())
    }
}

fn with(mut request: Request<Full<Bytes>>, name: &'static str, value: &str) -> Request<Full<Bytes>> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

fn to(path: &str, body: &Value) -> Request<Full<Bytes>> {
    Request::post(path)
        .header("content-type", "application/json")
        .body(Full::new(body.to_string().into()))
        .unwrap()
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_stored_and_stores_nothing() {
    let bench = bench(BeaconLimits::default());
    let beacon = r#"{"n":"pageview","u":"https://example.kz/bet?token=SECRET","d":"example.kz,nobody.kz","z":"Asia/Almaty"}"#;
    let (status, told) = bench.json(with(post("text/plain", beacon), "x-debug-request", "true")).await;
    assert_eq!(status, 200);
    assert_eq!((&told["address"], &told["proxy_believed"]), (&json!("IPv4 public"), &json!(false)));
    assert_eq!(told["country"], json!({"code": "KZ", "from": "time_zone"}));
    assert_eq!(told["sites"][0]["outcome"], "stored");
    let row = &told["sites"][0]["row"];
    assert_eq!(
        (&row["path"], &row["country"], &row["day"]),
        (&json!("/bet"), &json!("KZ"), &json!("2026-11-22"))
    );
    assert!(row.get("tag").is_none() && row.get("sequence").is_none(), "{row}");
    assert_eq!(
        told["sites"][1],
        json!({"domain": "nobody.kz", "outcome": "dropped", "reason": "unknown_site"})
    );
    let text = told.to_string();
    assert!(!text.contains("192.0.2.1") && !text.contains("SECRET"), "{text}");

    assert_eq!(bench.metrics.ledger.received_and_in_flight(), (0, 0));
    assert_eq!((bench.journal.stats().undelivered_rows, bench.drops.stats().undelivered_rows), (0, 0));
    let (status, _) = bench.json(with(post("text/plain", "{"), "x-debug-request", "true")).await;
    assert_eq!(status, 400);
    let counted = bench.registry.gather();
    let counted = counted.iter().find(|family| family.name() == "sanaq_dry_runs_total").unwrap();
    assert_eq!(counted.get_metric()[0].get_counter().get_value(), 2.0);
}

#[tokio::test]
async fn a_dry_run_agrees_with_what_then_happens() {
    let bench = bench(BeaconLimits::default());
    let foreign = r#"{"n":"pageview","u":"https://other.kz/","d":"example.kz"}"#;
    for (beacon, reason) in [(PAGEVIEW, ""), (foreign, "host_not_allowed")] {
        let (_, told) = bench.json(with(post("text/plain", beacon), "x-debug-request", "true")).await;
        let answer = bench.ask(post("text/plain", beacon)).await;
        assert_eq!(told["sites"][0]["reason"].as_str().unwrap_or(""), reason);
        assert_eq!(says(&answer, answer::DROPPED_REASON), reason);
    }
}

#[tokio::test]
async fn a_drop_is_counted_on_disk_before_it_is_answered_or_it_is_refused() {
    let bench = bench(BeaconLimits::default());
    let foreign = r#"{"n":"pageview","u":"https://other.kz/","d":"example.kz"}"#;
    let answer = bench.ask(post("text/plain", foreign)).await;
    assert_eq!((answer.status().as_u16(), says(&answer, answer::DROPPED_REASON)), (202, "host_not_allowed"));
    assert_eq!((bench.journal.stats().undelivered_rows, bench.drops.stats().undelivered_rows), (0, 1));
    // Nobody's beacons belong to no site.
    bench.ask(post("text/plain", r#"{"n":"pageview","u":"https://nobody.kz/","d":"nobody.kz"}"#)).await;
    assert_eq!(bench.drops.stats().undelivered_rows, 1);
    bench.drops.close();
    let answer = bench.ask(post("text/plain", foreign)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(bench.settled(Outcome::Dropped(DropReason::HostNotAllowed)), 1);
    assert_eq!(bench.settled(Outcome::Refused(RefuseReason::JournalUnavailable)), 1);
}

#[tokio::test]
async fn rules_of_a_site_decide_with_the_next_beacon() {
    let bench = bench(BeaconLimits::default());
    let list = |entry: &str| vec![entry.to_owned()];
    let sent = async |zone: &str| {
        let beacon =
            format!(r#"{{"n":"pageview","u":"https://example.kz/bet/1","d":"example.kz","z":"{zone}"}}"#);
        let answer = bench.ask(post("text/plain", beacon)).await;
        says(&answer, answer::DROPPED_REASON).to_owned()
    };
    for (rules, reason) in [
        (SiteRules::default(), ""),
        (SiteRules { shield_addresses: list("192.0.2.0/24"), ..SiteRules::default() }, "shield_address"),
        (SiteRules { shield_countries: list("KZ"), ..SiteRules::default() }, "shield_country"),
        (SiteRules { shield_countries: list("DE"), ..SiteRules::default() }, ""),
        (SiteRules { shield_pages: list("/bet/*"), ..SiteRules::default() }, "shield_page"),
        (SiteRules { shield_hosts: list("example.kz"), ..SiteRules::default() }, "shield_host"),
        (SiteRules { allow_hosts: list("app.example.kz"), ..SiteRules::default() }, "host_not_allowed"),
        (SiteRules::default(), ""),
    ] {
        bench.rule(rules);
        assert_eq!(sent("Asia/Almaty").await, reason);
    }
}

#[tokio::test]
async fn a_picture_counts_the_page_that_shows_it() {
    let bench = bench(BeaconLimits::default());
    let answer = bench
        .ask(request(Method::GET, "/api/pixel.gif?site=example.kz&url=https%3A%2F%2Fexample.kz%2Fbet"))
        .await;
    assert_eq!((answer.status().as_u16(), says(&answer, header::CONTENT_TYPE)), (200, "image/gif"));
    assert_eq!(says(&answer, header::CACHE_CONTROL), "no-store");
    assert_eq!(bench.journal.stats().undelivered_rows, 1);
    let shown = with(request(Method::GET, "/api/pixel.gif"), "referer", "https://example.kz/kk");
    assert_eq!(bench.ask(shown).await.status(), StatusCode::OK);
    assert_eq!(bench.settled(Outcome::Stored), 2);
    let answer =
        bench.ask(request(Method::GET, "/api/pixel.gif?site=example.kz&url=https%3A%2F%2Fother.kz%2F")).await;
    assert_eq!((answer.status().as_u16(), says(&answer, answer::DROPPED_REASON)), (200, "host_not_allowed"));
    let (status, told) = bench.json(request(Method::GET, "/api/pixel.gif?site=example.kz")).await;
    assert_eq!((status, &told["code"]), (400, &json!("invalid_field")));
    assert_eq!(bench.metrics.ledger.received_and_in_flight(), (4, 0));
}

#[tokio::test]
async fn umamis_clients_read_what_they_know_and_no_ids() {
    let bench = bench(BeaconLimits::default());
    let event =
        json!({"type": "event", "payload": {"website": UMAMI_ID, "hostname": "example.kz", "url": "/a"}});
    let (status, told) = bench.json(to("/api/send", &event)).await;
    assert_eq!((status, told), (200, json!({"cache": "", "sessionId": "", "visitId": ""})));
    let identify = json!({"type": "identify", "payload": {"website": UMAMI_ID, "id": "SECRET"}});
    let (status, told) = bench.json(to("/api/send", &identify)).await;
    assert_eq!((status, told), (200, json!({"beep": "boop"})));
    assert_eq!(bench.settled(Outcome::Dropped(DropReason::NotCovered)), 1);
    let (status, _) = bench.json(to("/api/send", &json!({"type": "event"}))).await;
    assert_eq!(status, 400);

    let (status, told) = bench.json(to("/api/batch", &json!([event, identify, {"type": "event"}]))).await;
    assert_eq!(status, 200);
    let counts = (&told["size"], &told["processed"], &told["errors"]);
    assert_eq!(counts, (&json!(3), &json!(2), &json!(1)));
    assert_eq!(told["details"][0]["index"], 2);
    assert_eq!(bench.settled(Outcome::Stored), 2);
}

#[tokio::test]
async fn goatcounters_script_finds_its_site_by_name_page_or_host() {
    let bench = bench(BeaconLimits::default());
    let named = request(Method::GET, "/count?p=%2Fa&site=example.kz");
    let paged = with(request(Method::POST, "/count?p=%2Fb"), "referer", "https://www.example.kz/b");
    let hosted = with(request(Method::GET, "/count?p=%2Fc"), "host", "example.kz:8080");
    for asked in [named, paged, hosted] {
        let answer = bench.ask(asked).await;
        assert_eq!((answer.status().as_u16(), says(&answer, header::CONTENT_TYPE)), (200, "image/gif"));
        assert_eq!(says(&answer, header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    }
    assert_eq!(bench.settled(Outcome::Stored), 3);
    let answer = bench.ask(request(Method::GET, "/count?p=%2Fa&b=150&site=example.kz")).await;
    assert_eq!(
        (answer.status().as_u16(), says(&answer, HeaderName::from_static("x-goatcounter"))),
        (202, "bot")
    );
    let answer = bench.ask(request(Method::GET, "/count?site=example.kz")).await;
    assert_eq!(
        (answer.status().as_u16(), says(&answer, HeaderName::from_static("x-goatcounter"))),
        (400, "is required")
    );
}

#[tokio::test]
async fn a_dialect_that_is_off_is_not_there() {
    let Bench { door, .. } = bench(BeaconLimits::default());
    let Ok(door) = Arc::try_unwrap(door) else { panic!("one owner") };
    let door = door.with_dialects(Dialects::default());
    for (method, path) in [
        (Method::POST, "/api/send"),
        (Method::OPTIONS, "/api/send"),
        (Method::POST, "/api/batch"),
        (Method::GET, "/count?p=/"),
        (Method::POST, "/api/v0/count"),
    ] {
        let answer = door.answer(Some(&peer()), request(method.clone(), path)).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
}

#[tokio::test]
async fn a_beacon_may_use_every_limit_at_once() {
    let bench = bench(BeaconLimits::default());
    let props: serde_json::Map<String, Value> =
        (0..31).map(|at| (format!("{at:0>300}"), Value::from("v".repeat(2000)))).collect();
    let url = format!("https://example.kz/{:a<1981}", "");
    let beacon =
        json!({"n": "x".repeat(120), "u": url, "d": "example.kz", "r": "r".repeat(2000), "p": props});
    let answer = bench.ask(post("text/plain", beacon.to_string())).await;
    assert_eq!((answer.status().as_u16(), says(&answer, answer::DROPPED_REASON)), (202, ""));
    assert_eq!(bench.settled(Outcome::Stored), 1);
}
