//! Who may do what: every address for everybody, and what stands in the way of other sites' pages.

use dashboards::control::Author;
use dashboards::server::{CSRF_HEADER, ROUTES};
use http::StatusCode;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::harness::{Browser, Harness, PASSWORD, question, request};

/// Somebody at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Anonymous,
    Viewer,
    Editor,
    Admin,
    Owner,
    /// A program with the key of the site that is asked about.
    Key,
    /// A program with another site's key.
    OthersKey,
    /// A program with a key that was revoked.
    RevokedKey,
}

use Who::*;

const EVERYBODY: [Who; 8] = [Anonymous, Viewer, Editor, Admin, Owner, Key, OthersKey, RevokedKey];

/// For each address in the order of the table: the status for each of `EVERYBODY`.
const MATRIX: &[(&str, &str, [u16; 8])] = &[
    ("GET", "/api/session", [401, 200, 200, 200, 200, 401, 401, 401]),
    ("POST", "/api/session", [200, 200, 200, 200, 200, 200, 200, 200]),
    ("PATCH", "/api/session", [401, 200, 200, 200, 200, 401, 401, 401]),
    ("DELETE", "/api/session", [401, 204, 204, 204, 204, 401, 401, 401]),
    ("POST", "/api/setup", [410, 410, 410, 410, 410, 410, 410, 410]),
    ("GET", "/api/sites", [401, 200, 200, 200, 200, 401, 401, 401]),
    ("POST", "/api/sites", [401, 403, 403, 201, 201, 401, 401, 401]),
    ("GET", "/api/sites/{domain}", [401, 200, 200, 200, 200, 401, 401, 401]),
    ("GET", "/api/sites/{domain}/live", [401, 200, 200, 200, 200, 401, 401, 401]),
    ("GET", "/api/sites/{domain}/drops", [401, 200, 200, 200, 200, 401, 401, 401]),
    ("GET", "/api/timezones", [401, 200, 200, 200, 200, 401, 401, 401]),
    ("POST", "/api/questions", [401, 200, 200, 200, 200, 401, 401, 401]),
    ("POST", "/api/v2/query", [401, 401, 401, 401, 401, 200, 401, 401]),
    ("GET", "/api/v1/stats/realtime/visitors", [401, 401, 401, 401, 401, 200, 401, 401]),
    ("GET", "/api/v1/stats/aggregate", [401, 401, 401, 401, 401, 200, 401, 401]),
    ("GET", "/api/v1/stats/timeseries", [401, 401, 401, 401, 401, 200, 401, 401]),
    ("GET", "/api/v1/stats/breakdown", [401, 401, 401, 401, 401, 200, 401, 401]),
    ("GET", "/api/openapi.json", [200, 200, 200, 200, 200, 200, 200, 200]),
];

/// An acceptable body for an address that takes one.
fn body_for(method: &str, path: &str, who: Who) -> Option<Value> {
    match (method, path) {
        ("POST", "/api/session") => Some(json!({ "email": "viewer@a.kz", "password": PASSWORD })),
        ("PATCH", "/api/session") => Some(json!({ "language": "ru" })),
        ("POST", "/api/setup") => {
            Some(json!({ "token": "0".repeat(64), "email": "x@a.kz", "password": PASSWORD }))
        }
        ("POST", "/api/sites") => Some(json!({ "domain": format!("{who:?}.kz"), "timezone": "UTC" })),
        ("POST", "/api/questions") => Some(json!({ "questions": [question("a.kz")] })),
        ("POST", "/api/v2/query") => Some(question("a.kz")),
        _ => None,
    }
}

async fn come_in(harness: &Harness, who: Who) -> (Option<Browser>, Option<String>) {
    match who {
        Anonymous => (None, None),
        Viewer | Editor | Admin | Owner => {
            let email = format!("{who:?}@a.kz").to_lowercase();
            (Some(harness.sign_in(&email).await), None)
        }
        Key => (None, Some(harness.key("a.kz"))),
        OthersKey => (None, Some(harness.key("b.kz"))),
        RevokedKey => {
            let key = harness.key("a.kz");
            harness.control.revoke_api_key(Author::Console, &key[..14]).unwrap();
            (None, Some(key))
        }
    }
}

#[tokio::test]
async fn everybody_gets_what_their_role_allows_and_nothing_else() {
    let harness = Harness::furnished();
    for (method, pattern, expected) in MATRIX {
        let mut path = pattern.replace("{domain}", "a.kz");
        if path.starts_with("/api/v1/") {
            path.push_str("?site_id=a.kz&property=visit:source");
        }
        for (who, expected) in EVERYBODY.into_iter().zip(expected) {
            let (browser, key) = come_in(&harness, who).await;
            let mut request = request(method, &path, browser.as_ref(), body_for(method, pattern, who));
            if let Some(key) = key {
                request.headers_mut().insert(AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
            }
            let reply = harness.send(request).await;
            assert_eq!(reply.status.as_u16(), *expected, "{method} {path} for {who:?}: {}", reply.text);
            if reply.status.is_client_error() {
                assert!(!reply.code().is_empty(), "{method} {path} for {who:?} has no code");
            }
        }
    }
}

#[test]
fn the_matrix_has_every_address() {
    let table: Vec<_> = ROUTES.iter().map(|route| (route.method, route.path)).collect();
    let matrix: Vec<_> = MATRIX.iter().map(|(method, path, _)| (*method, *path)).collect();
    assert_eq!(table, matrix);
}

#[tokio::test]
async fn a_change_needs_the_token_of_its_own_session() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    let other = harness.sign_in("owner@a.kz").await;
    let changes = [("PATCH", "/api/session"), ("DELETE", "/api/session"), ("POST", "/api/sites")];
    for (method, path) in changes {
        for wrong in [None, Some(""), Some("0"), Some(other.csrf.as_str()), Some(owner.session.as_str())] {
            let mut request = request(method, path, Some(&owner), body_for(method, path, Owner));
            request.headers_mut().remove(CSRF_HEADER);
            if let Some(wrong) = wrong {
                request.headers_mut().insert(CSRF_HEADER, wrong.parse().unwrap());
            }
            let reply = harness.send(request).await;
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (StatusCode::FORBIDDEN, "csrf"),
                "{method} {path}"
            );
        }
    }
    // Positive control: with the right one they are done.
    for (method, path) in [("POST", "/api/sites"), ("PATCH", "/api/session"), ("DELETE", "/api/session")] {
        let reply = harness.send(request(method, path, Some(&owner), body_for(method, path, Owner))).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.text);
    }
}

#[tokio::test]
async fn what_another_sites_page_sends_is_refused_even_with_every_token() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    for route in ROUTES.iter().filter(|route| route.method != "GET" && route.path != "/api/v2/query") {
        let foreign: [&[(&str, &str)]; 3] = [
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example"), ("host", "127.0.0.1:8081")],
        ];
        for headers in foreign {
            let mut request =
                request(route.method, route.path, Some(&owner), body_for(route.method, route.path, Owner));
            request.headers_mut().remove("sec-fetch-site");
            for (name, value) in headers {
                request.headers_mut().insert(*name, value.parse().unwrap());
            }
            let reply = harness.send(request).await;
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (StatusCode::FORBIDDEN, "cross_site"),
                "{route:?} {headers:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_key_is_named_by_a_well_formed_header_or_missing() {
    let harness = Harness::furnished();
    let key = harness.key("a.kz");
    for (header, code) in [
        (None, "missing_api_key"),
        (Some(String::new()), "missing_api_key"),
        (Some(key.clone()), "missing_api_key"),
        (Some(format!("Basic {key}")), "missing_api_key"),
        (Some("Bearer ".into()), "missing_api_key"),
        (Some("Bearer nonsense".into()), "invalid_api_key"),
        (Some(format!("Bearer {key}0")), "invalid_api_key"),
        (Some(format!("bearer {key}")), ""),
    ] {
        let mut request = request("POST", "/api/v2/query", None, Some(question("a.kz")));
        if let Some(header) = &header {
            request.headers_mut().insert(AUTHORIZATION, header.parse().unwrap());
        }
        let reply = harness.send(request).await;
        assert_eq!(reply.code(), code, "{header:?}");
        if !code.is_empty() {
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
            assert_eq!(reply.headers["www-authenticate"], "Bearer");
        }
    }
}

#[tokio::test]
async fn a_key_cannot_tell_another_site_from_one_that_does_not_exist() {
    let harness = Harness::furnished();
    let key = harness.key("a.kz");
    let mut told = Vec::new();
    for site in ["b.kz", "nowhere.kz"] {
        let mut request = request("POST", "/api/v2/query", None, Some(question(site)));
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {key}").parse().unwrap());
        let reply = harness.send(request).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        told.push(reply.text);
    }
    assert_eq!(told[0], told[1]);
}
