//! The collector put together: configuration in, everything constructed, then run until told to stop.
//!
//! Stop order: the listener stops accepting and drains; the journal commits what it took and closes; delivery gets one
//! more chance within a short deadline. What is not delivered by then stays in the journal for the next start: it was
//! acknowledged because it is on disk, not because ClickHouse was reached.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use events::{Deliveries, SiteList};
use serve::access::ClickHouseAccess;
use serve::clock::Clock;
use serve::listener::{Drained, Listener};
use serve::ready::{Probe, Readiness};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::address::TrustedProxies;
use crate::admit::{AdmitConfig, Admitter};
use crate::agent::{Agents, RulesError};
use crate::delivery::{Deliverer, DeliveryConfig, Watermark};
use crate::geo::{Geo, GeoError};
use crate::http::{BeaconLimits, Door};
use crate::identity::{Custody, CustodyError, Inheritance, Ledger, LedgerError, Vault};
use crate::journal::{Journal, JournalConfig, OpenError};
use crate::metrics::Metrics;

/// How often the vault is asked to destroy the keys of days that have closed.
const EXPIRY_INTERVAL: Duration = Duration::from_millis(500);

/// What the operator decides about a collector.
#[derive(Clone, Debug)]
pub struct CollectorConfig {
    /// Data directory: holds the journal (`journal/`) and the instance id of the key vault.
    pub data: PathBuf,
    /// This collector's number, in every row and every journal segment. Unique among collectors of one database.
    pub collector_id: u16,
    /// Proxies that may say on whose behalf they call.
    pub trusted_proxies: TrustedProxies,
    /// Country database (`mmdb`); without one the browser's time zone decides.
    pub country_database: Option<PathBuf>,
    /// Where the day's keys are kept.
    pub keys: Keys,
    /// Whether the demo site is served below `/demo/`.
    pub demo: bool,
    /// The journal's sizes.
    pub journal: JournalConfig,
    /// Bounds of one beacon and of all beacons in flight.
    pub beacons: BeaconLimits,
    /// Batch pace and time-outs.
    pub delivery: DeliveryConfig,
}

/// Where the day's keys are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// The best the machine has: the kernel's keyring, else locked memory with hand-over, else the memory of this process.
    #[default]
    Best,
    /// Locked memory, handed over to the next process if that waits; else the memory of this process.
    Locked,
    /// The memory of this process alone: a restart begins new tags.
    Memory,
}

impl CollectorConfig {
    /// Everything at its default, with data below this directory.
    #[must_use]
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            collector_id: 1,
            trusted_proxies: TrustedProxies::default(),
            country_database: None,
            keys: Keys::default(),
            demo: false,
            journal: JournalConfig::default(),
            beacons: BeaconLimits::default(),
            delivery: DeliveryConfig::default(),
        }
    }
}

/// What the process gives to a collector.
pub struct CollectorParts<'a> {
    /// The time of day.
    pub clock: Clock,
    /// The sites known now.
    pub sites: Arc<SiteList>,
    /// A way into ClickHouse that may insert into `events`.
    pub clickhouse: ClickHouseAccess,
    /// Where the metrics are registered.
    pub registry: &'a prometheus::Registry,
    /// The open days' keys, from the process before.
    pub inherited: Inheritance,
    /// Where the probes `journal` and `delivery` are registered.
    pub readiness: &'a Readiness,
}

/// Why a collector can't be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The journal can't be opened.
    #[error("the journal can't be opened: {0}")]
    Journal(#[from] OpenError),
    /// The place for keys can't be made.
    #[error(transparent)]
    Keys(#[from] CustodyError),
    /// The public ledger of keys can't be opened.
    #[error(transparent)]
    KeyLedger(#[from] LedgerError),
    /// The country database can't be used.
    #[error(transparent)]
    Geo(#[from] GeoError),
    /// The agent rules can't be loaded.
    #[error(transparent)]
    Agents(#[from] RulesError),
    /// A metric of that name is registered already.
    #[error("a metric can't be registered: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// A collector, constructed and not yet serving.
pub struct Collector {
    door: Arc<Door>,
    journal: Arc<Journal>,
    deliverer: Deliverer,
    watermark: Arc<Watermark>,
    vault: Arc<Vault>,
    keys: Arc<Ledger>,
    clock: Clock,
    journal_probe: Probe,
    last_delivery: Duration,
}

impl Collector {
    /// Opens the journal and constructs everything. Blocks for as long as recovering the journal takes.
    ///
    /// # Errors
    /// When the journal, the keys or the country database can't be used.
    pub fn build(config: CollectorConfig, parts: CollectorParts<'_>) -> Result<Self, BuildError> {
        let journal_probe = parts.readiness.probe("journal");
        let delivery_probe = parts.readiness.probe("delivery");
        let custody = match config.keys {
            Keys::Best => Custody::best(&config.data)?,
            Keys::Locked => Custody::locked(&config.data).unwrap_or_else(|_| Custody::memory()),
            Keys::Memory => Custody::memory(),
        };
        let vault = Arc::new(Vault::new(custody));
        let now = parts.clock.now();
        vault.adopt(parts.inherited, now);
        let keys = Arc::new(Ledger::open(&config.data)?);
        // What ended before this process began is destroyed and written down before anything is served.
        keys.update(&vault, &vault.expire(now), now)?;
        let geo = match &config.country_database {
            Some(path) => Geo::open(path)?,
            None => Geo::time_zone_only(),
        };
        let agents = Agents::load()?;
        let directory = config.data.join("journal");
        let journal = Arc::new(Journal::open(&directory, config.collector_id, config.journal)?);
        let metrics = Arc::new(Metrics::register(parts.registry, &journal, &vault)?);
        journal.observe(Arc::clone(&metrics));

        let admitter = Admitter::new(AdmitConfig {
            sites: parts.sites,
            vault: Arc::clone(&vault),
            geo: Arc::new(geo),
            agents,
            collector_id: config.collector_id,
        });
        let door = Door::new(
            admitter,
            config.trusted_proxies,
            config.beacons,
            config.demo,
            Arc::clone(&journal),
            Arc::clone(&metrics),
            parts.clock.clone(),
        );
        let door = Arc::new(door.with_keys(Arc::clone(&keys)));
        let watermark = Arc::new(Watermark::new(Arc::clone(&journal), parts.clock.clone()));
        let last_delivery = config.delivery.last_delivery;
        let deliverer = Deliverer::new(
            Arc::clone(&journal),
            &parts.clickhouse,
            config.delivery,
            parts.clock.clone(),
            metrics,
            delivery_probe,
        );
        Ok(Self {
            door,
            journal,
            deliverer,
            watermark,
            vault,
            keys,
            clock: parts.clock,
            journal_probe,
            last_delivery,
        })
    }

    /// What the seal asks before it drops a day.
    #[must_use]
    pub fn deliveries(&self) -> Arc<dyn Deliveries> {
        Arc::clone(&self.watermark) as Arc<dyn Deliveries>
    }

    /// Serves the public listener until `stop` resolves, then stops in the order above. Tells how the connections ended.
    pub async fn run(self, listener: Listener, stop: impl Future<Output = ()>) -> Drained {
        let Self { door, journal, deliverer, watermark: _, vault, keys, clock, journal_probe, last_delivery } =
            self;
        let (stopping, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(deliverer.run(stopped.clone()));
        tasks.spawn(expire_keys(Arc::clone(&vault), keys, clock, stopped));
        journal_probe.set_ready();

        let unready = journal_probe.clone();
        let stop = async move {
            stop.await;
            unready.set_unready("stopping");
        };
        let drained = listener.run(move |stream| door.connection(stream), stop).await;

        // Every request is answered, so every row it promised is on disk: closing takes no beacon with it.
        let closing = Arc::clone(&journal);
        if tokio::task::spawn_blocking(move || closing.close()).await.is_err() {
            tracing::error!(code = "journal_close_failed", "the journal did not close cleanly");
        }
        stopping.send_replace(true);
        let all_done = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(last_delivery, all_done).await.is_err() {
            tracing::info!(
                code = "delivery_left_in_journal",
                rows = journal.stats().undelivered_rows,
                "stopped with rows in the journal; the next start delivers them"
            );
        }
        // No tag is made any more. Whoever waits to take our place gets the keys, and goes on when this process is gone: so the
        // connection is left to the kernel to close.
        std::mem::forget(vault.hand_over().await);
        drained
    }
}

/// Destroys the keys of closed days until stopped.
async fn expire_keys(vault: Arc<Vault>, keys: Arc<Ledger>, clock: Clock, mut stopped: watch::Receiver<bool>) {
    // Told once, until it works again.
    let mut failing = false;
    loop {
        let now = clock.now();
        let destroyed = vault.expire(now);
        for key in &destroyed {
            tracing::info!(code = "key_destroyed", closes_at = key.closes_at, "a day's keys are destroyed");
        }
        let (writer, book) = (Arc::clone(&vault), Arc::clone(&keys));
        let written = tokio::task::spawn_blocking(move || book.update(&writer, &destroyed, now)).await;
        let fails = !matches!(written, Ok(Ok(())));
        if fails && !failing {
            tracing::error!(code = "key_ledger_failed", "the key ledger can't be written; it is tried again");
        }
        failing = fails;
        let wait = tokio::time::timeout(EXPIRY_INTERVAL, stopped.wait_for(|stop| *stop));
        if wait.await.is_ok() {
            return;
        }
    }
}
