//! The door as a client sees it, without a socket.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use events::{DropReason, OptOutMode, Outcome, RefuseReason, Site, SiteId, SiteList};
use http::header::{self, HeaderName};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use jiff::tz::TimeZone;
use prometheus::Registry;
use serde_json::Value;
use serve::body::read_capped;

use super::answer::Answer;
use super::*;
use crate::admit::AdmitConfig;
use crate::agent::Agents;
use crate::bot::data_centre::DataCentres;
use crate::geo::Geo;
use crate::http::demo::DEMO_DOMAIN;
use crate::identity::{Custody, Vault};
use crate::journal::JournalConfig;
use crate::source::spam::SpamHosts;

const PAGEVIEW: &str = r#"{"n":"pageview","u":"https://example.kz/bet","d":"example.kz"}"#;

const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
const UMAMI_ID: &str = "94db1cb1-74f4-4a40-ad6c-962362670409";

mod clients;
mod gate;
mod servers;

struct Bench {
    door: Arc<Door>,
    sites: Arc<SiteList>,
    hand: serve::clock::ManualClock,
    journal: Arc<Journal>,
    drops: Arc<Journal>,
    metrics: Arc<Metrics>,
    registry: Registry,
    _home: tempfile::TempDir,
}

fn bench(limits: BeaconLimits) -> Bench {
    let home = tempfile::tempdir().unwrap();
    let sites = Arc::new(SiteList::default());
    sites.replace([Site {
        id: SiteId(1),
        domain: "example.kz".into(),
        zone: TimeZone::get("Asia/Almaty").unwrap(),
        opt_out: OptOutMode::Tally,
        rules: events::SiteRules { umami_id: Some(UMAMI_ID.into()), ..events::SiteRules::default() },
        keys: vec![events::KeyHash(*blake3::hash(&[7; 32]).as_bytes())],
    }]);
    let vault = Arc::new(Vault::new(Custody::memory()));
    let journal = Arc::new(Journal::open(&home.path().join("journal"), 1, JournalConfig::default()).unwrap());
    let drops = Arc::new(Journal::open(&home.path().join("drops"), 1, JournalConfig::default()).unwrap());
    let registry = Registry::new();
    // Noon in Almaty.
    let (clock, hand) = Clock::manual("2026-11-22T07:00:00Z".parse().unwrap());
    let metrics = Arc::new(Metrics::register(&registry, &journal, &vault).unwrap());
    let admitter = Admitter::new(AdmitConfig {
        sites: Arc::clone(&sites),
        vault,
        geo: Arc::new(Geo::time_zone_only()),
        agents: Agents::load().unwrap(),
        spam: SpamHosts::default(),
        data_centres: DataCentres::default(),
        collector_id: 1,
    });
    let door = Door::new(
        admitter,
        TrustedProxies::default(),
        limits,
        true,
        Arc::clone(&journal),
        Arc::clone(&drops),
        Arc::clone(&metrics),
        clock,
    );
    let door = door.with_dialects(Dialects { umami: true, goatcounter: true });
    Bench { door: Arc::new(door), sites, hand, journal, drops, metrics, registry, _home: home }
}

fn post(kind: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post("/api/event").header(header::CONTENT_TYPE, kind).body(Full::new(body.into())).unwrap()
}

fn request(method: Method, path: &str) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri(path).body(Full::default()).unwrap()
}

/// With an agent that is no robot's.
fn browsing(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    request.headers_mut().entry(header::USER_AGENT).or_insert_with(|| AGENT.parse().unwrap());
    request
}

fn peer() -> Peer {
    Peer::parse("192.0.2.1").unwrap()
}

impl Bench {
    /// As a browser asks.
    async fn ask(&self, request: Request<Full<Bytes>>) -> Answer {
        self.door.answer(Some(&peer()), browsing(request)).await
    }

    fn settled(&self, outcome: Outcome) -> u64 {
        self.metrics.ledger.settled(outcome)
    }
}

fn says(answer: &Answer, name: impl Into<HeaderName>) -> &str {
    answer.headers().get(name.into()).map_or("", |value| value.to_str().unwrap())
}

async fn body(answer: Answer) -> String {
    let bytes = read_capped(answer.into_body(), 1 << 20, Duration::from_secs(1)).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_stored_beacon_is_on_disk_when_it_is_acknowledged() {
    let bench = bench(BeaconLimits::default());
    let answer = bench.ask(post("text/plain;charset=UTF-8", PAGEVIEW)).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(says(&answer, header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    assert_eq!(says(&answer, answer::DROPPED), "");
    assert_eq!(body(answer).await, "ok");
    assert_eq!(bench.journal.stats().undelivered_rows, 1);
    assert_eq!(bench.settled(Outcome::Stored), 1);
    let histogram = bench.registry.gather();
    let histogram = histogram.iter().find(|family| family.name() == "sanaq_ack_duration_seconds").unwrap();
    assert_eq!(histogram.get_metric()[0].get_histogram().get_sample_count(), 1);
}

#[tokio::test]
async fn each_domain_of_a_body_has_its_own_outcome() {
    let bench = bench(BeaconLimits::default());
    let both = r#"{"n":"pageview","u":"https://example.kz/","d":"example.kz,nobody.kz"}"#;
    let answer = bench.ask(post("application/json", both)).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(
        (says(&answer, answer::DROPPED), says(&answer, answer::DROPPED_REASON)),
        ("1", "unknown_site")
    );
    assert_eq!(bench.settled(Outcome::Stored), 1);
    assert_eq!(bench.settled(Outcome::Dropped(DropReason::UnknownSite)), 1);
    assert_eq!(bench.metrics.ledger.received_and_in_flight(), (2, 0));
}

#[tokio::test]
async fn a_beacon_that_can_not_be_meant_is_refused_with_field_and_code() {
    let bench = bench(BeaconLimits::default());
    let answer = bench.ask(post("text/plain", r#"{"n":"pageview","d":"example.kz"}"#)).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let told: Value = serde_json::from_str(&body(answer).await).unwrap();
    assert_eq!(told["code"], "invalid_field");
    assert!(told["errors"]["url"][0].is_string(), "{told}");
    assert_eq!(bench.settled(Outcome::Refused(RefuseReason::InvalidField)), 1);
}

#[tokio::test]
async fn bodies_of_other_kinds_and_sizes_are_refused() {
    let bench = bench(BeaconLimits { body_bytes: 100, ..BeaconLimits::default() });
    for (request, status, reason) in [
        (post("application/x-www-form-urlencoded", "n=1"), 415, RefuseReason::UnsupportedMediaType),
        (post("text/plainly", PAGEVIEW), 415, RefuseReason::UnsupportedMediaType),
        (post("text/plain", "x".repeat(101)), 413, RefuseReason::BodyTooLarge),
        (post("text/plain", "[1]"), 400, RefuseReason::MalformedBody),
    ] {
        let answer = bench.ask(request).await;
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(says(&answer, header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        assert!(body(answer).await.contains(reason.code()));
    }
    assert_eq!(bench.settled(Outcome::Refused(RefuseReason::UnsupportedMediaType)), 2);
    assert_eq!(bench.metrics.ledger.received_and_in_flight(), (4, 0));
    assert_eq!(bench.journal.stats().undelivered_rows, 0);
}

#[test]
fn every_refusal_is_an_error_with_its_code_and_asks_to_come_back_only_when_that_helps() {
    for reason in RefuseReason::ALL {
        let answer = answer::refused(*reason, None);
        let come_back = matches!(answer.status().as_u16(), 429 | 503);
        assert!(answer.status().is_client_error() || come_back);
        assert_eq!(!says(&answer, header::RETRY_AFTER).is_empty(), come_back, "{reason}");
    }
}

#[tokio::test]
async fn beyond_the_bound_in_flight_a_beacon_is_refused_unread() {
    let bench = bench(BeaconLimits { in_flight: 0, ..BeaconLimits::default() });
    let answer = bench.ask(post("text/plain", PAGEVIEW)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(says(&answer, header::RETRY_AFTER), "5");
    assert!(body(answer).await.contains("overloaded"));
    assert_eq!(bench.settled(Outcome::Refused(RefuseReason::Overloaded)), 1);
}

#[tokio::test]
async fn a_beacon_the_journal_does_not_take_is_refused() {
    let bench = bench(BeaconLimits::default());
    bench.journal.close();
    let answer = bench.ask(post("text/plain", PAGEVIEW)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(body(answer).await.contains("journal_unavailable"));
    assert_eq!(bench.settled(Outcome::Refused(RefuseReason::JournalUnavailable)), 1);
}

#[tokio::test]
async fn a_client_that_hangs_up_still_leaves_one_outcome() {
    let bench = bench(BeaconLimits::default());
    {
        let peer = peer();
        let mut asked = pin!(bench.door.answer(Some(&peer), browsing(post("text/plain", PAGEVIEW))));
        // Polled once: the row is with the journal, the answer is not there (or just is).
        let _gone: Poll<Answer> = asked.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    let deadline = Instant::now() + Duration::from_secs(5);
    while bench.metrics.ledger.received_and_in_flight() != (1, 0) {
        assert!(Instant::now() < deadline, "no outcome");
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.settled(Outcome::Stored), 1);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused() {
    let bench = bench(BeaconLimits { body_timeout: Duration::from_millis(1), ..BeaconLimits::default() });
    let request = Request::post("/api/event").body(Silent).unwrap();
    let answer = bench.door.answer(Some(&peer()), request).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(bench.settled(Outcome::Refused(RefuseReason::BodyIncomplete)), 1);
}

#[tokio::test]
async fn each_path_knows_its_methods() {
    let bench = bench(BeaconLimits::default());
    for (method, path, status, allow) in [
        (Method::OPTIONS, "/api/event", 204, ""),
        (Method::GET, "/api/event", 405, "POST, OPTIONS"),
        (Method::GET, "/js/script.js", 200, ""),
        (Method::HEAD, "/js/script.js", 200, ""),
        (Method::POST, "/js/script.js", 405, "GET, HEAD"),
        (Method::GET, "/livez", 200, ""),
        (Method::DELETE, "/livez", 405, "GET, HEAD"),
        (Method::GET, "/demo", 308, ""),
        (Method::POST, "/demo", 405, "GET, HEAD"),
        (Method::GET, "/demo/", 200, ""),
        (Method::PUT, "/demo/", 405, "GET, HEAD"),
        (Method::GET, "/demo/../Cargo.toml", 404, ""),
        (Method::GET, "/demo/nowhere", 404, ""),
        (Method::GET, "/api/events", 405, "POST"),
        (Method::OPTIONS, "/api/events", 405, "POST"),
        (Method::POST, "/api/pixel.gif", 405, "GET"),
        (Method::OPTIONS, "/api/send", 204, ""),
        (Method::GET, "/api/batch", 405, "POST, OPTIONS"),
        (Method::DELETE, "/count", 405, "GET, POST"),
        (Method::GET, "/api/v0/count", 405, "POST"),
        (Method::GET, "/", 404, ""),
        (Method::POST, "/nowhere", 404, ""),
    ] {
        let answer = bench.ask(request(method.clone(), path)).await;
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        assert_eq!(says(&answer, header::ALLOW), allow, "{method} {path}");
        assert_eq!(says(&answer, header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{method} {path}");
        assert!(
            says(&answer, header::CONTENT_SECURITY_POLICY).starts_with("default-src '"),
            "{method} {path}"
        );
        if method == Method::HEAD {
            assert_eq!(body(answer).await, "");
        }
    }
    assert_eq!(bench.metrics.ledger.received_and_in_flight(), (0, 0));
}

#[tokio::test]
async fn a_preflight_is_answered_for_a_day() {
    let bench = bench(BeaconLimits::default());
    let answer = bench.ask(request(Method::OPTIONS, "/api/event")).await;
    assert_eq!(says(&answer, header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
    assert_eq!(
        says(&answer, header::ACCESS_CONTROL_ALLOW_HEADERS),
        "content-type, x-debug-request, x-umami-cache"
    );
    assert_eq!(says(&answer, header::ACCESS_CONTROL_MAX_AGE), "86400");
}

#[tokio::test]
async fn a_script_that_is_known_is_not_sent_again() {
    let bench = bench(BeaconLimits::default());
    let first = bench.ask(request(Method::GET, "/js/script.js")).await;
    assert!(says(&first, header::CONTENT_TYPE).starts_with("text/javascript"));
    assert!(says(&first, header::CACHE_CONTROL).contains("max-age="));
    let tag = says(&first, header::ETAG).to_owned();
    assert!(!body(first).await.is_empty());
    let mut again = request(Method::GET, "/js/script.js");
    again.headers_mut().insert(header::IF_NONE_MATCH, format!("\"other\", W/{tag}").parse().unwrap());
    let again = bench.ask(again).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(body(again).await, "");
}

#[tokio::test]
async fn the_demo_carries_the_tracker_needs_nothing_inline_and_its_links_lead_somewhere() {
    let bench = bench(BeaconLimits::default());
    let snippet =
        format!(r#"<script defer data-site="{DEMO_DOMAIN}" data-local src="/js/script.js"></script>"#);
    let (mut queue, mut seen) = (vec!["/demo/".to_owned()], Vec::new());
    let mut pages = 0;
    while let Some(path) = queue.pop() {
        if seen.contains(&path) {
            continue;
        }
        let answer = bench.ask(request(Method::GET, &path)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let is_page = says(&answer, header::CONTENT_TYPE).starts_with("text/html");
        let policy = says(&answer, header::CONTENT_SECURITY_POLICY).to_owned();
        let text = body(answer).await;
        seen.push(path.clone());
        if !is_page {
            continue;
        }
        pages += 1;
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert!(text.contains(&snippet), "{path}");
        assert!(
            !text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick="),
            "{path}"
        );
        assert!(
            text.split("<script").skip(1).all(|rest| rest.split('>').next().unwrap().contains("src=")),
            "{path}"
        );
        assert!(text.contains(r#"href="https://"#), "{path} has a link out");
        let links = ["href=\"", "src=\""].into_iter().flat_map(|attribute| text.split(attribute).skip(1));
        let links = links.filter_map(|rest| rest.split('"').next()).filter(|link| link.starts_with('/'));
        queue.extend(links.map(str::to_owned));
    }
    assert!(pages >= 8, "{seen:?}");
}

/// A body of which nothing ever comes.
struct Silent;

impl Body for Silent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}
