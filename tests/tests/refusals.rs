//! Bad input to every public route gets the right status and a stable code, and leaves nothing of itself in the log.

use hyper::Method;
use serde_json::{Value, json};

use crate::harness::process::{Installation, Process, metric};

const SITE: &str = "refusals.example.kz";
/// Stands in every bad request: in the path, a header, the body. Must not come back in a log.
const MARK: &str = "mark-7f3a91c2";

struct Bad {
    what: &'static str,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
}

fn bad(
    what: &'static str,
    method: Method,
    path: &str,
    body: impl Into<Vec<u8>>,
    status: u16,
    code: &'static str,
) -> Bad {
    Bad {
        what,
        method,
        path: path.to_owned(),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", format!("{MARK}-agent")),
            ("referer", format!("https://{MARK}.example/")),
            ("cookie", format!("id={MARK}")),
        ],
        body: body.into(),
        status,
        code,
    }
}

fn with_header(mut request: Bad, name: &'static str, value: &str) -> Bad {
    request.headers.retain(|(other, _)| *other != name);
    request.headers.push((name, value.to_owned()));
    request
}

fn bad_beacons() -> Vec<Bad> {
    let post = |what, body: Value, code| bad(what, Method::POST, "/api/event", body.to_string(), 400, code);
    let url = format!("https://{SITE}/{MARK}");
    vec![
        bad("not JSON", Method::POST, "/api/event", format!("{{{MARK}"), 400, "malformed_body"),
        bad("not UTF-8", Method::POST, "/api/event", [b'{', 0xFF, 0xFE, b'}'], 400, "malformed_body"),
        bad("empty", Method::POST, "/api/event", "", 400, "malformed_body"),
        post("an array", json!([MARK]), "malformed_body"),
        post("no name", json!({ "u": url, "d": SITE }), "invalid_field"),
        post("blank name", json!({ "n": " ", "u": url, "d": SITE }), "invalid_field"),
        post("long name", json!({ "n": MARK.repeat(20), "u": url, "d": SITE }), "invalid_field"),
        post("no url", json!({ "n": "pageview", "d": SITE }), "invalid_field"),
        post(
            "long url",
            json!({ "n": "pageview", "u": format!("{url}{}", "a".repeat(2000)), "d": SITE }),
            "invalid_field",
        ),
        post("data url", json!({ "n": "pageview", "u": format!("data:{MARK}"), "d": SITE }), "invalid_field"),
        post("blank domain", json!({ "n": "pageview", "u": url, "d": "" }), "invalid_field"),
        post(
            "long property",
            json!({ "n": "A", "u": url, "d": SITE, "p": { "k": "v".repeat(2001) } }),
            "invalid_field",
        ),
        post(
            "engagement without figures",
            json!({ "n": "engagement", "u": url, "d": SITE }),
            "invalid_field",
        ),
        bad("too long", Method::POST, "/api/event", MARK.repeat(8000), 413, "body_too_large"),
        with_header(
            bad("a form", Method::POST, "/api/event", format!("n={MARK}"), 415, "unsupported_media_type"),
            "content-type",
            "application/x-www-form-urlencoded",
        ),
        bad("wrong method", Method::PUT, "/api/event", "{}", 405, "method_not_allowed"),
        bad("wrong method for the script", Method::POST, "/js/script.js", "{}", 405, "method_not_allowed"),
        bad("no such route", Method::GET, &format!("/{MARK}"), "", 404, "not_found"),
        bad("no such demo page", Method::GET, &format!("/demo/{MARK}"), "", 404, "not_found"),
        bad("out of the demo", Method::GET, "/demo/../../etc/passwd", "", 404, "not_found"),
    ]
}

async fn check(process: &Process, request: &Bad) {
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let url = format!("{}{}", process.at.public, request.path);
    let reply =
        process.http.call(request.method.clone(), &url, &headers, request.body.clone()).await.unwrap();
    assert_eq!(reply.status.as_u16(), request.status, "{}: {}", request.what, reply.text());
    assert_eq!(reply.json()["code"], request.code, "{}: {}", request.what, reply.text());
    assert!(!reply.text().contains(MARK), "{}: the answer repeats the input", request.what);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_to_a_public_route_gets_its_code_and_leaves_nothing_in_the_log() {
    let installation = Installation::new();
    installation.add_site(SITE, "Asia/Almaty").await;
    let process = installation.serve(&["--demo"]).await;

    let requests = bad_beacons();
    for request in &requests {
        check(&process, request).await;
    }
    let refused = |code| requests.iter().filter(|r| r.code == code && r.path == "/api/event").count();
    let text = process.metrics().await;
    for code in ["malformed_body", "invalid_field", "body_too_large", "unsupported_media_type"] {
        let counted = metric(&text, &format!("sanaq_beacons_total{{outcome=\"refused\",reason=\"{code}\"}}"));
        assert_eq!(counted, Some(refused(code) as f64), "{code}");
    }
    assert_eq!(metric(&text, "sanaq_beacons_total{outcome=\"stored\",reason=\"\"}"), Some(0.0));

    assert!(process.stop(rustix::process::Signal::TERM).await.success());
    let log = installation.log_text();
    assert!(log.contains("malformed_body"), "the code of a refusal is logged at debug level:\n{log}");
    assert!(!log.contains(MARK), "the log repeats the input:\n{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beacon_for_an_unknown_site_is_dropped_with_its_reason() {
    let installation = Installation::new();
    let process = installation.serve(&[]).await;
    let reply = process
        .http
        .post(
            &format!("{}/api/event", process.at.public),
            &[("content-type", "text/plain")],
            json!({ "n": "pageview", "u": "https://nobody.example/", "d": "nobody.example" }).to_string(),
        )
        .await
        .unwrap();
    assert_eq!((reply.status.as_u16(), reply.text().as_str()), (202, "ok"));
    assert_eq!(reply.header("x-plausible-dropped"), Some("1"));
    assert_eq!(reply.header("x-sanaq-dropped"), Some("unknown_site"));
    let counted =
        metric(&process.metrics().await, "sanaq_beacons_total{outcome=\"dropped\",reason=\"unknown_site\"}");
    assert_eq!(counted, Some(1.0));
}
