//! Settings of a site, what staff lay down for it, and its end.

use http::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Browser, Harness, Reply, request};

async fn send(harness: &Harness, who: &Browser, method: &str, path: &str, body: Option<Value>) -> Reply {
    harness.send(request(method, path, Some(who), body)).await
}

#[tokio::test]
async fn a_change_is_shown_kept_and_known_to_the_services_at_once() {
    let harness = Harness::furnished();
    let editor = harness.sign_in("editor@a.kz").await;
    let change = json!({
        "timezone": "Asia/Qostanay",
        "week_start": 7,
        "rules": {
            "hosts": ["a.kz", "*.a.kz"],
            "shields": { "addresses": ["192.0.2.0/24"], "countries": ["ru"], "pages": ["/admin/**"] },
            "parameters": ["id"],
            "opt_out": "drop",
        },
        "retention": { "detail_months": 3, "statistics_months": 24 },
        "thresholds": { "staff_k": 3, "public_k": 20 },
    });
    let changed = send(&harness, &editor, "PATCH", "/api/sites/a.kz", Some(change)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let shown = harness.get("/api/sites/a.kz", Some(&editor)).await.json();
    for (name, value) in changed.json().as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
    assert_eq!(shown["rules"]["shields"]["countries"], json!(["RU"]));
    assert_eq!(shown["role"], "editor");
    let site = harness.control.site_list().by_domain("a.kz").unwrap();
    assert_eq!(site.rules.thresholds.public, Some(20));
    assert_eq!(site.rules.keep.unwrap().detail, 3);
    assert_eq!(
        (site.opt_out.name(), &site.rules.shield_addresses[..]),
        ("drop", &["192.0.2.0/24".to_owned()][..])
    );

    // A list that isn't named stays; null gives retention back to the configuration.
    let back = json!({ "retention": null, "rules": { "shields": { "countries": [] } } });
    let shown = send(&harness, &editor, "PATCH", "/api/sites/a.kz", Some(back)).await.json();
    assert_eq!(shown["retention"], Value::Null);
    assert_eq!(shown["rules"]["shields"]["countries"], json!([]));
    assert_eq!(shown["rules"]["hosts"], json!(["*.a.kz", "a.kz"]));
    // Viewers see the site without its rules.
    let viewer = harness.sign_in("viewer@a.kz").await;
    let seen = harness.get("/api/sites/a.kz", Some(&viewer)).await.json();
    assert_eq!((&seen["week_start"], seen.get("rules"), seen.get("thresholds")), (&json!(7), None, None));
}

#[tokio::test]
async fn what_can_not_be_meant_is_refused_by_code_and_changes_nothing() {
    let harness = Harness::furnished();
    let editor = harness.sign_in("editor@a.kz").await;
    let before = harness.get("/api/sites/a.kz", Some(&editor)).await.json();
    for (change, status, code) in [
        (json!({ "thresholds": { "staff_k": 2, "public_k": null } }), 422, "bad_setting"),
        (json!({ "thresholds": { "staff_k": null, "public_k": 2 } }), 422, "bad_setting"),
        (json!({ "retention": { "detail_months": 26 } }), 422, "bad_setting"),
        (json!({ "week_start": 2 }), 422, "bad_setting"),
        (json!({ "timezone": "Mars/Olympus" }), 422, "bad_timezone"),
        (json!({ "rules": { "opt_out": "never" } }), 422, "bad_setting"),
        (json!({ "rules": { "shields": { "addresses": ["203.0.113.999"] } } }), 422, "bad_rule"),
        (json!({ "rules": { "shields": { "pages": ["admin"] } } }), 422, "bad_rule"),
        (json!({ "domain": "other.kz" }), 400, "malformed_body"),
    ] {
        let reply = send(&harness, &editor, "PATCH", "/api/sites/a.kz", Some(change.clone())).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{change}");
    }
    assert_eq!(harness.get("/api/sites/a.kz", Some(&editor)).await.json(), before);
}

#[tokio::test]
async fn goals_and_funnels_are_laid_down_changed_and_taken_away() {
    let harness = Harness::furnished();
    let editor = harness.sign_in("editor@a.kz").await;
    let goals = "/api/sites/a.kz/goals";
    let goal = json!({
        "name": "Signup", "kind": "event", "event": "Signup", "page": null, "scroll": null,
        "conditions": [{ "property": "plan", "value": "pro" }], "currency": "KZT",
    });
    let added = harness.post(goals, Some(&editor), goal.clone()).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    let first = added.json()["id"].as_i64().unwrap();
    let listed = harness.get(goals, Some(&editor)).await.json();
    assert_eq!(listed["goals"][0], added.json());
    for (name, value) in goal.as_object().unwrap() {
        assert_eq!(&added.json()[name], value, "{name}");
    }
    let scroll = json!({ "name": "Read", "kind": "scroll", "page": "/blog/**", "scroll": 75 });
    let second = harness.post(goals, Some(&editor), scroll).await.json()["id"].as_i64().unwrap();
    for (bad, status, code) in [
        (json!({ "name": "x", "kind": "scroll", "page": "/blog", "scroll": 101 }), 400, "invalid_goal"),
        (json!({ "name": "x", "kind": "page", "event": "a" }), 400, "malformed_body"),
        (json!({ "name": "Read", "kind": "page", "page": "/" }), 409, "name_taken"),
        (json!({ "name": "", "kind": "page", "page": "/" }), 400, "invalid_goal"),
    ] {
        let reply = harness.post(goals, Some(&editor), bad.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{bad}: {}", reply.text);
    }

    let funnels = "/api/sites/a.kz/funnels";
    let join = json!({ "name": "Join", "steps": [second, first] });
    let funnel = harness.post(funnels, Some(&editor), join).await.json();
    assert_eq!(harness.get(funnels, Some(&editor)).await.json()["funnels"], json!([funnel]));
    let in_use = send(&harness, &editor, "DELETE", &format!("{goals}/{first}"), None).await;
    assert_eq!((in_use.status.as_u16(), in_use.code().as_str()), (409, "goal_in_use"));
    let path = format!("{funnels}/{}", funnel["id"]);
    let other = json!({ "name": "Join", "steps": [first] });
    assert_eq!(send(&harness, &editor, "PUT", &path, Some(other)).await.code(), "bad_steps");
    assert_eq!(send(&harness, &editor, "DELETE", &path, None).await.status, StatusCode::NO_CONTENT);
    let gone = send(&harness, &editor, "DELETE", &format!("{goals}/{first}"), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    // Another site's goal is none of this one.
    let elsewhere = send(&harness, &editor, "DELETE", &format!("/api/sites/b.kz/goals/{second}"), None).await;
    assert_eq!(elsewhere.code(), "unknown_goal");
    let log: Vec<_> = harness.control.audit_log(3).unwrap().into_iter().map(|entry| entry.action).collect();
    assert_eq!(log, ["goal_deleted", "funnel_deleted", "funnel_put"]);
}

#[tokio::test]
async fn viewers_keep_segments_of_their_own_and_editors_those_that_all_see() {
    let harness = Harness::furnished();
    let (viewer, editor) = (harness.sign_in("viewer@a.kz").await, harness.sign_in("editor@a.kz").await);
    let path = "/api/sites/a.kz/segments";
    let of = |shared: bool| json!({ "name": "Phones", "shared": shared, "filters": [["is", "visit:device", ["Mobile"]]] });
    assert_eq!(harness.post(path, Some(&viewer), of(true)).await.code(), "forbidden");
    let own = harness.post(path, Some(&viewer), of(false)).await.json();
    assert_eq!((&own["mine"], &own["shared"]), (&json!(true), &json!(false)));
    let all = harness.post(path, Some(&editor), of(true)).await.json();
    let list = async |who| harness.get(path, Some(who)).await.json()["segments"].as_array().unwrap().len();
    assert_eq!((list(&viewer).await, list(&editor).await), (2, 1));
    let at = |segment: &Value| format!("{path}/{}", segment["id"]);
    // Nor can a viewer make theirs everybody's, or touch what is everybody's.
    assert_eq!(send(&harness, &viewer, "PUT", &at(&own), Some(of(true))).await.code(), "forbidden");
    assert_eq!(send(&harness, &viewer, "PUT", &at(&all), Some(of(false))).await.code(), "forbidden");
    assert_eq!(send(&harness, &viewer, "DELETE", &at(&all), None).await.code(), "forbidden");
    assert_eq!(send(&harness, &editor, "DELETE", &at(&own), None).await.code(), "unknown_segment");
    let wrong = json!({ "name": "x", "shared": false, "filters": [["is", "visit:address", ["x"]]] });
    assert_eq!(harness.post(path, Some(&viewer), wrong).await.code(), "invalid_filter");
    assert_eq!(send(&harness, &viewer, "DELETE", &at(&own), None).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_owner_sees_what_would_go_before_the_site_goes() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    let note = json!({ "date": "2026-11-01", "text": "new site" });
    harness.post("/api/sites/a.kz/annotations", Some(&owner), note).await;
    let preview = harness.get("/api/sites/a.kz/deletion", Some(&owner)).await.json();
    assert_eq!(
        (&preview["annotations"], &preview["goals"], &preview["pageviews"]),
        (&json!(1), &json!(0), &json!(1))
    );
    let site = harness.control.site("a.kz").unwrap();
    let deleted = send(&harness, &owner, "DELETE", "/api/sites/a.kz", None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    assert_eq!(harness.get("/api/sites/a.kz", Some(&owner)).await.code(), "unknown_site");
    assert_eq!(harness.control.sites_to_erase().unwrap()[0].id, site.id);
}
