//! Setting up, signing in, staying so, and what guessing leads to.

use dashboards::control::{Author, Role};
use futures_util::future::join_all;
use http::header::{COOKIE, SET_COOKIE};
use http::{Request, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use serve::access::Secret;

use crate::harness::{Browser, Harness, PASSWORD, Reply, browser, request};

fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

fn with_cookies(mut request: Request<axum::body::Body>, cookies: &str) -> Request<axum::body::Body> {
    request.headers_mut().insert(COOKIE, cookies.parse().unwrap());
    request
}

async fn is_on(harness: &Harness, browser: &Browser) -> bool {
    let reply = harness.get("/api/session", Some(browser)).await;
    assert!(reply.status == StatusCode::OK || reply.code() == "signed_out");
    reply.status == StatusCode::OK
}

fn assert_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{}", reply.text);
}

#[tokio::test]
async fn a_set_up_link_makes_the_first_owner_once() {
    let harness = Harness::new();
    let token = harness.control.create_setup_link().unwrap().reveal();
    let attempt = |token: &str, email: &str, password: &str| {
        harness.post("/api/setup", None, json!({ "token": token, "email": email, "password": password }))
    };
    assert_refused(&attempt(&token, "aigul@a.kz", "short").await, 422, "weak_password");
    assert_refused(&attempt(&token, "aigul@a.kz", &"x".repeat(2000)).await, 422, "password_too_long");
    assert_refused(&attempt(&token, "aigul", PASSWORD).await, 422, "bad_email");
    assert_refused(&attempt("nonsense", "aigul@a.kz", PASSWORD).await, 410, "setup_link_used");
    assert_refused(&attempt(&"0".repeat(64), "aigul@a.kz", "short").await, 410, "setup_link_used");

    let made = attempt(&token, "Aigul@a.kz", PASSWORD).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert_eq!(made.json()["user"], json!({ "email": "aigul@a.kz", "role": "owner" }));
    assert!(is_on(&harness, &browser(&made)).await);
    assert_refused(&attempt(&token, "aigul2@a.kz", PASSWORD).await, 410, "setup_link_used");
}

#[tokio::test]
async fn a_set_up_link_is_good_for_a_day() {
    let harness = Harness::new();
    let token = harness.control.create_setup_link().unwrap().reveal();
    harness.hand.advance(SignedDuration::from_hours(24));
    let body = json!({ "token": token, "email": "a@a.kz", "password": PASSWORD });
    assert_refused(&harness.post("/api/setup", None, body).await, 410, "setup_link_used");
}

#[tokio::test]
async fn two_who_redeem_a_link_at_once_make_one_owner() {
    let harness = Harness::new();
    let token = harness.control.create_setup_link().unwrap().reveal();
    let attempts = (0..4).map(|n| {
        let body = json!({ "token": token, "email": format!("{n}@a.kz"), "password": PASSWORD });
        harness.post("/api/setup", None, body)
    });
    let replies = join_all(attempts).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == StatusCode::OK).count(), 1);
    assert_eq!(harness.control.list_users().unwrap().len(), 1);
}

#[tokio::test]
async fn signing_in_gives_a_session_that_scripts_cannot_read() {
    let harness = Harness::furnished();
    let reply = harness.post("/api/session", None, credentials(" Editor@A.kz", PASSWORD)).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.json()["user"], json!({ "email": "editor@a.kz", "role": "editor" }));
    assert_eq!(reply.json()["language"], Value::Null);
    for cookie in reply.headers.get_all(SET_COOKIE) {
        let cookie = cookie.to_str().unwrap();
        for mark in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
            assert!(cookie.contains(mark), "{cookie}");
        }
        assert!(!cookie.contains("Domain") && !cookie.contains("Secure"));
    }
    let in_it = browser(&reply);
    assert!(!reply.text.contains(&in_it.session), "the cookie's token is in the body");
    let shown = harness.get("/api/session", Some(&in_it)).await;
    assert_eq!(shown.json(), reply.json());
    assert!(shown.headers.get(SET_COOKIE).is_none());
}

#[tokio::test]
async fn over_tls_the_cookies_are_bound_to_the_host() {
    let harness = Harness::at("https://stats.example.kz");
    harness.control.add_user(Author::Console, "a@a.kz", &Secret::new(PASSWORD), Role::Viewer).unwrap();
    let reply = harness.post("/api/session", None, credentials("a@a.kz", PASSWORD)).await;
    let session = reply.cookie("__Host-sanaq").unwrap();
    assert!(reply.cookie("__Host-sanaq-device").is_some() && reply.cookie("sanaq_session").is_none());
    assert!(reply.headers.get_all(SET_COOKIE).iter().all(|c| c.to_str().unwrap().ends_with("; Secure")));
    let ask =
        |name: &str| with_cookies(request("GET", "/api/session", None, None), &format!("{name}={session}"));
    assert_eq!(harness.send(ask("__Host-sanaq")).await.status, StatusCode::OK);
    assert_eq!(harness.send(ask("sanaq_session")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn signing_in_again_rotates_the_session() {
    let harness = Harness::furnished();
    let first = harness.sign_in("viewer@a.kz").await;
    let again = request("POST", "/api/session", None, Some(credentials("viewer@a.kz", PASSWORD)));
    let again = with_cookies(again, &format!("sanaq_session={}", first.session));
    let second = browser(&harness.send(again).await);
    assert_ne!((&first.session, &first.csrf), (&second.session, &second.csrf));
    assert!(!is_on(&harness, &first).await);
    assert!(is_on(&harness, &second).await);
}

#[tokio::test]
async fn signing_out_ends_this_session_alone() {
    let harness = Harness::furnished();
    let here = harness.sign_in("viewer@a.kz").await;
    let elsewhere = harness.sign_in("viewer@a.kz").await;
    let reply = harness.send(request("DELETE", "/api/session", Some(&here), None)).await;
    assert_eq!((reply.status, reply.text.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(reply.cookie("sanaq_session").as_deref(), Some(""));
    assert!(!is_on(&harness, &here).await);
    assert!(is_on(&harness, &elsewhere).await);
}

#[tokio::test]
async fn a_session_ends_after_14_idle_days_and_after_90_days() {
    let harness = Harness::furnished();
    let idle = harness.sign_in("viewer@a.kz").await;
    let used = harness.sign_in("viewer@a.kz").await;
    for day in 1..90 {
        harness.hand.advance(SignedDuration::from_hours(24));
        assert!(is_on(&harness, &used).await, "day {day}");
        assert!(day != 14 || !is_on(&harness, &idle).await);
    }
    harness.hand.advance(SignedDuration::from_hours(24));
    assert!(!is_on(&harness, &used).await);
}

#[tokio::test]
async fn the_language_is_remembered_with_the_person() {
    let harness = Harness::furnished();
    let here = harness.sign_in("viewer@a.kz").await;
    let set = |language: Value| {
        request("PATCH", "/api/session", Some(&here), Some(json!({ "language": language })))
    };
    assert_eq!(harness.send(set(json!("kk"))).await.json()["language"], "kk");
    let elsewhere = harness.sign_in("viewer@a.kz").await;
    assert_eq!(harness.get("/api/session", Some(&elsewhere)).await.json()["language"], "kk");
    assert_refused(&harness.send(set(json!("de"))).await, 422, "bad_language");
    assert_eq!(harness.send(set(Value::Null)).await.json()["language"], Value::Null);
    let empty = request("PATCH", "/api/session", Some(&here), Some(json!({})));
    assert_refused(&harness.send(empty).await, 400, "malformed_body");
}

#[tokio::test]
async fn guessing_is_slowed_down_alike_for_known_and_unknown_addresses() {
    let harness = Harness::furnished();
    for email in ["viewer@a.kz", "nobody@a.kz"] {
        for _ in 0..5 {
            let reply = harness.post("/api/session", None, credentials(email, "wrong-password")).await;
            assert_refused(&reply, 401, "wrong_credentials");
            assert!(reply.headers.get(SET_COOKIE).is_none());
        }
        let reply = harness.post("/api/session", None, credentials(email, PASSWORD)).await;
        assert_refused(&reply, 429, "slow_down");
        assert_eq!(reply.headers["retry-after"], "1");
    }
    // Others are not held up, and the wait ends.
    harness.sign_in("editor@a.kz").await;
    harness.hand.advance(SignedDuration::from_secs(1));
    harness.sign_in("viewer@a.kz").await;
}

#[tokio::test]
async fn attempts_made_at_once_do_not_slip_through_together() {
    let harness = Harness::furnished();
    let attempts =
        (0..20).map(|_| harness.post("/api/session", None, credentials("viewer@a.kz", "wrong-password")));
    let replies = join_all(attempts).await;
    let looked_at = replies.iter().filter(|reply| reply.code() == "wrong_credentials").count();
    assert_eq!(looked_at, 5);
    assert!(replies.iter().all(|reply| matches!(reply.code().as_str(), "wrong_credentials" | "slow_down")));
}

#[tokio::test]
async fn a_guesser_cannot_keep_the_person_out_of_a_browser_they_have_used() {
    let harness = Harness::furnished();
    let before = harness.post("/api/session", None, credentials("viewer@a.kz", PASSWORD)).await;
    let device = before.cookie("sanaq_device").unwrap();
    for _ in 0..6 {
        harness.post("/api/session", None, credentials("viewer@a.kz", "wrong-password")).await;
    }
    let attempt = |device: &str, email: &str| {
        let request = request("POST", "/api/session", None, Some(credentials(email, PASSWORD)));
        harness.send(with_cookies(request, &format!("sanaq_device={device}")))
    };
    assert_eq!(attempt(&device, "viewer@a.kz").await.status, StatusCode::OK);
    // A forged cookie helps nobody; neither does one of another account.
    let forged = format!("{}.{}", "0".repeat(64), "0".repeat(64));
    assert_refused(&attempt(&forged, "viewer@a.kz").await, 429, "slow_down");
    let others = harness.post("/api/session", None, credentials("editor@a.kz", PASSWORD)).await;
    assert_refused(&attempt(&others.cookie("sanaq_device").unwrap(), "viewer@a.kz").await, 429, "slow_down");
}

#[tokio::test]
async fn no_secret_that_went_over_http_is_in_the_files() {
    let harness = Harness::new();
    let token = harness.control.create_setup_link().unwrap().reveal();
    let body = json!({ "token": token, "email": "canary@a.kz", "password": PASSWORD });
    let made = harness.post("/api/setup", None, body).await;
    let in_it = browser(&made);
    harness.control.add_site(Author::Console, "a.kz", "UTC").unwrap();
    let key = harness.key("a.kz");
    let holds = |needle: &str| {
        std::fs::read_dir(harness.directory.path()).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
        })
    };
    for secret in [&token, &in_it.session, &in_it.csrf, &key, &key[14..], PASSWORD] {
        assert!(!holds(secret));
    }
    // Positive control.
    assert!(holds("canary@a.kz") && holds(&key[..14]));
}
