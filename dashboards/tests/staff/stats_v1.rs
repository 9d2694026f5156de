//! Plausible's first stats API, the quota of a key, and the document that describes both APIs.

use http::header::{AUTHORIZATION, RETRY_AFTER};
use serde_json::{Value, json};

use crate::harness::{Harness, Reply, question, request};

async fn ask(harness: &Harness, key: &str, path: &str) -> Reply {
    let mut request = request("GET", path, None, None);
    request.headers_mut().insert(AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
    harness.send(request).await
}

#[tokio::test]
async fn answers_have_the_shapes_that_clients_of_the_first_api_read() {
    let harness = Harness::furnished();
    let key = harness.key("a.kz");
    let get = async |what: &str| {
        let reply = ask(&harness, &key, &format!("/api/v1/stats/{what}")).await;
        assert_eq!(reply.status, 200, "{what}: {}", reply.text);
        reply.json()
    };
    assert_eq!(get("realtime/visitors?site_id=a.kz").await, json!(1));
    assert_eq!(get("aggregate?site_id=a.kz").await, json!({"results": {"visitors": {"value": 1}}}));
    let row = json!({"results": [{"date": null, "visitors": 1}]});
    assert_eq!(get("timeseries?site_id=a.kz&period=6mo").await, row);
    let row = json!({"results": [{"source": null, "visitors": 1}]});
    assert_eq!(get("breakdown?site_id=a.kz&property=visit:source&page=2").await, row);
    for filters in ["visit:browser%3D%3DFirefox%7CChrome", "event:page%3D%3D/blog**;event:goal%3D%3DSignup"] {
        get(&format!("aggregate?site_id=a.kz&period=custom&date=2026-01-01,2026-01-31&filters={filters}"))
            .await;
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_a_sentence() {
    let harness = Harness::furnished();
    let key = harness.key("a.kz");
    for (what, code) in [
        ("aggregate", "bad_stats_request"),
        ("aggregate?site_id=a.kz&period=fortnight", "bad_stats_request"),
        ("aggregate?site_id=a.kz&period=day&date=yesterday", "bad_stats_request"),
        ("aggregate?site_id=a.kz&period=custom", "bad_stats_request"),
        ("aggregate?site_id=a.kz&filters=visit:browser", "bad_stats_request"),
        ("aggregate?site_id=a.kz&compare=sideways", "bad_stats_request"),
        ("aggregate?site_id=a.kz&metrics=baa", "invalid_metric"),
        ("timeseries?site_id=a.kz&interval=fortnight", "bad_stats_request"),
        ("breakdown?site_id=a.kz", "bad_stats_request"),
        ("breakdown?site_id=a.kz&property=event:hostname", "bad_stats_request"),
        ("breakdown?site_id=a.kz&property=visit:shoe_size", "invalid_dimension"),
        ("breakdown?site_id=a.kz&property=visit:source&limit=5000", "bad_stats_request"),
    ] {
        let reply = ask(&harness, &key, &format!("/api/v1/stats/{what}")).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, code), "{what}: {}", reply.text);
        assert!(reply.json()["error"].is_string());
    }
    let unknown = ask(&harness, &key, "/api/v1/stats/aggregate?site_id=nowhere.kz").await;
    assert_eq!(unknown.status, 401, "whether a site is there is not told");
}

#[tokio::test]
async fn a_key_that_has_used_up_its_hour_waits() {
    let harness = Harness::furnished();
    let key = harness.key("a.kz");
    let path = "/api/v1/stats/realtime/visitors?site_id=a.kz";
    for _ in 0..600 {
        assert_eq!(ask(&harness, &key, path).await.status, 200);
    }
    let late = ask(&harness, &key, path).await;
    assert_eq!((late.status.as_u16(), late.code().as_str()), (429, "too_many_requests"));
    assert_eq!(late.headers.get(RETRY_AFTER).unwrap(), "6");
    let mut other = request("POST", "/api/v2/query", None, Some(question("a.kz")));
    other.headers_mut().insert(AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
    assert_eq!(harness.send(other).await.status, 429, "both APIs draw on one hour");
    let fresh = harness.key("a.kz");
    assert_eq!(ask(&harness, &fresh, path).await.status, 200);
}

#[tokio::test]
async fn the_document_names_what_may_be_asked() {
    let harness = Harness::furnished();
    let reply = harness.get("/api/openapi.json", None).await;
    let document = reply.json();
    let has = |pointer: &str, name: &str| {
        document.pointer(pointer).and_then(Value::as_array).unwrap().contains(&json!(name))
    };
    assert!(has("/components/schemas/Metric/enum", "conversion_rate"));
    assert!(has("/components/schemas/Dimension/anyOf/0/enum", "visit:entry_page"));
    assert!(has("/components/schemas/Op/enum", "matches_not"));
    assert_eq!(document["openapi"], "3.1.0");
}
