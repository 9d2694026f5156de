//! Turning a finished day into statistics, and dropping the rows that carried its pseudonyms.
//!
//! The unit is a partition of `events`: every site-day that ends at one instant. A partition is sealed once that instant and
//! a grace are past and the collectors have delivered everything they acknowledged ([`Deliveries::retired`]).
//!
//! | state | how it is known | what the next run does |
//! |---|---|---|
//! | open | rows in `events`, no line in `sealed_days` | cleans up, writes, recounts, publishes, drops |
//! | half-written | as open, with rows of the day in `visits`, `hits`, `stats_*` | the same: nobody has seen those rows, so they are deleted first |
//! | published | lines `published`, none `dropped`, rows in `events` | drops, proves, writes `dropped` |
//! | gone, not proved | as published, without rows | proves, writes `dropped` |
//! | sealed | lines `dropped` | nothing |
//! | late | rows in `events` that no line covers | seals them as an addendum: the next revision |
//!
//! The line `published` is one INSERT of one block: before it every answer reads the events, after it the statistics, and
//! whatever happens between two steps the next run goes on from what it finds. The INSERT that publishes fails unless there
//! are as many events as at the start of the attempt, and the drop is refused unless there are as many as were published.
//! (What could still slip between that look and the drop is what the collectors say cannot come any more.)
//!
//! **Addenda.** Events that arrive after their day was published are sealed by the same steps as its next revision: what is
//! written before is never touched, and every figure is a sum over revisions. Their visitors cannot be compared with those
//! counted before, whose tags are gone, so they are counted as others; numbers go on where the revision before ended. The
//! ledger has a line for each revision. When the first revision is published but not dropped yet, the addendum is what came
//! after the last batch that the ledger says is covered.
//!
//! **One sealer at a time**, by a lease that a killed one loses within seconds. A statement that outlived its client is
//! waited for: each has an id that begins with the day's, and no attempt begins while one of them runs.

mod metrics;
mod partition;
mod proof;
mod writing;

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use clickhouse::Row;
use events::{Deliveries, SiteList};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serve::access::ClickHouseAccess;

pub use metrics::SealMetrics;

use crate::lease::{Lease, LeaseError, Turn};
use crate::sql;
use crate::store::{Store, StoreError};
use partition::{Partition, lines};

/// A statement of the seal may take this long: a day of millions of events is one INSERT.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1800);

/// Seals finished days.
pub struct Sealer {
    store: Store,
    sites: Arc<SiteList>,
    deliveries: Arc<dyn Deliveries>,
    grace: SignedDuration,
    metrics: SealMetrics,
    turn: Turn,
    at_once: NonZeroU64,
    fault: Option<Fault>,
}

/// A day may hold more than fits into memory: it is taken in parts of about so many events.
const AT_ONCE: NonZeroU64 = NonZeroU64::new(500_000).expect("it is not zero");

/// What a test does to the sealer right after a step: nothing, an error, or the end of the process.
pub type Fault = Box<dyn Fn(Step) -> Result<(), SealError> + Send + Sync>;

/// One process at a time seals or lets go of what is too old; one that was killed is succeeded after 20 s.
pub(crate) const TURN: Turn = Turn { table: "seal_lease", stale: Duration::from_secs(20) };

/// One partition that was sealed, or whose seal was completed, by this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedDay {
    /// The UTC instant at which the day ended, in Unix seconds.
    pub closes_at: i64,
    /// 1 for the seal; more for an addendum.
    pub revision: u16,
    /// How many site-days it held.
    pub sites: u64,
    /// How many events it held.
    pub events: u64,
}

/// A step of the seal, named in metrics and in tests that stop after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Deleting what a cut-off attempt left.
    Clean,
    /// Writing `visits`.
    WriteVisits,
    /// Writing `hits`.
    WriteHits,
    /// Writing `stats_daily`.
    WriteDaily,
    /// Writing `stats_hourly`.
    WriteHourly,
    /// Counting again and comparing.
    Recount,
    /// Writing the lines `published`.
    Publish,
    /// Dropping the partition.
    Drop,
    /// Proving that nothing of it is left.
    Prove,
    /// Writing the lines `dropped`.
    Ledger,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 10] = [
        Self::Clean,
        Self::WriteVisits,
        Self::WriteHits,
        Self::WriteDaily,
        Self::WriteHourly,
        Self::Recount,
        Self::Publish,
        Self::Drop,
        Self::Prove,
        Self::Ledger,
    ];
}

/// Why a day is not sealed. Its events stay where they are, and the next run tries again.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// ClickHouse refused or did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Events arrived while the day was being sealed: nothing was published, the next run begins again.
    #[error("events arrived for the day that ended at {closes_at} while it was being sealed")]
    Moving {
        /// The day.
        closes_at: i64,
    },
    /// What was written is not what is counted again from the events: nothing was published.
    #[error("{rows} rows of {what} differ from the recount of the day that ended at {closes_at}")]
    Differs {
        /// The day.
        closes_at: i64,
        /// Which comparison.
        what: &'static str,
        /// How many rows differ.
        rows: u64,
    },
    /// A statement of an earlier attempt still runs.
    #[error("an earlier attempt to seal the day that ended at {closes_at} is still running")]
    Busy {
        /// The day.
        closes_at: i64,
    },
    /// Another process seals, or has taken the lease over.
    #[error("another process seals")]
    Elsewhere,
    /// Something of the partition is still there.
    #[error("the partition of the day that ended at {closes_at} was dropped but is not gone")]
    NotGone {
        /// The day.
        closes_at: i64,
    },
    /// A test asked for the run to stop here.
    #[error("stopped after {0:?}")]
    Stopped(Step),
}

/// The instants (Unix seconds) at which the days closed that are sealed. A collector asks before it sends what it finds in its
/// journal: into these days nothing may be sent again.
///
/// # Errors
/// When ClickHouse refuses or does not answer.
pub async fn sealed_days(access: &ClickHouseAccess) -> Result<Vec<i64>, StoreError> {
    Store::new(access).file(sql::SEALED).all().await
}

impl From<LeaseError> for SealError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Store(error) => Self::Store(error),
            LeaseError::Held | LeaseError::Lost => Self::Elsewhere,
        }
    }
}

/// A partition of `events` as found.
#[derive(Row, Deserialize)]
struct Found {
    ended: i64,
    received: u64,
}

/// What the ledger says of a partition.
#[derive(Clone, Copy, Row, Deserialize)]
struct Lines {
    /// The newest revision published, and the newest dropped; 0 for none.
    published: u16,
    dropped: u16,
    /// The last batch of events that the newest revision covers.
    last_batch: u64,
    /// Events and site-days that are published and not dropped.
    received: u64,
    sites: u64,
}

impl Sealer {
    /// A sealer that waits `grace` after the end of a day.
    #[must_use]
    pub fn new(
        access: ClickHouseAccess,
        sites: Arc<SiteList>,
        deliveries: Arc<dyn Deliveries>,
        grace: SignedDuration,
    ) -> Self {
        let store = Store::new(&access).waiting(PATIENCE);
        let metrics = SealMetrics::default();
        Self { store, sites, deliveries, grace, metrics, turn: TURN, at_once: AT_ONCE, fault: None }
    }

    /// Counts into these metrics.
    #[must_use]
    pub fn with_metrics(mut self, metrics: SealMetrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Calls this after each step. For tests of crashes.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Stops with an error right after `step`, as if the process had died there. For tests of crashes.
    #[must_use]
    pub fn stopping_after(self, step: Step) -> Self {
        self.with_fault(Box::new(move |at| if at == step { Err(SealError::Stopped(at)) } else { Ok(()) }))
    }

    /// Takes a day in parts of about so many events.
    #[must_use]
    pub fn writing_at_once(mut self, events: NonZeroU64) -> Self {
        self.at_once = events;
        self
    }

    /// Lets a sealer that was killed be succeeded after this long.
    #[must_use]
    pub fn with_stale_lease(mut self, stale: Duration) -> Self {
        self.turn.stale = stale;
        self
    }

    /// Seals every day that is due, and what came late for days that are sealed. A day that fails does not keep the next
    /// from being sealed. Nothing happens while another process seals.
    ///
    /// # Errors
    /// The first failure, after all days were tried.
    pub async fn run_once(&self, now: Timestamp) -> Result<Vec<SealedDay>, SealError> {
        let now_s = now.as_second();
        let mut due: Vec<Found> = self.store.file(sql::DUE).all().await?;
        due.retain(|found| {
            now_s >= found.ended.saturating_add(self.grace.as_secs()) && self.deliveries.retired(found.ended)
        });
        let unproved = self.unproved().await?;
        let stale: Vec<i64> = self.store.file(sql::STALE).all().await?;
        let sealed = if due.is_empty() && unproved.is_empty() && stale.is_empty() {
            Ok(Vec::new())
        } else {
            match Lease::take(&self.store, self.turn).await {
                Ok(lease) => {
                    let sealed = lease.during(self.seal_all(&lease, &due, &unproved, &stale, now_s)).await;
                    lease.release().await?;
                    sealed
                }
                Err(LeaseError::Held) => Ok(Vec::new()),
                Err(error) => Err(error.into()),
            }
        };
        self.observe_open(now_s).await?;
        sealed
    }

    async fn seal_all(
        &self,
        lease: &Lease<'_>,
        due: &[Found],
        unproved: &[i64],
        stale: &[i64],
        now_s: i64,
    ) -> Result<Vec<SealedDay>, SealError> {
        let mut sealed = Vec::new();
        let mut failure = None;
        for closes_at in stale {
            proof::drop_partition(&self.store, *closes_at).await?;
        }
        for found in due {
            match self.advance(found, lease, now_s).await {
                Ok(day) => sealed.push(day),
                // A process that died there would not have gone on to the next day.
                Err(stopped @ (SealError::Stopped(_) | SealError::Elsewhere)) => return Err(stopped),
                Err(error) => {
                    self.metrics.failures.inc();
                    tracing::error!(closes_at = found.ended, error = %error, "a day could not be sealed");
                    failure.get_or_insert(error);
                }
            }
        }
        for closes_at in unproved {
            let lines = lines(&self.store, *closes_at).await?;
            match self.partition(*closes_at, lines.published, 0, lease).finish(now_s).await {
                Ok(day) => sealed.push(day),
                Err(error) => {
                    self.metrics.failures.inc();
                    failure.get_or_insert(error);
                }
            }
        }
        self.metrics.count(&sealed);
        failure.map_or(Ok(sealed), Err)
    }

    /// Takes one due partition to its end.
    async fn advance(&self, found: &Found, lease: &Lease<'_>, now_s: i64) -> Result<SealedDay, SealError> {
        let lines = lines(&self.store, found.ended).await?;
        let partition = if lines.published > lines.dropped && found.received == lines.received {
            self.partition(found.ended, lines.published, lines.last_batch, lease)
        } else {
            // Events that no line covers: all there are, or those that came after the batches that were published.
            let after = if lines.published > lines.dropped { lines.last_batch } else { 0 };
            let next = self.partition(found.ended, lines.published.saturating_add(1), after, lease);
            next.write(found.received.saturating_sub(lines.received), now_s).await?;
            next
        };
        partition.drop_events().await?;
        partition.finish(now_s).await
    }

    /// Days whose events are dropped but whose ledger does not say so yet.
    async fn unproved(&self) -> Result<Vec<i64>, StoreError> {
        self.store.file(sql::UNPROVED).all().await
    }

    async fn observe_open(&self, now_s: i64) -> Result<(), StoreError> {
        let open: Vec<i64> = self.store.file(sql::OPEN_DAYS).all().await?;
        let ended = open.iter().copied().filter(|closes_at| *closes_at <= now_s);
        let oldest = ended.min().map_or(0, |closes_at| now_s - closes_at);
        self.metrics.open_partitions.set(i64::try_from(open.len()).unwrap_or(i64::MAX));
        self.metrics.oldest_open_seconds.set(oldest);
        Ok(())
    }

    fn partition<'a>(
        &'a self,
        closes_at: i64,
        revision: u16,
        after: u64,
        lease: &'a Lease<'a>,
    ) -> Partition<'a> {
        Partition {
            store: &self.store,
            sites: &self.sites,
            closes_at,
            revision,
            after,
            at_once: self.at_once.get(),
            lease,
            fault: self.fault.as_ref(),
            sent: AtomicU32::new(0),
        }
    }
}
