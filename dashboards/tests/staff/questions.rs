//! Questions of the dashboard and of programs.

use std::sync::atomic::Ordering;

use http::header::AUTHORIZATION;
use serde_json::json;

use crate::harness::{Harness, question, request};

#[tokio::test]
async fn a_batch_is_answered_in_order_with_errors_in_their_places() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    let mut bad_metric = question("a.kz");
    bad_metric["metrics"] = json!(["visitors", "baa"]);
    let questions =
        json!({ "questions": [question("b.kz"), bad_metric, question("nowhere.kz"), 7, question("a.kz")] });
    let reply = harness.post("/api/questions", Some(&viewer), questions).await;
    assert_eq!(reply.status, 200);
    let answers = reply.json()["answers"].as_array().unwrap().clone();
    assert_eq!(answers.len(), 5);
    assert_eq!(answers[0]["query"]["site_id"], "b.kz");
    assert!(answers[1]["error"].as_str().unwrap().starts_with("#/metrics/1: "), "{}", answers[1]);
    assert!(answers[1]["code"].is_string());
    assert_eq!(answers[2]["code"], "unknown_site");
    assert!(answers[3]["code"].is_string());
    assert_eq!(answers[4]["results"], json!([{ "metrics": [1], "dimensions": [] }]));
}

#[tokio::test]
async fn a_batch_takes_funnels_and_journeys_by_their_kind_and_only_of_sites_one_may_see() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    let steps = json!([{ "page_path": "/" }, { "event_name": "Signup" }]);
    let funnel =
        |site: &str| json!({ "kind": "funnel", "site_id": site, "date_range": "7d", "steps": steps });
    let mut plain = question("a.kz");
    plain["kind"] = json!("query");
    let mut unknown = question("a.kz");
    unknown["kind"] = json!("cohort");
    let journeys = json!({ "kind": "journeys", "site_id": "nowhere.kz", "date_range": "7d" });
    let questions = json!({ "questions": [funnel("a.kz"), plain, unknown, journeys, funnel("nowhere.kz")] });
    let reply = harness.post("/api/questions", Some(&viewer), questions).await;
    let answers = reply.json()["answers"].as_array().unwrap().clone();
    assert_eq!((&answers[0]["kind"], &answers[0]["meta"]["folded_below"]), (&json!("funnel"), &json!(5)));
    assert_eq!(answers[1]["results"], json!([{ "metrics": [1], "dimensions": [] }]));
    assert_eq!(answers[2]["code"], "invalid_kind");
    assert_eq!((&answers[3]["code"], &answers[4]["code"]), (&json!("unknown_site"), &json!("unknown_site")));
    // No site of theirs is told from none at all.
    assert_eq!(answers[3], answers[4]);
}

#[tokio::test]
async fn a_batch_has_at_most_sixteen_questions_and_may_have_none() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    let many = |n: usize| json!({ "questions": vec![question("a.kz"); n] });
    let none = harness.post("/api/questions", Some(&viewer), many(0)).await;
    assert_eq!(none.json(), json!({ "answers": [] }));
    let most = harness.post("/api/questions", Some(&viewer), many(16)).await;
    assert_eq!(most.json()["answers"].as_array().unwrap().len(), 16);
    let reply = harness.post("/api/questions", Some(&viewer), many(17)).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (400, "too_many_questions"));
}

#[tokio::test]
async fn asking_needs_no_csrf_token_as_it_changes_nothing() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    let body = json!({ "questions": [question("a.kz")] });
    let mut request = request("POST", "/api/questions", Some(&viewer), Some(body));
    request.headers_mut().remove(dashboards::server::CSRF_HEADER);
    assert_eq!(harness.send(request).await.status, 200);
}

#[tokio::test]
async fn a_program_gets_the_answer_or_an_error_as_plausible_shapes_it() {
    let harness = Harness::furnished();
    let key = harness.key("a.kz");
    let ask = |body: serde_json::Value| {
        let mut request = request("POST", "/api/v2/query", None, Some(body));
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
        // A script on another page may use a key: it has been given one.
        request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        harness.send(request)
    };
    let answer = ask(question("a.kz")).await;
    assert_eq!(answer.status, 200);
    let keys: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["results", "meta", "query"]);

    let mut bad = question("a.kz");
    bad["metrics"] = json!(["visitors", "baa"]);
    let refused = ask(bad).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["error"].as_str().unwrap().starts_with("#/metrics/1: "));
    assert_eq!(ask(json!({ "metrics": ["visitors"], "date_range": "7d" })).await.status, 400);

    harness.asker.away.store(true, Ordering::SeqCst);
    let away = ask(question("a.kz")).await;
    assert_eq!((away.status.as_u16(), away.code().as_str()), (503, "statistics_unavailable"));
    assert!(harness.metrics().contains("sanaq_question_duration_seconds_count 2"));
}
