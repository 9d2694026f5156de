//! A staff server with a control plane of its own, a question engine that does what a test says, and a clock that stands.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aggregator::analyses::{FunnelAnswer, FunnelMeta};
use aggregator::answer::{Figure, Meta, Row};
use aggregator::suppress::Audience;
use aggregator::{Analysis, AnalysisAnswer, Answer, Dropped, Pulse, Question, QuestionError};
use axum::Router;
use axum::body::Body;
use dashboards::control::{Author, ControlPlane, Role, Scope};
use dashboards::server::CSRF_HEADER;
use dashboards::{Asker, Dashboards, DashboardsConfig, DashboardsParts, OidcConfig};
use events::SiteId;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use prometheus::Registry;
use serde_json::{Value, json};
use serve::access::Secret;
use serve::clock::{Clock, ManualClock};
use tempfile::TempDir;
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "dala-samaly-2026";

/// The rows that answer a question.
pub(crate) type RowsOf = fn(&Question) -> Vec<Row>;

/// Answers every question with one visitor, unless it is told that ClickHouse is away.
#[derive(Default)]
pub(crate) struct FakeAsker {
    pub(crate) away: AtomicBool,
    pub(crate) current_visitors: AtomicU64,
    pub(crate) first_event: AtomicI64,
    pub(crate) looked_for_first_event: AtomicU64,
    /// What was asked, and for whom.
    pub(crate) asked: Mutex<Vec<(Question, Audience)>>,
    /// The rows of an answer, where a test wants others.
    pub(crate) rows: Mutex<Option<RowsOf>>,
}

impl FakeAsker {
    fn here(&self) -> Result<(), QuestionError> {
        if self.away.load(Ordering::SeqCst) {
            Err(QuestionError::Unavailable { clickhouse: 0 })
        } else {
            Ok(())
        }
    }
}

impl Asker for FakeAsker {
    fn answer_for<'a>(
        &'a self,
        question: &'a Question,
        audience: Audience,
    ) -> BoxFuture<'a, Result<Answer, QuestionError>> {
        Box::pin(async move {
            self.here()?;
            self.asked.lock().unwrap().push((question.clone(), audience));
            let rows = *self.rows.lock().unwrap();
            let row = Row { metrics: vec![Figure::Whole(1)], dimensions: vec![], comparison: None };
            Ok(Answer {
                results: rows.map_or(vec![row], |rows| rows(question)),
                meta: Meta::default(),
                query: json!({ "site_id": question.site_id }),
            })
        })
    }

    fn analyse<'a>(
        &'a self,
        analysis: &'a Analysis,
        audience: Audience,
    ) -> BoxFuture<'a, Result<AnalysisAnswer, QuestionError>> {
        Box::pin(async move {
            self.here()?;
            let least = audience.least(events::Thresholds::default());
            let meta = FunnelMeta {
                visits: Some(1),
                visitors: Some(1),
                days_told: 1,
                days_untold: 0,
                folded_below: Some(least),
            };
            let query = json!({ "site_id": analysis.site_id(), "as_read": format!("{analysis:?}") });
            Ok(AnalysisAnswer::Funnel(FunnelAnswer { kind: "funnel", results: vec![], meta, query }))
        })
    }

    fn pulse(&self, _site: SiteId) -> BoxFuture<'_, Result<Pulse, QuestionError>> {
        Box::pin(async move {
            self.here()?;
            Ok(Pulse {
                current_visitors: self.current_visitors.load(Ordering::SeqCst),
                events_today: 7,
                beacons_today: 8,
            })
        })
    }

    fn first_event(&self, _site: SiteId) -> BoxFuture<'_, Result<Option<i64>, QuestionError>> {
        Box::pin(async move {
            self.here()?;
            self.looked_for_first_event.fetch_add(1, Ordering::SeqCst);
            Ok(Some(self.first_event.load(Ordering::SeqCst)).filter(|at| *at != 0))
        })
    }

    fn drops(
        &self,
        _site: SiteId,
        first: Date,
        last: Date,
    ) -> BoxFuture<'_, Result<Vec<Dropped>, QuestionError>> {
        Box::pin(async move {
            self.here()?;
            let one = |day, reason: &str, count| Dropped { day, reason: reason.to_owned(), count };
            Ok(vec![one(first, "shield_page", 2), one(last, "opted_out", 1)])
        })
    }
}

/// Everything a test may want to hold.
pub(crate) struct Harness {
    pub(crate) control: ControlPlane,
    pub(crate) dashboards: Dashboards,
    pub(crate) asker: Arc<FakeAsker>,
    pub(crate) clock: Clock,
    pub(crate) hand: ManualClock,
    pub(crate) registry: Registry,
    pub(crate) directory: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The stable code of an error.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The value of a cookie that the answer sets.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.headers
            .get_all(SET_COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok()?.split(';').next()?.split_once('='))
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value.to_owned())
    }
}

/// A browser in which somebody is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) session: String,
    pub(crate) csrf: String,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::at("http://127.0.0.1:8081")
    }

    pub(crate) fn at(staff_url: &str) -> Self {
        Self::in_directory(tempfile::tempdir().unwrap(), staff_url)
    }

    /// Over a copy of such a file as [`Harness::freeze`] leaves.
    pub(crate) fn over(template: &Path, staff_url: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::copy(template, directory.path().join("control.sqlite")).unwrap();
        Self::in_directory(directory, staff_url)
    }

    /// The control plane as it is now, in one file beside its own.
    pub(crate) fn freeze(&self) -> PathBuf {
        let frozen = self.directory.path().join("frozen.sqlite");
        let connection = rusqlite::Connection::open(self.directory.path().join("control.sqlite")).unwrap();
        connection.execute("VACUUM INTO ?1", [frozen.to_str().unwrap()]).unwrap();
        frozen
    }

    /// Now, in Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    fn in_directory(directory: TempDir, staff_url: &str) -> Self {
        Self::with_provider(directory, staff_url, None)
    }

    /// With an identity provider.
    pub(crate) fn with_provider(directory: TempDir, staff_url: &str, oidc: Option<OidcConfig>) -> Self {
        let (clock, hand) = Clock::manual("2026-11-22T06:00:00Z".parse::<Timestamp>().unwrap());
        let control = ControlPlane::open(&directory.path().join("control.sqlite"), clock.clone()).unwrap();
        let asker = Arc::new(FakeAsker::default());
        let registry = Registry::new();
        let config = DashboardsConfig {
            staff_url: staff_url.into(),
            public_url: "https://count.example.kz/".into(),
            oidc,
            ..DashboardsConfig::default()
        };
        let parts = DashboardsParts {
            control: control.clone(),
            asker: asker.clone(),
            clock: clock.clone(),
            is_network: |text| text.starts_with("192.0.2."),
            registry: &registry,
        };
        let dashboards = Dashboards::build(&config, parts).unwrap();
        Self { control, dashboards, asker, clock, hand, registry, directory }
    }

    /// With the sites `a.kz` and `b.kz`, and one user of each role, named after it.
    pub(crate) fn furnished() -> Self {
        let harness = Self::new();
        harness.control.add_site(Author::Console, "a.kz", "Asia/Almaty").unwrap();
        harness.control.add_site(Author::Console, "b.kz", "Asia/Almaty").unwrap();
        for role in Role::ALL {
            harness
                .control
                .add_user(Author::Console, &format!("{role}@a.kz"), &Secret::new(PASSWORD), *role)
                .unwrap();
        }
        harness
    }

    pub(crate) fn router(&self) -> Router {
        self.dashboards.router()
    }

    pub(crate) fn key(&self, domain: &str) -> String {
        self.control.create_api_key(Author::Console, domain, Scope::Stats).unwrap().reveal()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let (parts, body) = self.router().oneshot(request).await.unwrap().into_parts();
        // Streams don't end: what is sent is looked at in `live.rs`.
        let is_stream = parts.headers.get(CONTENT_TYPE).is_some_and(|t| t == "text/event-stream");
        let bytes =
            if is_stream { bytes::Bytes::new() } else { axum::body::to_bytes(body, 1 << 20).await.unwrap() };
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str, browser: Option<&Browser>) -> Reply {
        self.send(request("GET", path, browser, None)).await
    }

    pub(crate) async fn post(&self, path: &str, browser: Option<&Browser>, body: Value) -> Reply {
        self.send(request("POST", path, browser, Some(body))).await
    }

    pub(crate) async fn sign_in(&self, email: &str) -> Browser {
        let reply = self.post("/api/session", None, json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        browser(&reply)
    }

    /// Everything the registry shows.
    pub(crate) fn metrics(&self) -> String {
        prometheus::TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap()
    }
}

/// The browser that such an answer has signed in.
pub(crate) fn browser(reply: &Reply) -> Browser {
    let session = reply.cookie("sanaq_session").expect("a session cookie");
    let csrf = reply.json()["csrf"].as_str().expect("a csrf token").to_owned();
    Browser { session, csrf }
}

/// A request as the interface makes it.
pub(crate) fn request(
    method: &str,
    path: &str,
    browser: Option<&Browser>,
    body: Option<Value>,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("sec-fetch-site", "same-origin");
    if let Some(browser) = browser {
        request = request.header(COOKIE, format!("sanaq_session={}", browser.session));
        if method != "GET" {
            request = request.header(CSRF_HEADER, &browser.csrf);
        }
    }
    match body {
        Some(body) => {
            request.header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
        }
        None => request.body(Body::empty()).unwrap(),
    }
}

pub(crate) fn question(site: &str) -> Value {
    json!({ "site_id": site, "metrics": ["visitors"], "date_range": "7d" })
}
