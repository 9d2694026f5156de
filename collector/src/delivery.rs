//! From the journal into ClickHouse: one segment = one INSERT = one deduplication token.
//!
//! Sealed segments are sent, the oldest first, until ClickHouse gives a definite answer. Until then a segment may or may not
//! have arrived: the same bytes under the same token make a repetition harmless. It is removed from the journal only after an INSERT
//! that returned: `events` syncs each part before that (`fsync_after_insert`, `fsync_part_directory`, settings of the table).
//!
//! **Flights** ([`flight`]). Up to [`DeliveryConfig::parallel`] segments are on their way at once, so that one that ClickHouse
//! refuses doesn't hold up the others. Their order doesn't matter: a row's place is its sequence number, and a token belongs to
//! one segment. Each holds one batch in memory. A day is not called retired while one of its segments is in flight ([`Watermark`]).
//!
//! **Pace** ([`pace`]). A quiet collector delivers almost at once; under load batches grow to a second's worth or ten
//! thousand rows, because each INSERT makes at least one part to be merged. While ClickHouse is away segments grow to their full
//! size, so that catching up is done in large batches.
//!
//! **Errors** are classified once, by code ([`verdict`]); the text of an exception may echo rows and is never logged. What may
//! pass is tried for ever with jittered back-off. A batch that is refused for what it holds is divided until the rows that
//! are refused stand alone; those are parked, the others delivered ([`flight`] says why no row comes in twice).

mod flight;
pub mod insert;
pub mod pace;
pub mod verdict;
mod watermark;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serve::access::ClickHouseAccess;
use serve::clock::Clock;
use serve::ready::Probe;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::journal::Journal;
use crate::metrics::Metrics;
use flight::{Claims, Flight, Landing, Shared};
pub use flight::{POISON_TRIES, UNKNOWN_TRIES};
use insert::Inserter;
pub use insert::Table;
use pace::Pace;
pub use watermark::Watermark;

/// Parked rows are looked after this often.
const PARKED_CHECK: Duration = Duration::from_secs(1);

/// Pace, parallelism and time-outs of delivery.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryConfig {
    /// A batch waits at least this long for company. Default 50 ms.
    pub linger: Duration,
    /// Under steady traffic, one batch in this time. Default 1 s.
    pub interval: Duration,
    /// So many batches are on their way at once. Default 2.
    pub parallel: usize,
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
    /// A batch that is refused is divided at most so often; what is left is parked as it is. Default 512, enough for some thirty
    /// bad rows in the largest batch.
    pub divisions: u32,
    /// Breaks the promise, to show that tests would see it: a repetition gets a token of its own. No configuration sets it.
    #[doc(hidden)]
    pub fresh_token_on_retry: bool,
}

impl Default for DeliveryConfig {
    fn default() -> Self {
        Self {
            linger: Duration::from_millis(50),
            interval: Duration::from_secs(1),
            parallel: 2,
            send_timeout: Duration::from_secs(5),
            end_timeout: Duration::from_secs(30),
            longest_pause: Duration::from_secs(5),
            last_delivery: Duration::from_secs(2),
            parked_grace: Duration::from_secs(3600),
            divisions: 512,
            fresh_token_on_retry: false,
        }
    }
}

/// Sends batches until told to stop.
pub struct Deliverer {
    shared: Arc<Shared>,
    probe: Probe,
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
        let (started, claims) = (Instant::now(), Claims::default());
        Self {
            shared: Arc::new(Shared { journal, inserter, config, clock, metrics, started, claims }),
            probe,
        }
    }

    /// Delivers until `stop` turns true, then once more what is sealed by then, ending at the first failure.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.deliver(stop) => {}
            () = self.destroy_parked() => {}
        }
    }

    async fn deliver(&self, mut stop: watch::Receiver<bool>) {
        if until_stop(&mut stop, self.greet()).await.is_none() {
            // Never reached ClickHouse: what is in the journal stays there.
            return;
        }
        let Shared { config, .. } = &*self.shared;
        let mut pace = Pace::new(config.linger, config.interval, Instant::now());
        let mut flights = JoinSet::new();
        let watched = stop.clone();
        let working = async {
            loop {
                self.start(&mut flights, &watched);
                let may_start = flights.len() < config.parallel.max(1);
                tokio::select! {
                    Some(landed) = flights.join_next() => if landed.is_err() {
                        tracing::error!(code = "delivery_flight_failed", "a batch is left to the next start by a bug");
                    },
                    () = self.next_batch(&mut pace), if may_start => {}
                }
            }
        };
        let _stopped: Option<()> = until_stop(&mut stop, working).await;
        let mut goes_on = true;
        loop {
            if goes_on {
                self.start(&mut flights, &watched);
            }
            match flights.join_next().await {
                // A flight that ended by a bug has left its segment in the journal.
                Some(landed) => goes_on &= matches!(landed, Ok(Landing::Done)),
                None => return,
            }
        }
    }

    /// Starts as many flights as may be and there are segments for.
    fn start(&self, flights: &mut JoinSet<Landing>, stop: &watch::Receiver<bool>) {
        while flights.len() < self.shared.config.parallel.max(1) {
            let Some(segment) = self.shared.claims.next(&self.shared.journal) else { return };
            flights.spawn(Flight::new(Arc::clone(&self.shared), stop.clone()).carry(segment));
        }
    }

    /// Waits until ClickHouse answers at all: the probe stays unready until then. Later absences don't make a collector
    /// unready, because it goes on accepting into its journal.
    async fn greet(&self) {
        let mut failures = 0;
        while let Err(class) = self.shared.inserter.greet().await {
            self.shared.metrics.delivery_error(class);
            self.probe.set_unready(class.code());
            failures += 1;
            self.shared.pause(failures).await;
        }
        self.probe.set_ready();
    }

    /// Resolves when there is a sealed segment that nobody has claimed, as far as that can be told.
    async fn next_batch(&self, pace: &mut Pace) {
        let Shared { journal, claims, config, .. } = &*self.shared;
        loop {
            if claims.leave_any(journal) {
                return;
            }
            let stats = journal.stats();
            // What is sealed is in flight; what else is undelivered is open, or its seal is not on disk yet.
            if stats.undelivered_segments <= stats.sealed_segments {
                journal.changed().await;
                continue;
            }
            let wait = pace.wait(&stats, Instant::now());
            if !wait.is_zero() {
                // Elapsed and changed both mean: look again.
                let _either = tokio::time::timeout(wait, journal.changed()).await;
                continue;
            }
            pace.sealed(&stats, Instant::now());
            journal.seal().await;
            if !claims.leave_any(journal) {
                // The disk would not have it; asking again at once would not help.
                tokio::time::sleep(config.interval).await;
            }
        }
    }

    /// Destroys parked rows whose day closed a grace ago, for as long as it is polled: no pseudonym outlives its day.
    async fn destroy_parked(&self) {
        let Shared { journal, config, clock, metrics, .. } = &*self.shared;
        let grace = i64::try_from(config.parked_grace.as_secs()).unwrap_or(i64::MAX);
        loop {
            if journal.stats().parked_segments > 0 {
                let closed = clock.now().as_second().saturating_sub(grace);
                let destroyed = self.shared.blocking(move |journal| journal.destroy_parked(closed)).await;
                if let Ok(rows @ 1..) = destroyed {
                    metrics.lost(rows);
                    tracing::error!(
                        code = "delivery_parked_destroyed",
                        rows,
                        "parked rows are destroyed: their day has closed"
                    );
                }
            }
            tokio::time::sleep(PARKED_CHECK).await;
        }
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
