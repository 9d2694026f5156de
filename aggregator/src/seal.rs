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
//! | late | lines `dropped`, rows in `events` | parks them: counted, in no answer |
//!
//! The line `published` is one INSERT of one block: before it every answer reads the events, after it the statistics, and
//! whatever happens between two steps the next run goes on from what it finds. The INSERT that publishes fails unless the
//! partition holds as many events as at the start of the attempt, and the drop is refused unless it holds as many as were
//! published. (What could still slip between that look and the drop is what the collectors say cannot come any more.) A statement that outlived its client is
//! waited for: each has an id that begins with the day's, and no attempt begins while one of them runs.
//!
//! Events that arrive after their day was sealed are neither shown nor dropped: they stay in a partition that every answer
//! leaves out, are counted in `sanaq_seal_late_events`, and leave with the table's TTL unless an addendum picks them up
//! (addenda come with their own issue; `revision` is there for them). There is one sealer: the aggregator.

mod metrics;
mod partition;
mod proof;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use clickhouse::Row;
use events::{Deliveries, SiteList};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serve::access::ClickHouseAccess;

pub use metrics::SealMetrics;

use crate::sql;
use crate::store::{Store, StoreError};
use partition::Partition;

/// A statement of the seal may take this long: a day of millions of events is one INSERT.
const PATIENCE: Duration = Duration::from_secs(1800);

/// Seals finished days.
pub struct Sealer {
    store: Store,
    sites: Arc<SiteList>,
    deliveries: Arc<dyn Deliveries>,
    grace: SignedDuration,
    metrics: SealMetrics,
    fault: Option<Step>,
}

/// One partition that was sealed, or whose seal was completed, by this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedDay {
    /// The UTC instant at which the day ended, in Unix seconds.
    pub closes_at: i64,
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
    /// Events arrived between the publishing of the day and the drop: they are parked with the rest of the partition.
    #[error("{events} events came too late for the day that ended at {closes_at}, which cannot be dropped")]
    Late {
        /// The day.
        closes_at: i64,
        /// How many.
        events: u64,
    },
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

/// A partition of `events` as found.
#[derive(Row, Deserialize)]
struct Found {
    ended: i64,
    received: u64,
}

/// What the ledger says of a partition.
#[derive(Clone, Copy, Row, Deserialize)]
struct Lines {
    published: u64,
    dropped: u64,
    received: u64,
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
        Self { store, sites, deliveries, grace, metrics: SealMetrics::default(), fault: None }
    }

    /// Counts into these metrics.
    #[must_use]
    pub fn with_metrics(mut self, metrics: SealMetrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Stops with an error right after `step`, as if the process had died there. For tests of crashes.
    #[must_use]
    pub fn stopping_after(mut self, step: Step) -> Self {
        self.fault = Some(step);
        self
    }

    /// Seals every day that is due. A day that fails does not keep the next from being sealed.
    ///
    /// # Errors
    /// The first failure, after all days were tried.
    pub async fn run_once(&self, now: Timestamp) -> Result<Vec<SealedDay>, SealError> {
        let now_s = now.as_second();
        let found: Vec<Found> = self.store.file(sql::DUE).all().await?;
        let mut sealed = Vec::new();
        let mut failure = None;
        let mut late = 0;
        for found in &found {
            if now_s < found.ended.saturating_add(self.grace.as_secs()) {
                continue;
            }
            match self.advance(found, now_s).await {
                Ok(Progress::Sealed(day)) => sealed.push(day),
                Ok(Progress::Waiting) => {}
                Ok(Progress::Parked(events)) => late += events,
                // A process that died there would not have gone on to the next day.
                Err(stopped @ SealError::Stopped(_)) => return Err(stopped),
                Err(error) => {
                    self.metrics.failures.inc();
                    tracing::error!(closes_at = found.ended, error = %error, "a day could not be sealed");
                    failure.get_or_insert(error);
                }
            }
        }
        for closes_at in self.unproved().await? {
            match self.partition(closes_at).finish(now_s).await {
                Ok(day) => sealed.push(day),
                Err(error) => {
                    self.metrics.failures.inc();
                    failure.get_or_insert(error);
                }
            }
        }
        self.metrics.late_events.set(i64::try_from(late).unwrap_or(i64::MAX));
        self.metrics.days.inc_by(u64::try_from(sealed.len()).unwrap_or(u64::MAX));
        self.observe_open(now_s).await?;
        failure.map_or(Ok(sealed), Err)
    }

    /// Takes one due partition as far as it can go.
    async fn advance(&self, found: &Found, now_s: i64) -> Result<Progress, SealError> {
        if !self.deliveries.retired(found.ended) {
            return Ok(Progress::Waiting);
        }
        let partition = self.partition(found.ended);
        let lines = partition.lines().await?;
        if lines.dropped > 0 {
            return Ok(Progress::Parked(found.received));
        }
        if lines.published == 0 {
            partition.write(found.received, now_s).await?;
        }
        partition.drop_events().await?;
        Ok(Progress::Sealed(partition.finish(now_s).await?))
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

    fn partition(&self, closes_at: i64) -> Partition<'_> {
        Partition {
            store: &self.store,
            sites: &self.sites,
            closes_at,
            fault: self.fault,
            sent: AtomicU32::new(0),
        }
    }
}

enum Progress {
    Sealed(SealedDay),
    /// A collector still holds events of the day.
    Waiting,
    /// This many events came after the day was sealed.
    Parked(u64),
}
