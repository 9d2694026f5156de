//! The collector with a ClickHouse that outlives it, and perhaps a proxy in between that breaks.
//!
//! `sanaq serve` normally starts the embedded ClickHouse itself, and it ends with it. Here the same engine is held by this process
//! and the collector is given its address, so that each of the two can be killed alone, a restart of the collector is quick,
//! and what is stored can be read without asking the collector.

use std::sync::Arc;

use anyhow::Context as _;
use clickhouse::Client;
use engine::{Engine, EngineConfig, Launcher, User};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::account::Account;
use crate::beacons::{Numbered, SITE};
use crate::load::{Done, Order};
use crate::process::Watched;
use crate::program::{Installation, Program, Running};
use crate::proxy::Proxy;

const DATABASE: &str = "sanaq";

/// What stands between the collector and ClickHouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Nothing.
    Nothing,
    /// A proxy that can break.
    Proxy,
}

/// Everything but the collector's process.
pub struct Rig {
    /// The collector's data directory and configuration.
    pub installation: Installation,
    /// The requests to send.
    pub beacons: Arc<Numbered>,
    key: String,
    proxy: Option<Proxy>,
    owner: Client,
    engine: Option<Engine>,
    runtime: Runtime,
    /// Removed after everything else has ended.
    _directory: TempDir,
}

impl Rig {
    /// Starts ClickHouse, on these cores if any are given, and prepares an installation that uses it.
    ///
    /// # Errors
    /// Something that is needed is not there.
    pub fn new(
        program: &Program,
        seed: u64,
        between: Between,
        cores: Option<&CpuSet>,
    ) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("sanaq-rig-").tempdir()?;
        // Threads and children run where those do that start them.
        let before = sched_getaffinity(None)?;
        if let Some(cores) = cores {
            sched_setaffinity(None, cores)?;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let engine = runtime.block_on(Engine::start(EngineConfig {
            library: engine::library::locate(None, &std::env::current_dir()?)?,
            data: directory.path().join("engine"),
            memory_bytes: 2 << 30,
            launcher: Launcher { program: program.path().to_owned(), arguments: vec!["engine-child".into()] },
            database: DATABASE.into(),
            all_rights: false,
        }));
        sched_setaffinity(None, &before)?;
        let engine = engine?;
        let (user, password) = (User::Owner.name(), engine.password(User::Owner));
        let owner = Client::default()
            .with_url(engine.url())
            .with_user(user)
            .with_password(&password)
            .with_database(DATABASE);
        let proxy = match between {
            Between::Nothing => None,
            Between::Proxy => {
                let upstream = engine.url().trim_start_matches("http://").to_owned();
                Some(Proxy::start(runtime.handle(), upstream)?)
            }
        };
        let mut installation = program.install()?;
        let url = proxy.as_ref().map_or_else(|| engine.url(), Proxy::url);
        installation.set("SANAQ_CLICKHOUSE_URL", url);
        installation.set("SANAQ_CLICKHOUSE_USER", user);
        installation.set("SANAQ_CLICKHOUSE_PASSWORD", password);
        installation.set("SANAQ_CLICKHOUSE_DATABASE", DATABASE);
        installation.keep_port()?;
        let key = installation.add_key()?;
        let beacons = Arc::new(Numbered::of_seed(seed));
        let engine = Some(engine);
        Ok(Self { installation, beacons, key, proxy, owner, engine, runtime, _directory: directory })
    }

    /// The proxy.
    ///
    /// # Errors
    /// The rig was made without one.
    pub fn proxy(&self) -> anyhow::Result<&Proxy> {
        self.proxy.as_ref().context("this rig has no proxy")
    }

    /// An order for a client of this collector.
    #[must_use]
    pub fn order(&self, running: &Running, connections: usize, rate: Option<u64>) -> Order {
        Order { address: running.address().to_owned(), connections, rate, first: 0, cores: None }
    }

    /// The process of ClickHouse, while there is one.
    #[must_use]
    pub fn engine(&self) -> Option<Watched> {
        self.engine.as_ref().and_then(Engine::process_id).map(Watched::new)
    }

    /// SIGKILL to ClickHouse; it comes back by itself, at the same address.
    ///
    /// # Errors
    /// It is not there.
    pub fn kill_engine(&self) -> anyhow::Result<()> {
        self.engine().context("ClickHouse is down already")?.kill()
    }

    /// Whether ClickHouse answers.
    #[must_use]
    pub fn engine_is_up(&self) -> bool {
        self.engine.as_ref().is_some_and(Engine::is_up)
    }

    /// The numbers of the beacons in `events`, one for each row.
    ///
    /// # Errors
    /// ClickHouse does not answer, or holds a row that nobody sent.
    pub fn stored(&self) -> anyhow::Result<Vec<u64>> {
        let paths = self.owner.query("SELECT path FROM events").fetch_all::<String>();
        let paths = self.runtime.block_on(paths)?;
        let number = |path: &String| Numbered::number_of(path).with_context(|| format!("nobody sent {path}"));
        paths.iter().map(number).collect()
    }

    /// Compares what these clients were promised with what is stored.
    ///
    /// # Errors
    /// As [`Rig::stored`].
    pub fn account(&self, done: &[&Done]) -> anyhow::Result<Account> {
        let acknowledged = done.iter().flat_map(|done| done.acknowledged.iter().copied()).collect();
        Ok(Account::of(acknowledged, self.stored()?))
    }

    /// The views of all visits, as a script that asks for statistics sees them.
    ///
    /// # Errors
    /// The question is not answered.
    pub fn views_of_visits(&self, running: &Running) -> anyhow::Result<u64> {
        let question = json!({ "site_id": SITE, "metrics": ["pageviews", "visits"], "date_range": "all" });
        let answer = running.query(&self.key, &question)?;
        answer["results"][0]["metrics"][0].as_u64().context("the answer has another form")
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            self.runtime.block_on(engine.stop());
        }
    }
}
