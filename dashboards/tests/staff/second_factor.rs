//! The second factor at the door, and the obligation to have one.

use http::StatusCode;
use jiff::SignedDuration;
use ring::hmac;
use serde_json::{Value, json};

use crate::harness::{Browser, Harness, PASSWORD, Reply, browser, request};

/// An authenticator app of our own, written from the RFC and not from the server's code.
struct App(Vec<u8>);

impl App {
    fn of(secret: &str) -> Self {
        let mut bits = String::new();
        for letter in secret.chars() {
            let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap();
            bits.push_str(&format!("{value:05b}"));
        }
        let bytes: Vec<char> = bits.chars().collect();
        Self(
            bytes
                .chunks_exact(8)
                .map(|byte| u8::from_str_radix(&String::from_iter(byte), 2).unwrap())
                .collect(),
        )
    }

    fn code(&self, at: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &u64::try_from(at / 30).unwrap().to_be_bytes());
        let at = usize::from(tag.as_ref()[19] & 15);
        let four: [u8; 4] = tag.as_ref()[at..at + 4].try_into().unwrap();
        format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
    }
}

async fn enrol(harness: &Harness, browser: &Browser) -> (App, Vec<String>) {
    let begun =
        harness.post("/api/account/totp", Some(browser), json!({ "password": PASSWORD })).await.json();
    let app = App::of(begun["secret"].as_str().unwrap());
    assert!(begun["address"].as_str().unwrap().contains(begun["secret"].as_str().unwrap()));
    assert!(begun["qr"]["path"].as_str().unwrap().starts_with("M0 0h1v1h-1z"), "the corner of every QR code");
    let code = app.code(harness.now());
    let confirm = request("PUT", "/api/account/totp", Some(browser), Some(json!({ "code": code })));
    let confirmed = harness.send(confirm).await;
    assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.text);
    let codes = confirmed.json()["recovery_codes"].clone();
    (app, serde_json::from_value(codes).unwrap())
}

async fn sign_in(harness: &Harness, password: &str, code: Option<&str>) -> Reply {
    let mut body = json!({ "email": "viewer@a.kz", "password": password });
    if let Some(code) = code {
        body["code"] = Value::from(code);
    }
    harness.post("/api/session", None, body).await
}

#[tokio::test]
async fn with_a_second_factor_the_password_alone_opens_nothing() {
    let harness = Harness::furnished();
    let here = harness.sign_in("viewer@a.kz").await;
    let (app, _) = enrol(&harness, &here).await;
    assert_eq!(harness.get("/api/account", Some(&here)).await.json()["second_factor"]["on"], true);

    let asked = sign_in(&harness, PASSWORD, None).await;
    assert_eq!((asked.status.as_u16(), asked.code().as_str()), (401, "code_needed"));
    assert!(asked.headers.get("set-cookie").is_none());
    // Who doesn't know the password isn't told that there is a second factor.
    assert_eq!(sign_in(&harness, "wrong-password", None).await.code(), "wrong_credentials");
    assert_eq!(sign_in(&harness, "wrong-password", Some("000000")).await.code(), "wrong_credentials");

    // The code that confirmed is used up; so is each that signed somebody in, and those before it.
    assert_eq!(sign_in(&harness, PASSWORD, Some(&app.code(harness.now()))).await.code(), "wrong_code");
    harness.hand.advance(SignedDuration::from_secs(60));
    let code = app.code(harness.now());
    assert_eq!(sign_in(&harness, PASSWORD, Some(&code)).await.status, StatusCode::OK);
    assert_eq!(sign_in(&harness, PASSWORD, Some(&code)).await.code(), "wrong_code");
    assert_eq!(sign_in(&harness, PASSWORD, Some(&app.code(harness.now() - 30))).await.code(), "wrong_code");
    // A telephone's clock may be a step ahead, and no more.
    assert_eq!(sign_in(&harness, PASSWORD, Some(&app.code(harness.now() + 60))).await.code(), "wrong_code");
    assert_eq!(sign_in(&harness, PASSWORD, Some(&app.code(harness.now() + 30))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn two_who_use_a_code_at_once_begin_one_session() {
    let harness = Harness::furnished();
    let here = harness.sign_in("viewer@a.kz").await;
    let (app, _) = enrol(&harness, &here).await;
    harness.hand.advance(SignedDuration::from_secs(60));
    let code = app.code(harness.now());
    let replies =
        futures_util::future::join_all((0..4).map(|_| sign_in(&harness, PASSWORD, Some(&code)))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == StatusCode::OK).count(), 1);
}

#[tokio::test]
async fn a_recovery_code_opens_once_and_new_ones_replace_the_old() {
    let harness = Harness::furnished();
    let here = harness.sign_in("viewer@a.kz").await;
    let (_, codes) = enrol(&harness, &here).await;
    assert_eq!(codes.len(), 10);
    let typed = codes[0].to_lowercase().replace('-', " ");
    let there = sign_in(&harness, PASSWORD, Some(&typed)).await;
    assert_eq!(there.status, StatusCode::OK, "{}", there.text);
    assert_eq!(sign_in(&harness, PASSWORD, Some(&typed)).await.code(), "wrong_code");
    let there = browser(&there);
    let left = |shown: Value| shown["second_factor"]["recovery_codes_left"].clone();
    assert_eq!(left(harness.get("/api/account", Some(&there)).await.json()), 9);

    let renew = |password: &str| {
        harness.post("/api/account/recovery-codes", Some(&there), json!({ "password": password }))
    };
    assert_eq!(renew("wrong-password").await.code(), "wrong_password");
    let renewed = renew(PASSWORD).await.json();
    assert_eq!(sign_in(&harness, PASSWORD, Some(&codes[1])).await.code(), "wrong_code");
    let fresh = renewed["recovery_codes"][0].as_str().unwrap();
    assert_eq!(sign_in(&harness, PASSWORD, Some(fresh)).await.status, StatusCode::OK);

    // Nothing that opens the door is in the file in plain.
    let file = std::fs::read(harness.freeze()).unwrap();
    let holds = |needle: &[u8]| file.windows(needle.len()).any(|window| window == needle);
    for code in codes.iter().map(String::as_str).chain([fresh]) {
        assert!(!holds(code.as_bytes()) && !holds(code.replace('-', "").as_bytes()));
    }
    let hash = |code: &str| *blake3::hash(code.replace('-', "").as_bytes()).as_bytes();
    assert!(holds(&hash(renewed["recovery_codes"][1].as_str().unwrap())), "the scan is blind");
}

#[tokio::test]
async fn guessed_codes_are_slowed_down_and_only_whoever_knows_the_password_can_guess() {
    let harness = Harness::furnished();
    let here = harness.sign_in("viewer@a.kz").await;
    let (app, _) = enrol(&harness, &here).await;
    harness.hand.advance(SignedDuration::from_secs(60));
    for _ in 0..4 {
        assert_eq!(sign_in(&harness, "wrong-password", Some("000000")).await.code(), "wrong_credentials");
    }
    for _ in 0..5 {
        assert_eq!(sign_in(&harness, PASSWORD, Some("000000")).await.code(), "wrong_code");
    }
    let code = app.code(harness.now());
    assert_eq!(sign_in(&harness, PASSWORD, Some(&code)).await.code(), "slow_down");
    harness.hand.advance(SignedDuration::from_secs(1));
    assert_eq!(sign_in(&harness, PASSWORD, Some(&code)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn turning_it_off_needs_the_password_and_a_colleague_can_only_do_it_for_those_below() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    enrol(&harness, &viewer).await;
    let again = harness.post("/api/account/totp", Some(&viewer), json!({ "password": PASSWORD })).await;
    assert_eq!(again.code(), "second_factor_on");
    let end = |password: &str| {
        harness.post("/api/account/totp/removal", Some(&viewer), json!({ "password": password }))
    };
    assert_eq!(end("wrong-password").await.code(), "wrong_password");
    assert_eq!(end(PASSWORD).await.status, StatusCode::NO_CONTENT);
    assert_eq!(sign_in(&harness, PASSWORD, None).await.status, StatusCode::OK);

    enrol(&harness, &viewer).await;
    let owner = harness.sign_in("owner@a.kz").await;
    enrol(&harness, &owner).await;
    let admin = harness.sign_in("admin@a.kz").await;
    let id = |email: &str| {
        harness.control.list_users().unwrap().into_iter().find(|user| user.email == email).unwrap().id.0
    };
    let drop = |email: &str| {
        let path = format!("/api/users/{}/totp", id(email));
        harness.send(request("DELETE", &path, Some(&admin), None))
    };
    assert_eq!(drop("owner@a.kz").await.code(), "forbidden");
    assert_eq!(drop("admin@a.kz").await.code(), "forbidden");
    assert_eq!(drop("viewer@a.kz").await.status, StatusCode::NO_CONTENT);
    assert_eq!(sign_in(&harness, PASSWORD, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn where_everybody_needs_one_a_session_without_can_only_set_one_up() {
    let harness = Harness::furnished();
    let viewer = harness.sign_in("viewer@a.kz").await;
    let owner = harness.sign_in("owner@a.kz").await;
    enrol(&harness, &owner).await;
    let require = json!({ "require_second_factor": true });
    let set = harness.send(request("PATCH", "/api/instance", Some(&owner), Some(require))).await;
    assert_eq!(set.json()["require_second_factor"], true);
    assert_eq!(harness.get("/api/sites", Some(&owner)).await.status, StatusCode::OK);

    for path in ["/api/sites", "/api/sites/a.kz", "/api/sites/a.kz/live", "/api/timezones"] {
        assert_eq!(harness.get(path, Some(&viewer)).await.code(), "second_factor_required", "{path}");
    }
    let asked = harness.post("/api/questions", Some(&viewer), json!({ "questions": [] })).await;
    assert_eq!(asked.code(), "second_factor_required");
    assert_eq!(harness.get("/api/session", Some(&viewer)).await.json()["must_enrol"], true);
    enrol(&harness, &viewer).await;
    assert_eq!(harness.get("/api/session", Some(&viewer)).await.json()["must_enrol"], false);
    assert_eq!(harness.get("/api/sites", Some(&viewer)).await.status, StatusCode::OK);
}
