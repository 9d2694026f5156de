//! From the journal into ClickHouse: one segment = one INSERT = one deduplication token.
//!
//! The oldest sealed segment is sent until ClickHouse gives a definite answer. Until then it may or may not have arrived: the
//! same bytes under the same token make a repetition harmless. A segment is removed from the journal only after an INSERT
//! that returned: `events` syncs each part before that (`fsync_after_insert`, `fsync_part_directory`, settings of the table).
//!
//! **One at a time.** A batch at a time drains several hundred thousand rows per second, ten times what one collector takes
//! in, and keeps what must be reasoned about after a crash to one batch.
//!
//! **Pace** ([`pace`]). A quiet collector delivers almost at once; under load batches grow to a second's worth or ten
//! thousand rows, because each INSERT makes at least one part to be merged.
//!
//! **Errors** are classified once, by code ([`verdict`]); the text of an exception may echo rows and is never logged. What may
//! pass is tried for ever with jittered back-off. What will not (the rows themselves are refused) is parked after
//! [`POISON_TRIES`] such answers in a row, so that one bad batch does not hold up all that come after it.

pub mod insert;
pub mod pace;
pub mod verdict;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events::Deliveries;
use serve::access::ClickHouseAccess;
use serve::clock::Clock;
use serve::ready::Probe;
use tokio::sync::watch;

use crate::journal::{Journal, Segment};
use crate::metrics::{BatchResult, Metrics};
use insert::Inserter;
pub use insert::Table;
use pace::Pace;
use verdict::ErrorClass;

/// So many refusals of the same batch for what it holds park it: one could be a body that was cut on the way.
pub const POISON_TRIES: u32 = 3;
/// So many answers with a code we don't know park a batch: with the back-off, after several minutes.
pub const UNKNOWN_TRIES: u32 = 60;

/// With nothing to deliver, parked rows are looked after this often.
const PARKED_CHECK: Duration = Duration::from_secs(1);

/// Pace and time-outs of delivery.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryConfig {
    /// A batch waits at least this long for company. Default 50 ms.
    pub linger: Duration,
    /// Under steady traffic, one batch in this time. Default 1 s.
    pub interval: Duration,
    /// Sending one piece of a batch may take this long. Default 5 s.
    pub send_timeout: Duration,
    /// ClickHouse may take this long to answer. Default 30 s.
    pub end_timeout: Duration,
    /// The longest pause between two tries. Default 5 s.
    pub longest_pause: Duration,
    /// When stopping, the last delivery may take this long. Default 2 s.
    pub last_delivery: Duration,
    /// Parked rows are destroyed this long after their day has closed. Default 1 h.
    pub parked_grace: Duration,
}

impl Default for DeliveryConfig {
    fn default() -> Self {
        Self {
            linger: Duration::from_millis(50),
            interval: Duration::from_secs(1),
            send_timeout: Duration::from_secs(5),
            end_timeout: Duration::from_secs(30),
            longest_pause: Duration::from_secs(5),
            last_delivery: Duration::from_secs(2),
            parked_grace: Duration::from_secs(3600),
        }
    }
}

/// Sends batches until told to stop.
pub struct Deliverer {
    journal: Arc<Journal>,
    inserter: Inserter,
    config: DeliveryConfig,
    clock: Clock,
    metrics: Arc<Metrics>,
    probe: Probe,
    pace: Pace,
}

/// What the tries of one batch have come to.
#[derive(Default)]
struct Tries {
    /// The batch is in ClickHouse; what fails is the removal of its segment.
    inserted: bool,
    failures: u32,
    /// Refusals in a row for what the batch holds.
    poison: u32,
    /// Answers in a row that we don't know.
    unknown: u32,
}

impl Tries {
    fn failed(&mut self, class: ErrorClass) {
        self.failures = self.failures.saturating_add(1);
        self.poison = if class == ErrorClass::Poison { self.poison + 1 } else { 0 };
        self.unknown = if class == ErrorClass::Unknown { self.unknown + 1 } else { 0 };
    }

    fn are_hopeless(&self) -> bool {
        self.poison >= POISON_TRIES || self.unknown >= UNKNOWN_TRIES
    }
}

impl Deliverer {
    /// A deliverer of this journal.
    #[must_use]
    pub fn new(
        journal: Arc<Journal>,
        access: &ClickHouseAccess,
        table: Table,
        config: DeliveryConfig,
        clock: Clock,
        metrics: Arc<Metrics>,
        probe: Probe,
    ) -> Self {
        let inserter = Inserter::new(access, table, config.send_timeout, config.end_timeout);
        let pace = Pace::new(config.linger, config.interval, Instant::now());
        Self { journal, inserter, config, clock, metrics, probe, pace }
    }

    /// Delivers until `stop` turns true, then once more what is sealed by then, ending at the first failure.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        if until_stop(&mut stop, self.greet()).await.is_none() {
            // Never reached ClickHouse: what is in the journal stays there.
            return;
        }
        while until_stop(&mut stop, self.next_batch()).await.is_some() {
            let Some(segment) = self.journal.oldest_sealed() else { continue };
            if !self.deliver(&segment, &mut stop).await {
                return;
            }
        }
        while let Some(segment) = self.journal.oldest_sealed() {
            if !self.deliver(&segment, &mut stop).await {
                return;
            }
        }
    }

    /// Waits until ClickHouse answers at all: the probe stays unready until then. Later absences don't make a collector
    /// unready, because it goes on accepting into its journal.
    async fn greet(&self) {
        let mut failures = 0;
        while let Err(class) = self.inserter.greet().await {
            self.metrics.delivery_error(class);
            self.probe.set_unready(class.code());
            failures += 1;
            self.pause(failures).await;
        }
        self.probe.set_ready();
    }

    /// Resolves when there is a sealed segment, as far as that can be told.
    async fn next_batch(&mut self) {
        loop {
            self.destroy_parked().await;
            let stats = self.journal.stats();
            if stats.sealed_segments > 0 {
                return;
            }
            let wait = match stats.undelivered_segments {
                // Parked rows fall due without anything new.
                0 => PARKED_CHECK,
                _ => self.pace.wait(&stats, Instant::now()),
            };
            if !wait.is_zero() {
                // Elapsed and changed both mean: look again.
                let _either = tokio::time::timeout(wait, self.journal.changed()).await;
                continue;
            }
            self.pace.sealed(&stats, Instant::now());
            self.journal.seal().await;
            if self.journal.stats().sealed_segments == 0 {
                // The disk would not have it; asking again at once would not help.
                tokio::time::sleep(self.config.interval).await;
            }
        }
    }

    /// Tries until the segment is out of the way. False when told to stop before that.
    async fn deliver(&self, segment: &Segment, stop: &mut watch::Receiver<bool>) -> bool {
        let mut tries = Tries::default();
        while let Err(class) = self.try_once(segment, &mut tries).await {
            tries.failed(class);
            self.metrics.delivery_error(class);
            if tries.failures.is_power_of_two() {
                let (failures, rows) = (tries.failures, segment.rows);
                tracing::warn!(code = class.code(), failures, rows, "a batch waits for ClickHouse");
            }
            if tries.are_hopeless() && self.park(segment).await {
                return true;
            }
            if until_stop(stop, self.pause(tries.failures)).await.is_none() {
                return false;
            }
        }
        true
    }

    /// Sends the batch unless an earlier try has, and removes its segment.
    async fn try_once(&self, segment: &Segment, tries: &mut Tries) -> Result<(), ErrorClass> {
        if !tries.inserted {
            let reading = segment.clone();
            let batch =
                self.blocking(move |journal| journal.read(&reading)).await.ok_or(ErrorClass::Journal)?;
            if batch.count > 0 {
                let begun = Instant::now();
                self.inserter.insert(&segment.name.token(), batch.rows).await?;
                self.metrics.delivered(batch.count, begun.elapsed());
            } else {
                self.metrics.batch(BatchResult::Unreadable);
            }
            self.metrics.lost(segment.rows.saturating_sub(batch.count));
            tries.inserted = true;
        }
        let removing = segment.clone();
        self.blocking(move |journal| journal.delivered(&removing)).await.ok_or(ErrorClass::Journal)
    }

    /// Puts a segment aside; whether that could be done.
    async fn park(&self, segment: &Segment) -> bool {
        let parking = segment.clone();
        let parked = self.blocking(move |journal| journal.park(&parking)).await.is_some();
        if parked {
            self.metrics.batch(BatchResult::Parked);
            tracing::error!(
                code = "delivery_parked",
                rows = segment.rows,
                segment = %segment.name,
                "ClickHouse refuses a batch for what it holds; it is parked until its day has closed"
            );
        }
        parked
    }

    /// Parked rows whose day closed a grace ago go: no pseudonym outlives its day.
    async fn destroy_parked(&self) {
        if self.journal.stats().parked_segments == 0 {
            return;
        }
        let grace = i64::try_from(self.config.parked_grace.as_secs()).unwrap_or(i64::MAX);
        let closed = self.clock.now().as_second().saturating_sub(grace);
        let Some(rows) = self.blocking(move |journal| journal.destroy_parked(closed)).await else { return };
        if rows > 0 {
            self.metrics.lost(rows);
            tracing::error!(
                code = "delivery_parked_destroyed",
                rows,
                "parked rows are destroyed: their day has closed"
            );
        }
    }

    /// Runs what blocks where blocking is allowed; an error is logged by its kind.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Journal) -> io::Result<T> + Send + 'static,
    ) -> Option<T> {
        let journal = Arc::clone(&self.journal);
        let done = tokio::task::spawn_blocking(move || work(&journal)).await;
        match done.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())) {
            Ok(value) => Some(value),
            Err(error) => {
                tracing::error!(code = "journal_unreadable", kind = %error.kind(), "a segment can't be handled");
                None
            }
        }
    }

    /// Full jitter: anything up to a bound that doubles, so that collectors don't come back in step.
    async fn pause(&self, failures: u32) {
        let bound =
            Duration::from_millis(100).saturating_mul(1 << failures.min(16)).min(self.config.longest_pause);
        tokio::time::sleep(bound.mul_f64(rand::random_range(0.1..=1.0))).await;
    }
}

/// The work's result, or `None` if told to stop first.
async fn until_stop<T>(stop: &mut watch::Receiver<bool>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        // An error means that whoever tells us to stop is gone.
        _ = stop.wait_for(|stop| *stop) => None,
        done = work => Some(done),
    }
}

/// Days that closed less than this ago are never called retired: a beacon that was admitted just before midnight may be
/// on its way into the journal. One that is later still is refused, so that this only avoids refusals.
const LATE_SECONDS: i64 = 5;

/// How far this collector has come, for the seal.
pub struct Watermark {
    journal: Arc<Journal>,
    clock: Clock,
}

impl Watermark {
    /// Of this journal.
    #[must_use]
    pub fn new(journal: Arc<Journal>, clock: Clock) -> Self {
        Self { journal, clock }
    }
}

impl Deliveries for Watermark {
    fn retired(&self, closes_at: i64) -> bool {
        let over = closes_at.saturating_add(LATE_SECONDS) <= self.clock.now().as_second();
        over && self.journal.retire(closes_at)
    }
}
