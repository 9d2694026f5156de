//! What servers with a site key may say.

use jiff::SignedDuration;
use serde_json::json;

use super::*;

const KEY: &str = "sanaq_0707070707070707070707070707070707070707070707070707070707070707";

fn batch(key: &str, body: &str) -> Request<Full<Bytes>> {
    Request::post("/api/events")
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .body(Full::new(body.to_owned().into()))
        .unwrap()
}

impl Bench {
    async fn items(&self, body: &str) -> Vec<Value> {
        let answer = self.ask(batch(KEY, body)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let told: Value = serde_json::from_str(&super::body(answer).await).unwrap();
        told["items"].as_array().unwrap().clone()
    }
}

fn item(over: Value) -> Value {
    let mut item =
        json!({"n": "pageview", "u": "https://example.kz/a", "address": "203.0.113.9", "agent": AGENT});
    item.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    item
}

#[tokio::test]
async fn each_item_of_a_batch_has_its_own_outcome() {
    let bench = bench(BeaconLimits::default());
    let body = json!([
        item(json!({})),
        item(json!({"u": "https://other.kz/"})),
        item(json!({"n": ""})),
        item(json!({"d": "other.kz"})),
        item(json!({"d": "example.kz,other.kz"})),
        item(json!({"time": "2026-11-22T09:00:00+05:00"})),
    ]);
    let items = bench.items(&body.to_string()).await;
    assert_eq!(items[0], json!({"outcome": "stored"}));
    assert_eq!(items[1], json!({"outcome": "dropped", "reason": "host_not_allowed"}));
    assert_eq!(items[2], json!({"outcome": "refused", "code": "invalid_field", "error": "can't be blank"}));
    assert_eq!(items[3], json!({"outcome": "refused", "code": "foreign_site"}));
    assert_eq!(items[4], json!({"outcome": "refused", "code": "foreign_site"}));
    assert_eq!(items[5], json!({"outcome": "stored"}));
    assert_eq!(bench.metrics.ledger.received_and_in_flight(), (6, 0));
    assert_eq!((bench.settled(Outcome::Stored), bench.journal.stats().undelivered_rows), (2, 2));
}

#[tokio::test]
async fn times_are_taken_within_the_open_day_alone() {
    let bench = bench(BeaconLimits::default());
    // The clock stands at noon in Almaty; its day began at 19:00 UTC.
    for (time, told) in [
        ("2026-11-21T19:00:00Z", json!({"outcome": "stored"})),
        ("2026-11-21T18:59:59Z", json!({"outcome": "refused", "code": "day_closed"})),
        ("2020-01-01T00:00:00Z", json!({"outcome": "refused", "code": "day_closed"})),
        ("2026-11-22T07:00:00Z", json!({"outcome": "stored"})),
        ("2026-11-22T07:00:04Z", json!({"outcome": "stored"})),
        ("2026-11-22T07:01:00Z", json!({"outcome": "refused", "code": "in_future"})),
    ] {
        assert_eq!(bench.items(&item(json!({"time": time})).to_string()).await, [told], "{time}");
    }
    bench.hand.advance(SignedDuration::from_hours(13));
    let yesterday = item(json!({"time": "2026-11-22T07:00:00Z"})).to_string();
    assert_eq!(bench.items(&yesterday).await[0]["code"], "day_closed");
}

#[tokio::test]
async fn only_a_key_of_the_site_opens_the_door() {
    let bench = bench(BeaconLimits::default());
    let body = item(json!({})).to_string();
    let wrong = KEY.replace("07", "08");
    for key in ["", "sanaq_", &KEY[6..], &wrong, &KEY[..69]] {
        let answer = bench.ask(batch(key, &body)).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{key}");
        assert_eq!(says(&answer, header::WWW_AUTHENTICATE), "Bearer");
        assert!(super::body(answer).await.contains("invalid_key"));
    }
    let mut none = batch(KEY, &body);
    none.headers_mut().remove("authorization");
    assert_eq!(bench.ask(none).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(bench.settled(Outcome::Refused(RefuseReason::InvalidKey)), 6);
    assert_eq!(bench.journal.stats().undelivered_rows, 0);
    // A word about address and time without a key is just another field nobody reads.
    let plain = bench.ask(post("text/plain", item(json!({"d": "example.kz", "time": 1})).to_string())).await;
    assert_eq!(plain.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_batch_has_its_bounds() {
    let bench = bench(BeaconLimits::default());
    let line = format!("{}\n", item(json!({})));
    assert_eq!(bench.items(&line.repeat(500)).await.len(), 500);
    let answer = bench.ask(batch(KEY, &line.repeat(501))).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(body(answer).await.contains("too_many_items"));
    let answer = bench.ask(batch(KEY, &" ".repeat((1 << 20) + 1))).await;
    assert!(body(answer).await.contains("body_too_large"));
    for broken in ["", "[", "[]"] {
        assert_eq!(bench.ask(batch(KEY, broken)).await.status(), StatusCode::BAD_REQUEST, "{broken}");
    }
}

#[tokio::test]
async fn a_batch_the_journal_does_not_take_is_told_item_by_item() {
    let bench = bench(BeaconLimits::default());
    bench.journal.close();
    let answer = bench.ask(batch(KEY, &json!([item(json!({})), item(json!({"n": ""}))]).to_string())).await;
    assert_eq!((answer.status().as_u16(), says(&answer, header::RETRY_AFTER)), (503, "5"));
    let told: Value = serde_json::from_str(&body(answer).await).unwrap();
    assert_eq!(told["items"][0], json!({"outcome": "refused", "code": "journal_unavailable"}));
    assert_eq!(told["items"][1]["code"], "invalid_field");
}

#[tokio::test]
async fn goatcounters_api_is_answered_as_its_clients_expect() {
    let bench = bench(BeaconLimits::default());
    let send = async |body: Value| {
        let mut request = batch(KEY, &body.to_string());
        *request.uri_mut() = "/api/v0/count".parse().unwrap();
        let answer = bench.ask(request).await;
        (answer.status().as_u16(), serde_json::from_str::<Value>(&body_of(answer).await).unwrap())
    };
    let good = json!({"path": "/a", "ip": "203.0.113.9", "user_agent": AGENT});
    assert_eq!(send(json!({"hits": [good]})).await, (202, json!({"status": "ok"})));
    let (status, told) = send(json!({"hits": [good, {"title": "x"}]})).await;
    assert_eq!((status, &told["errors"]["1"]), (400, &json!("is required")));
    assert_eq!(bench.settled(Outcome::Stored), 2);
}

async fn body_of(answer: Answer) -> String {
    super::body(answer).await
}
