//! What each source may send, as its clients see it.

use serde_json::json;

use super::*;
use crate::limit::SourceLimit;

/// So many beacons, and hardly any more after that.
fn few(burst: u32) -> Bench {
    bench(BeaconLimits { source: SourceLimit { rate: 1, burst }, ..BeaconLimits::default() })
}

fn umami_batch(items: usize) -> Request<Full<Bytes>> {
    let item = json!({ "type": "event", "payload": {
        "website": UMAMI_ID, "hostname": "example.kz", "url": "/bet", "referrer": "", "title": "", "screen": "1x1", "language": "kk",
    } });
    Request::post("/api/batch")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Value::from(vec![item; items]).to_string().into()))
        .unwrap()
}

impl Bench {
    fn limited(&self) -> u64 {
        self.settled(Outcome::Refused(RefuseReason::RateLimited))
    }
}

#[tokio::test]
async fn beyond_its_share_a_source_is_refused_unread_and_told_when_to_come_back() {
    let bench = few(3);
    for _ in 0..3 {
        assert_eq!(bench.ask(post("text/plain", PAGEVIEW)).await.status(), StatusCode::ACCEPTED);
    }
    // Not even JSON: nobody looks.
    let answer = bench.ask(post("text/plain", "{")).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(says(&answer, header::RETRY_AFTER), "5");
    assert_eq!(says(&answer, header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    assert!(body(answer).await.contains("\"rate_limited\""));
    assert_eq!((bench.settled(Outcome::Stored), bench.limited()), (3, 1));
    assert_eq!(bench.metrics.ledger.received_and_in_flight(), (4, 0));

    // The control: another source.
    let stranger = Peer::parse("198.51.100.1").unwrap();
    let answer = bench.door.answer(Some(&stranger), browsing(post("text/plain", PAGEVIEW))).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn every_way_in_without_a_key_spends_from_the_same_bucket() {
    let send =
        json!({ "type": "event", "payload": { "website": UMAMI_ID, "hostname": "example.kz", "url": "/" } });
    let ways = || {
        [
            post("text/plain", PAGEVIEW),
            Request::post("/api/send").body(Full::new(send.to_string().into())).unwrap(),
            umami_batch(1),
            Request::get("/api/pixel.gif?d=example.kz&u=https://example.kz/").body(Full::default()).unwrap(),
            Request::get("/count?p=/bet&site=example.kz").body(Full::default()).unwrap(),
            Request::post("/api/event")
                .header("x-debug-request", "true")
                .body(Full::new(PAGEVIEW.into()))
                .unwrap(),
        ]
    };
    let bench = few(6);
    for request in ways() {
        let what = request.uri().to_string();
        assert!(bench.ask(request).await.status().is_success(), "{what}");
    }
    for request in ways() {
        let what = request.uri().to_string();
        assert_eq!(bench.ask(request).await.status(), StatusCode::TOO_MANY_REQUESTS, "{what}");
    }
    // A dry run is no beacon, so its refusal is none of a beacon.
    assert_eq!((bench.settled(Outcome::Stored), bench.limited()), (5, 5));
}

#[tokio::test]
async fn a_body_costs_as_much_as_it_has_beacons() {
    let bench = few(8);
    let twice = r#"{"n":"pageview","u":"https://example.kz/bet","d":"example.kz,another.kz"}"#;
    assert_eq!(bench.ask(post("text/plain", twice)).await.status(), StatusCode::ACCEPTED);
    assert_eq!(bench.ask(umami_batch(5)).await.status(), StatusCode::OK);
    // One is left.
    assert_eq!(bench.ask(post("text/plain", twice)).await.status(), StatusCode::TOO_MANY_REQUESTS);
    let bench = few(3);
    assert_eq!(bench.ask(umami_batch(5)).await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(bench.settled(Outcome::Stored), 0, "all of it or nothing");
}

#[tokio::test]
async fn a_site_key_speaks_for_many_visitors_and_is_not_limited_by_its_source() {
    let bench = few(1);
    assert_eq!(bench.ask(post("text/plain", PAGEVIEW)).await.status(), StatusCode::ACCEPTED);
    assert_eq!(bench.ask(post("text/plain", PAGEVIEW)).await.status(), StatusCode::TOO_MANY_REQUESTS);
    let key = format!("Bearer sanaq_{}", "07".repeat(32));
    for _ in 0..5 {
        let request = Request::post("/api/events")
            .header(header::AUTHORIZATION, &key)
            .body(Full::new(format!("[{PAGEVIEW}]").into()))
            .unwrap();
        assert_eq!(bench.ask(request).await.status(), StatusCode::OK);
    }
    assert_eq!(bench.settled(Outcome::Stored), 6);
}
