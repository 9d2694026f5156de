//! What every answer has, whatever was asked and however badly.

use axum::body::Body;
use dashboards::server::{ROUTES, SECURITY_HEADERS};
use http::{Request, StatusCode};
use serde_json::json;

use crate::harness::{Harness, PASSWORD, Reply, request};

fn assert_manners(reply: &Reply, what: &str, may_be_kept: bool) {
    for (name, value) in SECURITY_HEADERS {
        let said = reply.headers.get(*name).and_then(|v| v.to_str().ok());
        // The built page has its one style within, which is allowed by its hash.
        let said =
            said.map(|said| said.split_once("; style-src 'self' 'sha256-").map_or(said, |(usual, _)| usual));
        assert_eq!(said, Some(*value), "{name} of {what}");
    }
    let kept = reply.headers["cache-control"].to_str().unwrap();
    assert!(may_be_kept || kept == "no-store", "{what} may be kept: {kept}");
    let csp = reply.headers["content-security-policy"].to_str().unwrap();
    assert!(!csp.contains("unsafe"), "{csp}");
}

#[tokio::test]
async fn no_answer_goes_without_the_security_headers() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    for route in ROUTES {
        let path = route.path.replace("{domain}", "a.kz");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            // Signing out would make the rest of the loop anonymous.
            let browsers = if method == "DELETE" { vec![None] } else { vec![None, Some(&owner)] };
            for browser in browsers {
                let reply = harness.send(request(method, &path, browser, None)).await;
                assert_manners(&reply, &format!("{method} {path} for {browser:?}"), false);
            }
        }
    }
    for path in ["/api", "/api/", "/api/nope", "/api/sites/a.kz/nope", "/api/v2"] {
        let reply = harness.get(path, Some(&owner)).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::NOT_FOUND, "unknown_route"), "{path}");
        assert_manners(&reply, path, false);
    }
    for path in ["/", "/a.kz", "/setup", "/assets/none.js", "/favicon.ico"] {
        for method in ["GET", "HEAD", "POST"] {
            let reply = harness.send(request(method, path, None, None)).await;
            assert_manners(&reply, &format!("{method} {path}"), true);
        }
    }
}

#[tokio::test]
async fn only_over_tls_is_the_browser_told_to_stay_there() {
    for (url, expected) in
        [("http://127.0.0.1:8081", None), ("https://stats.example.kz", Some("max-age=31536000"))]
    {
        let reply = Harness::at(url).get("/", None).await;
        let hsts = reply.headers.get("strict-transport-security").map(|v| v.to_str().unwrap());
        assert_eq!(hsts, expected, "{url}");
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_take_is_named_so() {
    let harness = Harness::furnished();
    for (method, path) in [
        ("PUT", "/api/session"),
        ("GET", "/api/setup"),
        ("DELETE", "/api/sites"),
        ("POST", "/api/sites/a.kz"),
        ("GET", "/api/questions"),
        ("GET", "/api/v2/query"),
        ("OPTIONS", "/api/v2/query"),
        ("TRACE", "/api/session"),
        ("POST", "/"),
        ("DELETE", "/a.kz"),
    ] {
        let reply = harness.send(request(method, path, None, None)).await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}: {}", reply.text);
        assert_eq!(reply.code(), "method_not_allowed", "{method} {path}");
        assert!(reply.headers.contains_key("allow"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_by_code_and_not_echoed() {
    let harness = Harness::furnished();
    let owner = harness.sign_in("owner@a.kz").await;
    let takers = [
        ("POST", "/api/session"),
        ("PATCH", "/api/session"),
        ("POST", "/api/setup"),
        ("POST", "/api/sites"),
        ("POST", "/api/questions"),
    ];
    for (method, path) in takers {
        let send = |content_type: Option<&str>, body: String| {
            let mut request: Request<Body> = request(method, path, Some(&owner), None);
            if let Some(content_type) = content_type {
                request.headers_mut().insert("content-type", content_type.parse().unwrap());
            }
            *request.body_mut() = Body::from(body);
            harness.send(request)
        };
        let json = Some("application/json; charset=utf-8");
        let large = format!("\"{}\"", "canary".repeat(20_000));
        for (content_type, body, status, code) in [
            (None, "{}", 415, "unsupported_media_type"),
            (Some("text/plain"), "{}", 415, "unsupported_media_type"),
            (Some("application/x-www-form-urlencoded"), "canary=1", 415, "unsupported_media_type"),
            (json, "", 400, "malformed_body"),
            (json, "{canary", 400, "malformed_body"),
            (json, "[]", 400, "malformed_body"),
            (json, r#"{"canary":1}"#, 400, "malformed_body"),
            (json, &"[".repeat(10_000), 400, "malformed_body"),
            (json, &large, 413, "body_too_large"),
        ] {
            let reply = send(content_type, body.to_owned()).await;
            let got = (reply.status.as_u16(), reply.code());
            assert_eq!(got, (status, code.to_owned()), "{method} {path}");
            assert!(!reply.text.contains("canary"), "{method} {path} echoes: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn the_figures_name_routes_and_results_only() {
    let harness = Harness::furnished();
    harness.sign_in("viewer@a.kz").await;
    harness.post("/api/session", None, json!({ "email": "canary@a.kz", "password": PASSWORD })).await;
    harness.get("/canary.kz", None).await;
    harness.get("/api/canary", None).await;
    harness.get("/api/sites/canary.kz", None).await;
    let metrics = harness.metrics();
    for line in [
        r#"sanaq_sign_ins_total{result="ok"} 1"#,
        r#"sanaq_sign_ins_total{result="wrong_credentials"} 1"#,
        r#"sanaq_sign_ins_total{result="slow_down"} 0"#,
        r#"sanaq_staff_requests_total{class="4xx",route="unknown"} 1"#,
        r#"sanaq_staff_requests_total{class="4xx",route="/api/sites/{domain}"} 1"#,
        r#"sanaq_staff_requests_total{class="2xx",route="/api/v2/query"} 0"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    assert!(!metrics.contains("canary"));
    assert!(metrics.lines().filter(|line| !line.starts_with('#')).count() < 400);
}

#[tokio::test]
async fn the_page_that_tries_a_visit_out_alone_may_talk_to_the_collector() {
    let harness = Harness::furnished();
    let policy = async |path: &str| {
        let reply = harness.get(path, None).await;
        reply.headers["content-security-policy"].to_str().unwrap().to_owned()
    };
    let trial = policy("/a.kz/why").await;
    assert!(trial.starts_with("default-src 'self';") && !trial.contains("unsafe"), "{trial}");
    let (_, connect) = trial.split_once("connect-src ").unwrap();
    let hosts: Vec<_> = connect.split(' ').collect();
    assert!(matches!(hosts[..], ["'self'", host] if host.starts_with("http")), "{connect}");
    for other in ["/", "/why", "/a.kz", "/a.kz/settings", "/a.kz/b/why", "/share/x/why", "/api/why"] {
        let usual = policy(other).await;
        assert!(!usual.contains("connect-src"), "{other}: {usual}");
    }
}
