//! A database of its own for each test, a site, a wire, and collectors that come and go.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use collector::identity::Inheritance;
use collector::{Collector, CollectorConfig, CollectorParts, Keys};
use engine::{Engine, User};
use events::{Deliveries, OptOutMode, Site, SiteId, SiteList};
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::tz::TimeZone;
use prometheus::Registry;
use serve::access::{ClickHouseAccess, Connection, Secret};
use serve::clock::Clock;
use serve::listener::{Limits, Listener};
use serve::ready::Readiness;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::wire::Wire;

pub(crate) struct Scene {
    pub(crate) wire: Wire,
    pub(crate) owner: clickhouse::Client,
    pub(crate) home: tempfile::TempDir,
    pub(crate) access: ClickHouseAccess,
    sites: Arc<SiteList>,
}

/// An agent that is no robot's.
const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";

impl Scene {
    /// With the schema in place, in a database named after the test.
    pub(crate) async fn new(database: &str) -> Self {
        Self::on(engine::testing::shared().await, database).await
    }

    /// The same on an engine of the test's own.
    pub(crate) async fn on(engine: &Engine, database: &str) -> Self {
        let wire = Wire::to(&engine.url()).await;
        let access = |user: User, url: &str| ClickHouseAccess {
            url: url.to_owned(),
            database: database.to_owned(),
            user: user.name().to_owned(),
            password: Secret::new(engine.password(user)),
            connection: Connection::default(),
        };
        let owner = access(User::Owner, &engine.url());
        aggregator::schema::migrate(&owner).await.unwrap();
        let client = clickhouse::Client::default()
            .with_url(&owner.url)
            .with_database(&owner.database)
            .with_user(&owner.user)
            .with_password(owner.password.reveal());
        let sites = Arc::new(SiteList::default());
        sites.replace([Site {
            id: SiteId(1),
            domain: "example.kz".into(),
            zone: TimeZone::get("Asia/Almaty").unwrap(),
            opt_out: OptOutMode::Tally,
            rules: events::SiteRules::default(),
            keys: Vec::new(),
        }]);
        let access = access(User::Collector, &wire.url);
        Self { wire, owner: client, home: tempfile::tempdir().unwrap(), access, sites }
    }

    /// Starts a collector on the scene's data directory.
    pub(crate) async fn start(&self, clock: Clock) -> Running {
        let mut config = CollectorConfig::new(self.home.path());
        config.keys = Keys::Memory;
        config.delivery.longest_pause = Duration::from_millis(100);
        self.start_with(config, clock).await
    }

    pub(crate) async fn start_with(&self, config: CollectorConfig, clock: Clock) -> Running {
        let (registry, readiness) = (Registry::new(), Readiness::default());
        let parts = CollectorParts {
            clock,
            sites: Arc::clone(&self.sites),
            clickhouse: self.access.clone(),
            registry: &registry,
            readiness: &readiness,
            inherited: Inheritance::default(),
        };
        let collector = Collector::build(config, parts).unwrap();
        let deliveries = collector.deliveries();
        let listener = Listener::bind("127.0.0.1:0", Limits::default()).await.unwrap();
        let url = format!("http://{}/api/event", listener.local_address());
        let (stop, stopped) = oneshot::channel::<()>();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let stop = async { drop(stopped.await) };
            let _drained = collector.run(listener, stop).await;
        });
        let http = HttpClient::builder(TokioExecutor::new()).build_http();
        Running { url, registry, readiness, deliveries, http, stop: Some(stop), task }
    }

    /// Rows in `events`, and distinct paths among them.
    pub(crate) async fn stored(&self) -> (u64, u64) {
        self.owner.query("SELECT count(), uniqExact(path) FROM events").fetch_one().await.unwrap()
    }

    /// Waits until `events` has as many rows, each with a path of its own.
    pub(crate) async fn wait_for(&self, rows: u64) {
        eventually(&format!("{rows} rows"), async || {
            let stored = self.stored().await;
            assert!(stored.0 <= rows, "{stored:?}: a row was stored twice");
            stored == (rows, rows)
        })
        .await;
    }
}

/// Looks again until it is true, for at most 20 s.
pub(crate) async fn eventually(what: &str, mut is_true: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_true().await {
        assert!(Instant::now() < deadline, "never came: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) struct Running {
    url: String,
    pub(crate) registry: Registry,
    pub(crate) readiness: Readiness,
    pub(crate) deliveries: Arc<dyn Deliveries>,
    http: HttpClient<HttpConnector, Full<Bytes>>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinSet<()>,
}

impl Running {
    /// Sends a pageview of this path.
    pub(crate) async fn send(&self, path: &str) -> StatusCode {
        self.send_from("example.kz", path).await
    }

    /// Sends a pageview of this path from a page of this host.
    pub(crate) async fn send_from(&self, host: &str, path: &str) -> StatusCode {
        let body = format!(r#"{{"n":"pageview","u":"https://{host}/{path}","d":"example.kz"}}"#);
        let request = Request::post(&self.url)
            .header("content-type", "text/plain")
            .header("user-agent", AGENT)
            .body(body.into())
            .unwrap();
        self.http.request(request).await.unwrap().status()
    }

    /// Sends as many pageviews, 16 at a time, all of which must be acknowledged.
    pub(crate) async fn send_all(&self, name: &str, count: u64) {
        for start in (0..count).step_by(16) {
            let paths: Vec<_> = (start..count.min(start + 16)).map(|row| format!("{name}/{row}")).collect();
            let mut sends: Vec<_> = paths.iter().map(|path| Box::pin(self.send(path))).collect();
            for send in &mut sends {
                assert_eq!(send.await, StatusCode::ACCEPTED);
            }
        }
    }

    /// A figure without labels, or the sum of one over its labels.
    pub(crate) fn figure(&self, name: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name).unwrap();
        let value = |metric: &prometheus::proto::Metric| {
            metric.get_counter().get_value() + metric.get_gauge().get_value()
        };
        family.get_metric().iter().map(value).sum()
    }

    /// The figure with this value of its label.
    pub(crate) fn labelled(&self, name: &str, label: &str) -> f64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name).unwrap();
        let has =
            |metric: &&prometheus::proto::Metric| metric.get_label().iter().any(|pair| pair.value() == label);
        family.get_metric().iter().find(has).unwrap().get_counter().get_value()
    }

    /// Stops it cleanly.
    pub(crate) async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.task.join_next().await.unwrap().unwrap();
    }

    /// Ends it at once, as far as that goes within a process: nothing is drained or delivered any more.
    pub(crate) async fn abort(mut self) {
        self.task.shutdown().await;
    }
}
