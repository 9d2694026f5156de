//! The composed program in this process, with a manual clock and an embedded engine of its own.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use aggregator::Question;
use clickhouse::Client;
use collector::identity::Inheritance;
use dashboards::ControlPlane;
use dashboards::control::Author;
use engine::Launcher;
use hyper::StatusCode;
use jiff::Timestamp;
use sanaq::{App, Config, Exit, Surroundings};
use serde_json::Value;
use serve::clock::{Clock, ManualClock};
use serve::config::Environment;
use serve::signals::{Stopper, stopper};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::beacon::{Visitor, send};
use super::http::Http;
use super::process::metric;
use super::{binary, eventually};

/// The running program, and hands on everything a test wants to move or look into.
pub(crate) struct Service {
    pub(crate) hand: ManualClock,
    pub(crate) http: Http,
    pub(crate) public: String,
    operations: String,
    control: ControlPlane,
    answers: aggregator::Answers,
    owner: Client,
    database: String,
    stopper: Stopper,
    running: JoinSet<Exit>,
    data: PathBuf,
    /// Held until the service is gone.
    #[allow(dead_code, reason = "its end removes the directory")]
    directory: Option<TempDir>,
}

impl Service {
    /// Starts it at this time, and waits until it is ready. Choose a time to come: ClickHouse's own clock is not moved, and its
    /// backstop drops rows of days that are two weeks past.
    pub(crate) async fn start(now: &str) -> Self {
        let directory = tempfile::Builder::new().prefix("sanaq-it-").tempdir().unwrap();
        let data = directory.path().join("data");
        let service = Self::start_in(data, now, Inheritance::default()).await;
        Self { directory: Some(directory), ..service }
    }

    /// The same in a data directory of the caller's, with keys from a process before.
    pub(crate) async fn start_in(data: PathBuf, now: &str, inherited: Inheritance) -> Self {
        let (clock, hand) = Clock::manual(now.parse::<Timestamp>().unwrap());
        let environment = Environment::of([
            ("SANAQ_PUBLIC_LISTEN", "127.0.0.1:0"),
            ("SANAQ_STAFF_LISTEN", "127.0.0.1:0"),
            ("SANAQ_OPERATIONS_LISTEN", "127.0.0.1:0"),
            ("SANAQ_COLLECTOR_TRUSTED_PROXIES", "127.0.0.0/8"),
            ("SANAQ_SEAL_INTERVAL", "100ms"),
        ]);
        let config = Config::read(None, Some(&data), environment).unwrap_or_else(|f| panic!("{:#}", f.error));
        let launcher = Launcher { program: binary(), arguments: vec!["engine-child".into()] };
        let app = App::build(config, Surroundings { clock, launcher, inherited })
            .await
            .unwrap_or_else(|failure| panic!("{:#}", failure.error));

        let access = app.clickhouse();
        let owner = Client::default()
            .with_url(&access.url)
            .with_user(&access.user)
            .with_password(access.password.reveal())
            .with_database(&access.database);
        let (stopper, stop) = stopper();
        let (addresses, readiness) = (app.addresses().clone(), app.readiness());
        let (control, answers) = (app.control(), app.answers());
        let mut running = JoinSet::new();
        running.spawn(app.run(stop.requested()));
        readiness.wait().await;
        Self {
            hand,
            http: Http::new(),
            public: addresses.public,
            operations: addresses.operations,
            control,
            answers,
            owner,
            database: access.database,
            stopper,
            running,
            data,
            directory: None,
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.data.clone()
    }

    pub(crate) fn add_site(&self, domain: &str, timezone: &str) {
        self.control.add_site(Author::Console, domain, timezone).unwrap();
    }

    /// A beacon that is acknowledged as stored.
    pub(crate) async fn visit(&self, visitor: Visitor, beacon: &Value) {
        let reply = send(&self.http, &self.public, visitor, beacon).await.unwrap();
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text());
        assert_eq!(reply.header("x-sanaq-dropped"), None);
    }

    /// The same from a visitor who opted out.
    pub(crate) async fn visit_opted_out(&self, visitor: Visitor, beacon: &Value) {
        let headers = [("user-agent", visitor.agent), ("x-forwarded-for", visitor.address), ("sec-gpc", "1")];
        self.post_beacon(&headers, beacon).await;
    }

    /// A beacon with these headers, acknowledged.
    pub(crate) async fn post_beacon(&self, headers: &[(&str, &str)], beacon: &Value) {
        let headers = [headers, &[("content-type", "text/plain")]].concat();
        let url = format!("{}/api/event", self.public);
        let reply = self.http.post(&url, &headers, beacon.to_string()).await.unwrap();
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text());
    }

    /// The text of `/metrics`.
    pub(crate) async fn metrics(&self) -> String {
        self.http.get(&format!("{}/metrics", self.operations)).await.unwrap().text()
    }

    /// Waits until everything acknowledged is in ClickHouse.
    pub(crate) async fn delivered(&self) {
        eventually("the journal is empty", async || {
            (metric(&self.metrics().await, "sanaq_journal_rows") == Some(0.0)).then_some(())
        })
        .await;
        // Stored, and then counted. A day that is published already is answered from elsewhere.
        let behind = "SELECT toUInt64(count()) FROM
            (
                SELECT closes_at, max(_block_number) AS batch FROM events
                WHERE closes_at NOT IN (SELECT closes_at FROM sealed_days WHERE phase = 'published')
                GROUP BY closes_at
            ) AS stored
            LEFT JOIN (SELECT closes_at, sum(batch) AS counted FROM open_stats WHERE site = 0 GROUP BY closes_at) AS marks
                ON stored.closes_at = marks.closes_at
            WHERE batch > counted";
        eventually("everything stored is counted", async || {
            (self.owner.query(behind).fetch_one::<u64>().await.unwrap() == 0).then_some(())
        })
        .await;
    }

    /// Asks a question as staff do.
    pub(crate) async fn ask(&self, question: &Value) -> Value {
        let question = Question::from_json(question).unwrap();
        serde_json::to_value(self.answers.answer(&question).await.unwrap()).unwrap()
    }

    /// The tags of the open days, with their sites.
    pub(crate) async fn tags(&self) -> BTreeSet<(u32, u64)> {
        let sql = "SELECT DISTINCT site, tag FROM events WHERE tag != 0";
        self.owner.query(sql).fetch_all().await.unwrap().into_iter().collect()
    }

    /// Dates of which at least one site is sealed.
    pub(crate) async fn sealed_days(&self) -> BTreeSet<String> {
        let sql = "SELECT DISTINCT toString(day) FROM sealed_days";
        self.owner.query(sql).fetch_all().await.unwrap().into_iter().collect()
    }

    /// How many parts of `events` belong to the partition that closes at this instant, merged-away ones included.
    pub(crate) async fn parts_of(&self, closes_at: &str) -> u64 {
        let sql =
            "SELECT count() FROM system.parts WHERE table = 'events' AND partition_id = {closes_at:String}";
        self.owner.query(sql).param("closes_at", closes_at).fetch_one().await.unwrap()
    }

    /// Every table of Sanaq.
    pub(crate) async fn tables(&self) -> Vec<String> {
        let sql = "SELECT name FROM system.tables WHERE database = {database:String} ORDER BY name";
        self.owner.query(sql).param("database", &self.database).fetch_all().await.unwrap()
    }

    /// Name, type and comment of each column of a table.
    pub(crate) async fn columns(&self, table: &str) -> Vec<(String, String)> {
        let sql = "SELECT name, type FROM system.columns
            WHERE database = {database:String} AND table = {table:String} ORDER BY position";
        self.owner
            .query(sql)
            .param("database", &self.database)
            .param("table", table)
            .fetch_all()
            .await
            .unwrap()
    }

    /// All rows of a table as text.
    pub(crate) async fn dump(&self, table: &str) -> String {
        assert!(table.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        let mut cursor =
            self.owner.query(&format!("SELECT * FROM {table}")).fetch_bytes("TSVWithNames").unwrap();
        String::from_utf8_lossy(&cursor.collect().await.unwrap()).into_owned()
    }

    /// Stops it as Ctrl-C does, within 5 s.
    pub(crate) async fn stop(mut self) {
        self.stopper.stop();
        let ended = tokio::time::timeout(Duration::from_secs(5), self.running.join_next()).await;
        assert_eq!(ended.expect("stops within 5 s").unwrap().unwrap(), Exit::Clean);
    }
}
