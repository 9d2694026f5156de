//! One's own account: password and sessions.

use http::StatusCode;
use http::header::USER_AGENT;
use serde_json::{Value, json};

use crate::harness::{Browser, Harness, PASSWORD, browser, request};

const NEW: &str = "zhana-qupiya-2026";

async fn is_on(harness: &Harness, browser: &Browser) -> bool {
    harness.get("/api/session", Some(browser)).await.status == StatusCode::OK
}

async fn delete(harness: &Harness, browser: &Browser, path: &str) -> StatusCode {
    harness.send(request("DELETE", path, Some(browser), None)).await.status
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_leaves_this_session_alone_under_another_token() {
    let harness = Harness::furnished();
    let here = harness.sign_in("viewer@a.kz").await;
    let elsewhere = harness.sign_in("viewer@a.kz").await;
    let set = |in_it: &Browser, current: &str, new: &str| {
        let body = json!({ "current": current, "new": new });
        let in_it = in_it.clone();
        let harness = &harness;
        async move { harness.post("/api/account/password", Some(&in_it), body).await }
    };
    assert_eq!(set(&here, "wrong-password", NEW).await.code(), "wrong_password");
    assert_eq!(set(&here, PASSWORD, "short").await.code(), "weak_password");
    assert!(is_on(&harness, &elsewhere).await);

    let changed = set(&here, PASSWORD, NEW).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let after = browser(&changed);
    assert_ne!((&after.session, &after.csrf), (&here.session, &here.csrf));
    assert!(is_on(&harness, &after).await);
    assert!(!is_on(&harness, &here).await && !is_on(&harness, &elsewhere).await);
    let sign_in = |password: &str| {
        harness.post("/api/session", None, json!({ "email": "viewer@a.kz", "password": password }))
    };
    assert_eq!(sign_in(PASSWORD).await.code(), "wrong_credentials");
    assert_eq!(sign_in(NEW).await.status, StatusCode::OK);
}

#[tokio::test]
async fn guessing_the_password_within_a_session_is_slowed_down_and_the_door_is_not() {
    let harness = Harness::furnished();
    let here = harness.sign_in("viewer@a.kz").await;
    let guess = || {
        harness.post("/api/account/password", Some(&here), json!({ "current": "wrong-password", "new": NEW }))
    };
    for _ in 0..5 {
        assert_eq!(guess().await.code(), "wrong_password");
    }
    assert_eq!(guess().await.code(), "slow_down");
    harness.sign_in("viewer@a.kz").await;
}

#[tokio::test]
async fn ones_own_sessions_are_listed_and_ended_and_nobody_elses() {
    let harness = Harness::furnished();
    let mut come =
        request("POST", "/api/session", None, Some(json!({ "email": "viewer@a.kz", "password": PASSWORD })));
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
    come.headers_mut().insert(USER_AGENT, agent.parse().unwrap());
    let here = browser(&harness.send(come).await);
    let second = harness.sign_in("viewer@a.kz").await;
    let third = harness.sign_in("viewer@a.kz").await;
    let other = harness.sign_in("editor@a.kz").await;
    let account = |of: &Browser| {
        let of = of.clone();
        let harness = &harness;
        async move { harness.get("/api/account", Some(&of)).await.json() }
    };

    let shown = account(&here).await;
    assert_eq!(shown["email"], "viewer@a.kz");
    let sessions = shown["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    let mine: Vec<&Value> = sessions.iter().filter(|s| s["current"] == true).collect();
    assert_eq!(mine.len(), 1);
    assert_eq!((&mine[0]["browser"], &mine[0]["system"]), (&json!("firefox"), &json!("linux")));
    assert!(!shown.to_string().contains("Gecko") && !shown.to_string().contains(&here.session));

    let id = |shown: &Value| {
        shown["sessions"].as_array().unwrap().iter().find(|s| s["current"] == true).unwrap()["id"].clone()
    };
    let of_second = id(&account(&second).await);
    // Another's number is no error and does nothing.
    assert_eq!(delete(&harness, &other, &format!("/api/account/sessions/{of_second}")).await, 204);
    assert!(is_on(&harness, &second).await);
    assert_eq!(delete(&harness, &here, &format!("/api/account/sessions/{of_second}")).await, 204);
    assert!(!is_on(&harness, &second).await && is_on(&harness, &third).await);

    assert_eq!(delete(&harness, &here, "/api/account/sessions").await, 204);
    assert!(is_on(&harness, &here).await && !is_on(&harness, &third).await);
    assert!(is_on(&harness, &other).await);
}
