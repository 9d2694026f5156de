//! The collector's figures. One struct whose field docs are the help texts; the registry is passed in. Label values come from
//! enums only, and every label is there from the start.

mod enrichment;
mod ledger;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use prometheus::core::Collector;
use prometheus::{Error, Histogram, IntCounter, IntCounterVec, IntGauge, Opts, PullingGauge, Registry};
use serve::metrics::{counter, counters, histogram, register};

use crate::delivery::verdict::ErrorClass;
use crate::identity::{Protection, Vault};
use crate::journal::{Journal, Stats};
use crate::limit::Limiter;
pub use enrichment::{Enrichment, geo_figures};
pub use ledger::{Ledger, Ticket};

const ACK_BOUNDS: &[f64] = &[
    0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0,
];
const INSERT_BOUNDS: &[f64] = &[0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];
const GROUP_BOUNDS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchResult {
    /// Durably in ClickHouse.
    Delivered,
    /// Refused by ClickHouse for what it holds, and replaced by its halves.
    Divided,
    /// Put aside: ClickHouse refuses it for what it holds.
    Parked,
    /// Nothing in it was readable any more.
    Unreadable,
}

impl BatchResult {
    const ALL: [Self; 4] = [Self::Delivered, Self::Divided, Self::Parked, Self::Unreadable];

    /// The `result` label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Divided => "divided",
            Self::Parked => "parked",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The collector's figures.
pub struct Metrics {
    /// Every beacon's one outcome.
    pub ledger: Arc<Ledger>,
    /// What was found in beacons besides.
    pub enrichment: Enrichment,
    dry_runs: IntCounter,
    ack_duration: Histogram,
    journal_sync_duration: Histogram,
    journal_group_rows: Histogram,
    journal_lost_rows: IntCounter,
    delivery_batches: IntCounterVec,
    delivery_errors: IntCounterVec,
    delivery_rows: IntCounter,
    delivery_last_success: IntGauge,
    delivery_insert_duration: Histogram,
}

impl Metrics {
    /// Registers everything. Figures of the journal and the vault are read when they are scraped.
    ///
    /// # Errors
    /// When a name is registered already.
    pub fn register(registry: &Registry, journal: &Arc<Journal>, vault: &Arc<Vault>) -> Result<Self, Error> {
        let ledger = Arc::new(Ledger::new()?);
        registry.register(Box::new(ledger::Families(Arc::clone(&ledger))))?;
        journal_gauges(registry, journal)?;
        identity_figures(registry, vault)?;

        let recovery = journal.recovery();
        let lost = counter(
            registry,
            "sanaq_journal_lost_rows_total",
            "Acknowledged rows that were lost: damaged on disk, or parked until their day had closed.",
        )?;
        lost.inc_by(recovery.lost_rows);
        let torn = counter(
            registry,
            "sanaq_journal_torn_bytes_total",
            "Bytes cut from segments at start: writes that were never acknowledged.",
        )?;
        torn.inc_by(recovery.torn_bytes);
        let closed = counter(
            registry,
            "sanaq_journal_closed_rows_total",
            "Rows of days sealed before that were found at start, as in a directory from a backup: not sent again.",
        )?;
        closed.inc_by(recovery.closed_rows);

        Ok(Self {
            ledger,
            enrichment: Enrichment::register(registry)?,
            dry_runs: counter(
                registry,
                "sanaq_dry_runs_total",
                "Requests that asked what would become of a beacon (X-Debug-Request). Not beacons.",
            )?,
            ack_duration: histogram(
                registry,
                "sanaq_ack_duration_seconds",
                "Time from a beacon's head to its answer, for stored beacons.",
                ACK_BOUNDS,
            )?,
            journal_sync_duration: histogram(
                registry,
                "sanaq_journal_sync_duration_seconds",
                "Time to write and sync one group of rows.",
                ACK_BOUNDS,
            )?,
            journal_group_rows: histogram(
                registry,
                "sanaq_journal_group_rows",
                "Rows that shared one sync.",
                GROUP_BOUNDS,
            )?,
            journal_lost_rows: lost,
            delivery_batches: counters(
                registry,
                "sanaq_delivery_batches_total",
                "Batches by what became of them.",
                ["result"],
                BatchResult::ALL.map(|result| [result.label()]),
            )?,
            delivery_errors: counters(
                registry,
                "sanaq_delivery_errors_total",
                "Tries to insert a batch that failed, by class of error.",
                ["class"],
                ErrorClass::ALL.iter().map(|class| [class.code()]),
            )?,
            delivery_rows: counter(registry, "sanaq_delivery_rows_total", "Rows durably in ClickHouse.")?,
            delivery_last_success: gauge(
                registry,
                "sanaq_delivery_last_success_timestamp_seconds",
                "When a batch was last delivered, Unix time; 0 before the first.",
            )?,
            delivery_insert_duration: histogram(
                registry,
                "sanaq_delivery_insert_duration_seconds",
                "Time of one INSERT that succeeded.",
                INSERT_BOUNDS,
            )?,
        })
    }

    /// Somebody asked what would become of a beacon.
    pub fn dry_run(&self) {
        self.dry_runs.inc();
    }

    /// A beacon was stored and answered.
    pub fn acknowledged(&self, begun: Instant) {
        self.ack_duration.observe(begun.elapsed().as_secs_f64());
    }

    /// A group of rows was written and synced.
    pub fn journal_synced(&self, took: Duration, rows: usize) {
        self.journal_sync_duration.observe(took.as_secs_f64());
        self.journal_group_rows.observe(f64::from(u32::try_from(rows).unwrap_or(u32::MAX)));
    }

    /// Acknowledged rows are lost.
    pub fn lost(&self, rows: u64) {
        self.journal_lost_rows.inc_by(rows);
    }

    /// A batch is done with.
    pub fn batch(&self, result: BatchResult) {
        self.delivery_batches.with_label_values(&[result.label()]).inc();
    }

    /// A batch is durably in ClickHouse.
    pub fn delivered(&self, rows: u64, took: Duration, now: Timestamp) {
        self.batch(BatchResult::Delivered);
        self.delivery_rows.inc_by(rows);
        self.delivery_last_success.set(now.as_second());
        self.delivery_insert_duration.observe(took.as_secs_f64());
    }

    /// A try failed.
    pub fn delivery_error(&self, class: ErrorClass) {
        self.delivery_errors.with_label_values(&[class.code()]).inc();
    }
}

fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, Error> {
    register(registry, IntGauge::new(name, help)?)
}

/// Figures that the journal knows at any time.
fn journal_gauges(registry: &Registry, journal: &Arc<Journal>) -> Result<(), Error> {
    let gauge = |name: &str, help: &str, read: fn(&Stats) -> f64| {
        let journal = Arc::downgrade(journal);
        let value = move || journal.upgrade().map_or(0.0, |journal| read(&journal.stats()));
        registry.register(Box::new(PullingGauge::new(name, help, Box::new(value))?) as Box<dyn Collector>)
    };
    gauge("sanaq_journal_bytes", "Bytes of the journal's files.", |stats| float(stats.bytes))?;
    gauge("sanaq_journal_segments", "Segments that wait for delivery.", |stats| {
        float(stats.undelivered_segments)
    })?;
    gauge("sanaq_journal_rows", "Acknowledged rows that wait for delivery.", |stats| {
        float(stats.undelivered_rows)
    })?;
    gauge("sanaq_journal_parked_segments", "Segments ClickHouse refuses for what they hold.", |stats| {
        float(stats.parked_segments - stats.damaged_segments)
    })?;
    gauge(
        "sanaq_journal_damaged_segments",
        "Segments with unreadable rows, set aside until their day has closed; their intact rows are delivered.",
        |stats| float(stats.damaged_segments),
    )?;
    gauge("sanaq_journal_parked_rows", "Rows in parked segments.", |stats| float(stats.parked_rows))?;
    gauge("sanaq_journal_failing", "1 while the last group of rows could not be written.", |stats| {
        f64::from(u8::from(stats.failing))
    })?;
    gauge(
        "sanaq_delivery_lag_seconds",
        "Age of the oldest acknowledged row that is not in ClickHouse; since the start for rows found then.",
        |stats| stats.oldest.map_or(0.0, |oldest| oldest.elapsed().as_secs_f64()),
    )
}

/// Figures of the journal of drops.
///
/// # Errors
/// When a name is registered already.
pub fn drops_gauges(registry: &Registry, drops: &Arc<Journal>) -> Result<(), Error> {
    let gauge = |name: &str, help: &str, read: fn(&Stats) -> f64| {
        let drops = Arc::downgrade(drops);
        let value = move || drops.upgrade().map_or(0.0, |drops| read(&drops.stats()));
        registry.register(Box::new(PullingGauge::new(name, help, Box::new(value))?) as Box<dyn Collector>)
    };
    gauge("sanaq_drops_waiting_rows", "Counts of dropped beacons that wait for delivery.", |stats| {
        float(stats.undelivered_rows)
    })?;
    gauge("sanaq_drops_parked_rows", "Counts of dropped beacons that ClickHouse refuses.", |stats| {
        float(stats.parked_rows)
    })
}

/// Figures of the limits for each source.
///
/// # Errors
/// When a name is registered already.
pub fn limit_figures(registry: &Registry, limiter: &Arc<Limiter>) -> Result<(), Error> {
    let limiter = Arc::downgrade(limiter);
    ledger::register_count(
        registry,
        "sanaq_source_limits_forgiven_total",
        "Sources whose debt was forgotten because more sources than the table holds were sending.",
        move || limiter.upgrade().map_or(0, |limiter| limiter.forgiven()),
    )
}

/// Figures of the key vault.
fn identity_figures(registry: &Registry, vault: &Arc<Vault>) -> Result<(), Error> {
    let custody = Opts::new("sanaq_key_custody_info", "Where the day's keys are kept, as a label; always 1.")
        .const_label("custody", vault.custody());
    register(registry, IntGauge::with_opts(custody)?)?.set(1);
    let memory = Opts::new(
        "sanaq_key_memory_info",
        "How the memory that keys are used in is protected (secret, locked, plain), as a label; always 1.",
    )
    .const_label("protection", Protection::of_keys().name());
    register(registry, IntGauge::with_opts(memory)?)?.set(1);
    let vault = Arc::downgrade(vault);
    ledger::register_count(
        registry,
        "sanaq_identity_failures_total",
        "Tags that were random because no key could be had.",
        move || vault.upgrade().map_or(0, |vault| vault.failures()),
    )
}

/// Figures for people; 2^53 of anything is enough.
#[allow(clippy::cast_precision_loss, reason = "metrics are floats; counts stay far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}
