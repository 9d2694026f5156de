//! The collector put together: configuration in, everything constructed, then run until told to stop.
//!
//! Stop order: the listener stops accepting and drains; the journal commits what it took and closes; delivery gets one
//! more chance within a short deadline. What is not delivered by then stays in the journal for the next start: it was
//! acknowledged because it is on disk, not because ClickHouse was reached.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events::{Deliveries, SiteList};
use serve::access::ClickHouseAccess;
use serve::clock::Clock;
use serve::lanes::Lanes;
use serve::listener::{Drained, Listener};
use serve::ready::{Probe, Readiness};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::address::TrustedProxies;
use crate::admit::{AdmitConfig, Admitter};
use crate::agent::{Agents, RulesError};
use crate::bot::data_centre::{DataCentres, DataCentresError};
use crate::delivery::{Deliverer, DeliveryConfig, Table, Watermark};
use crate::geo::{Geo, GeoError, Refresh};
use crate::http::script::Paths;
use crate::http::{BeaconLimits, Dialects, Door};
use crate::identity::{Custody, CustodyError, Inheritance, Ledger, LedgerError, Vault};
use crate::journal::{Journal, JournalConfig, OpenError, SealedDays};
use crate::limit::Limiter;
use crate::metrics::{self, Metrics};
use crate::source::spam::SpamHosts;

/// How often the vault is asked to destroy the keys of days that have closed.
const EXPIRY_INTERVAL: Duration = Duration::from_millis(500);

/// How often the country database is looked at for having been replaced.
const GEO_INTERVAL: Duration = Duration::from_secs(60);

/// How often the limits of sources are asked whether their key has lived for long enough.
const FORGET_INTERVAL: Duration = Duration::from_secs(10);

/// The journal of drops may have this many bytes: about a million counts that ClickHouse doesn't have yet.
const DROPS_JOURNAL_BYTES: u64 = 64 << 20;

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
    /// Whether regions are kept where the country database has them.
    pub regions: bool,
    /// More hosts whose referrals are advertisements for themselves, one on each line.
    pub spam_hosts: Option<PathBuf>,
    /// Networks of data centres that no visitor calls from, in CIDR form, one on each line.
    pub data_centres: Option<PathBuf>,
    /// Where the day's keys are kept.
    pub keys: Keys,
    /// Whether the demo site is served below `/demo/`.
    pub demo: bool,
    /// Which other tools' trackers are understood.
    pub dialects: Dialects,
    /// Further paths of the tracker and of the beacon endpoint.
    pub paths: Paths,
    /// The journal's sizes.
    pub journal: JournalConfig,
    /// Days that are sealed already: nothing is sent into them.
    pub sealed_days: SealedDays,
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
            regions: false,
            spam_hosts: None,
            data_centres: None,
            keys: Keys::default(),
            demo: false,
            dialects: Dialects::default(),
            paths: Paths::default(),
            journal: JournalConfig::default(),
            sealed_days: SealedDays::default(),
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
    /// The list of spam hosts can't be read.
    #[error("{}: {cause}", file.display())]
    SpamHosts {
        /// Which file.
        file: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// The list of data centres can't be used.
    #[error("the list of data centres can't be used: {0}")]
    DataCentres(#[from] DataCentresError),
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
    drops: Arc<Journal>,
    deliverer: Deliverer,
    drops_deliverer: Deliverer,
    watermark: Arc<Watermark>,
    vault: Arc<Vault>,
    geo: Arc<Geo>,
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
        let geo = Arc::new(geo.with_regions(config.regions));
        metrics::geo_figures(parts.registry, &geo)?;
        let spam = match &config.spam_hosts {
            Some(path) => SpamHosts::with_file(path)
                .map_err(|cause| BuildError::SpamHosts { file: path.clone(), cause })?,
            None => SpamHosts::default(),
        };
        let data_centres = match &config.data_centres {
            Some(path) => DataCentres::open(path)?,
            None => DataCentres::default(),
        };
        let agents = Agents::load()?;
        let directory = config.data.join("journal");
        let journal =
            Journal::open_after(&directory, config.collector_id, config.journal, config.sealed_days)?;
        let journal = Arc::new(journal);
        let metrics = Arc::new(Metrics::register(parts.registry, &journal, &vault)?);
        journal.observe(Arc::clone(&metrics));

        // Counts of what was dropped go the same way as rows, through a journal of their own: a segment is an INSERT into one
        // table. The seal doesn't wait for them: they hold nothing of a visitor.
        let drops_config = JournalConfig { max_bytes: DROPS_JOURNAL_BYTES, ..config.journal };
        let drops = Arc::new(Journal::open(&config.data.join("drops"), config.collector_id, drops_config)?);
        metrics::drops_gauges(parts.registry, &drops)?;
        // Figures of rows and batches tell of events; the two that matter of drops are the gauges above.
        let unseen = prometheus::Registry::new();
        let drops_metrics = Arc::new(Metrics::register(&unseen, &drops, &vault)?);

        let admitter = Admitter::new(AdmitConfig {
            sites: parts.sites,
            vault: Arc::clone(&vault),
            geo: Arc::clone(&geo),
            agents,
            spam,
            data_centres,
            collector_id: config.collector_id,
        });
        let door = Door::new(
            admitter,
            config.trusted_proxies,
            config.beacons,
            config.demo,
            Arc::clone(&journal),
            Arc::clone(&drops),
            Arc::clone(&metrics),
            parts.clock.clone(),
        );
        metrics::limit_figures(parts.registry, &door.limiter())?;
        let door = Arc::new(
            door.with_keys(Arc::clone(&keys)).with_dialects(config.dialects).with_paths(config.paths),
        );
        let watermark = Arc::new(Watermark::new(Arc::clone(&journal), parts.clock.clone()));
        let last_delivery = config.delivery.last_delivery;
        let drops_deliverer = Deliverer::new(
            Arc::clone(&drops),
            &parts.clickhouse,
            Table::Drops,
            config.delivery,
            parts.clock.clone(),
            drops_metrics,
            parts.readiness.probe("drops"),
        );
        let deliverer = Deliverer::new(
            Arc::clone(&journal),
            &parts.clickhouse,
            Table::Events,
            config.delivery,
            parts.clock.clone(),
            metrics,
            delivery_probe,
        );
        Ok(Self {
            door,
            journal,
            drops,
            deliverer,
            drops_deliverer,
            watermark,
            vault,
            geo,
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
        let Self {
            door,
            journal,
            drops,
            deliverer,
            drops_deliverer,
            watermark: _,
            vault,
            geo,
            keys,
            clock,
            journal_probe,
            last_delivery,
        } = self;
        let (stopping, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(deliverer.run(stopped.clone()));
        tasks.spawn(drops_deliverer.run(stopped.clone()));
        tasks.spawn(refresh_geo(geo, stopped.clone()));
        tasks.spawn(forget_sources(door.limiter(), stopped.clone()));
        tasks.spawn(expire_keys(Arc::clone(&vault), keys, clock, stopped));
        journal_probe.set_ready();

        let unready = journal_probe.clone();
        let stop = async move {
            stop.await;
            unready.set_unready("stopping");
        };
        let lanes = Lanes::start("beacons").inspect_err(|error| {
            tracing::warn!(code = "no_lanes", kind = %error.kind(), "beacons are served beside everything else");
        });
        let (listener, settling) = match lanes {
            Ok(lanes) => {
                let settling = [journal.settle_on(&lanes), drops.settle_on(&lanes)];
                (listener.on(lanes), Some(settling))
            }
            Err(_) => (listener, None),
        };
        let drained = listener.run(move |stream| door.connection(stream), stop).await;
        drop(settling);

        // Every request is answered, so every row it promised is on disk: closing takes no beacon with it.
        let closing = [Arc::clone(&journal), drops];
        if tokio::task::spawn_blocking(move || closing.iter().for_each(|journal| journal.close()))
            .await
            .is_err()
        {
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

/// Takes up a replaced country database until stopped.
async fn refresh_geo(geo: Arc<Geo>, mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(GEO_INTERVAL, stopped.wait_for(|stop| *stop)).await.is_err() {
        let geo = Arc::clone(&geo);
        match tokio::task::spawn_blocking(move || geo.refresh()).await {
            Ok(Refresh::Reloaded) => {
                tracing::info!(code = "geo_reloaded", "the country database was replaced")
            }
            Ok(Refresh::Failed) | Err(_) => tracing::error!(
                code = "geo_reload_failed",
                "the country database was replaced by one that can't be used; the one before goes on"
            ),
            Ok(Refresh::Unchanged) => {}
        }
    }
}

/// Forgets who sent something lately when it is time, also when nobody sends anything any more, until stopped.
async fn forget_sources(limiter: Arc<Limiter>, mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(FORGET_INTERVAL, stopped.wait_for(|stop| *stop)).await.is_err() {
        limiter.turn(Instant::now());
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
