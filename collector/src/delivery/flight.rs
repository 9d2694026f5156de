//! One batch from its claim to its end: in ClickHouse, parked, or left to the next start.
//!
//! # A batch that is refused
//! When ClickHouse refuses a batch for what it holds, the batch is divided *in the journal*: its segment is replaced by two
//! segments of half its rows, whose identities, and with them their tokens, follow from its own
//! ([`Journal::divide`](crate::journal::Journal::divide)). The halves are sent like any other segment, and a half that is refused is
//! divided again, until a single row that is refused [`POISON_TRIES`] times is parked. One bad row among `n` costs about
//! `2 log2 n` INSERTs.
//!
//! Because the division is on disk before a half is sent, what a token stands for never changes: neither a `kill -9` in the
//! middle nor a server that changes its mind (a constraint that was dropped meanwhile) brings a row in twice.
//!
//! One thing could: that the batch *is* in ClickHouse already, the answer was lost, and a repetition is refused, because the
//! table changed in between or because a view behind it fails. So nothing is divided before a statement without an answer has
//! had its time ([`DeliveryConfig::end_timeout`](super::DeliveryConfig::end_timeout), which the server is told too) and ClickHouse was asked whether it has
//! rows of the batch. If it has all of them, the batch is delivered; if it has some, or doesn't say, the batch is parked whole under
//! its own token.
//!
//! When nearly every row is refused, it is not the rows: after [`DeliveryConfig::divisions`] what is left of the batch is
//! parked as it is.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serve::clock::Clock;
use tokio::sync::watch;

use super::insert::{Inserter, Presence};
use super::verdict::ErrorClass;
use super::{DeliveryConfig, until_stop};
use crate::journal::{Journal, Segment};
use crate::metrics::{BatchResult, Metrics};

/// So many refusals of a single row in a row park it: one could be a body that was cut on the way.
pub const POISON_TRIES: u32 = 3;
/// So many answers with a code we don't know count as a refusal: with the back-off, after several minutes.
pub const UNKNOWN_TRIES: u32 = 60;

/// What all flights of a journal share.
pub(super) struct Shared {
    pub(super) journal: Arc<Journal>,
    pub(super) inserter: Inserter,
    pub(super) config: DeliveryConfig,
    pub(super) clock: Clock,
    pub(super) metrics: Arc<Metrics>,
    /// Segments found at start may have been sent before this.
    pub(super) started: Instant,
    pub(super) claims: Claims,
}

/// Which segments are in flight, by identity.
#[derive(Default)]
pub(super) struct Claims(Mutex<HashSet<u128>>);

impl Claims {
    fn lock(&self) -> MutexGuard<'_, HashSet<u128>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Claims the oldest sealed segment that nobody has.
    pub(super) fn next(&self, journal: &Journal) -> Option<Segment> {
        let mut claims = self.lock();
        let segment = journal.sealed(|segment| !claims.contains(&segment.name.identity))?;
        claims.insert(segment.name.identity);
        Some(segment)
    }

    /// Whether a sealed segment is there that nobody has.
    pub(super) fn leave_any(&self, journal: &Journal) -> bool {
        let claims = self.lock();
        journal.sealed(|segment| !claims.contains(&segment.name.identity)).is_some()
    }

    fn add(&self, identities: impl IntoIterator<Item = u128>) {
        self.lock().extend(identities);
    }

    fn release(&self, segment: &Segment) {
        self.lock().remove(&segment.name.identity);
    }
}

impl Shared {
    /// Runs what blocks where blocking is allowed; an error is logged by its kind.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Journal) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let journal = Arc::clone(&self.journal);
        let done = tokio::task::spawn_blocking(move || work(&journal)).await;
        done.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())).inspect_err(|error| {
            tracing::error!(code = "journal_unreadable", kind = %error.kind(), "a segment can't be handled");
        })
    }

    /// Full jitter: anything up to a bound that doubles, so that collectors don't come back in step.
    pub(super) async fn pause(&self, failures: u32) {
        let bound =
            Duration::from_millis(100).saturating_mul(1 << failures.min(16)).min(self.config.longest_pause);
        tokio::time::sleep(bound.mul_f64(rand::random_range(0.1..=1.0))).await;
    }
}

/// How a flight ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Landing {
    /// The batch is out of the way.
    Done,
    /// Told to stop before that.
    Stopped,
}

/// What the tries of one segment have come to.
#[derive(Default)]
struct Tries {
    /// The batch is in ClickHouse; what fails is the removal of its segment.
    inserted: bool,
    failures: u32,
    /// Refusals in a row for what the batch holds.
    poison: u32,
    /// Answers in a row that we don't know.
    unknown: u32,
    /// When the last try ended that the server may still be at.
    unanswered: Option<Instant>,
}

impl Tries {
    fn failed(&mut self, class: ErrorClass) {
        self.failures = self.failures.saturating_add(1);
        self.poison = if class == ErrorClass::Poison { self.poison + 1 } else { 0 };
        self.unknown = if class == ErrorClass::Unknown { self.unknown + 1 } else { 0 };
        if class.may_still_run() {
            self.unanswered = Some(Instant::now());
        }
    }

    /// Whether the segment is refused. A division does no harm should that be wrong, the parking of a row does.
    fn are_refused(&self, rows: u64, unknown_tries: u32) -> bool {
        let poison_tries = if rows > 1 { 1 } else { POISON_TRIES };
        self.poison >= poison_tries || self.unknown >= unknown_tries
    }
}

/// What became of one segment.
enum End {
    Gone,
    Refused(Tries),
    Stopped,
}

/// What to do with a segment that is refused.
enum Decision {
    Divide,
    Park,
    /// It is in ClickHouse.
    Remove,
}

/// One claimed segment on its way.
pub(super) struct Flight {
    shared: Arc<Shared>,
    stop: watch::Receiver<bool>,
    divisions: u32,
    /// A code we don't know has divided a batch: it need not prove itself again with each half.
    unknown_tries: u32,
}

impl Flight {
    pub(super) fn new(shared: Arc<Shared>, stop: watch::Receiver<bool>) -> Self {
        Self { shared, stop, divisions: 0, unknown_tries: UNKNOWN_TRIES }
    }

    /// Tries until the segment, or all it was divided into, is out of the way.
    pub(super) async fn carry(mut self, segment: Segment) -> Landing {
        let mut left = vec![segment];
        while let Some(segment) = left.pop() {
            let done = match self.send(&segment).await {
                End::Gone => Some(Vec::new()),
                End::Refused(tries) => self.refused(&segment, tries).await,
                End::Stopped => None,
            };
            self.shared.claims.release(&segment);
            let Some(parts) = done else {
                left.iter().for_each(|segment| self.shared.claims.release(segment));
                return Landing::Stopped;
            };
            // The older half next.
            left.extend(parts.into_iter().rev());
        }
        Landing::Done
    }

    /// Tries until ClickHouse has the segment or refuses it.
    async fn send(&mut self, segment: &Segment) -> End {
        let mut tries = Tries::default();
        while let Err(class) = self.try_once(segment, &mut tries).await {
            tries.failed(class);
            self.shared.metrics.delivery_error(class);
            if tries.failures.is_power_of_two() {
                let (failures, rows) = (tries.failures, segment.rows);
                tracing::warn!(code = class.code(), failures, rows, "a batch waits for ClickHouse");
            }
            if tries.are_refused(segment.rows, self.unknown_tries) {
                return End::Refused(tries);
            }
            if until_stop(&mut self.stop, self.shared.pause(tries.failures)).await.is_none() {
                return End::Stopped;
            }
        }
        End::Gone
    }

    /// Sends the batch unless an earlier try has, and removes its segment.
    async fn try_once(&self, segment: &Segment, tries: &mut Tries) -> Result<(), ErrorClass> {
        let shared = &self.shared;
        if !tries.inserted {
            let reading = segment.clone();
            let batch = shared.blocking(move |journal| journal.read(&reading)).await;
            let batch = batch.map_err(|_logged| ErrorClass::Journal)?;
            if batch.count > 0 {
                let begun = Instant::now();
                shared.inserter.insert(&self.token(segment, tries), batch.rows).await?;
                shared.metrics.delivered(batch.count, begun.elapsed(), shared.clock.now());
            } else {
                shared.metrics.batch(BatchResult::Unreadable);
            }
            shared.metrics.lost(segment.rows.saturating_sub(batch.count));
            tries.inserted = true;
        }
        let removing = segment.clone();
        let removed = shared.blocking(move |journal| journal.delivered(&removing)).await;
        removed.map_err(|_logged| ErrorClass::Journal)
    }

    fn token(&self, segment: &Segment, tries: &Tries) -> String {
        if self.shared.config.fresh_token_on_retry && tries.failures > 0 {
            return format!("{}-{}", segment.name.token(), tries.failures);
        }
        segment.name.token()
    }

    /// Divides or parks what ClickHouse refuses. The parts that are left to send; none when told to stop before that.
    async fn refused(&mut self, segment: &Segment, tries: Tries) -> Option<Vec<Segment>> {
        if tries.unknown >= self.unknown_tries {
            self.unknown_tries = POISON_TRIES;
        }
        let decision = self.decide(segment, &tries).await?;
        let mut failures = 0;
        loop {
            let done = match decision {
                Decision::Divide => self.divide(segment).await,
                Decision::Park => self.park(segment).await.map(|()| Vec::new()),
                Decision::Remove => {
                    let removing = segment.clone();
                    let removed = self.shared.blocking(move |journal| journal.delivered(&removing)).await;
                    removed.map(|()| Vec::new())
                }
            };
            match done {
                Ok(parts) => return Some(parts),
                // No room for two halves. Parking needs none.
                Err(error) if is_full(&error) => match self.park(segment).await {
                    Ok(()) => return Some(Vec::new()),
                    Err(_logged) => failures += 1,
                },
                // Half of it may be on disk: the segment is not sent again before this is done.
                Err(_logged) => failures += 1,
            }
            self.shared.metrics.delivery_error(ErrorClass::Journal);
            until_stop(&mut self.stop, self.shared.pause(failures)).await?;
        }
    }

    /// What to do with a refused segment, once it is known whether ClickHouse has rows of it.
    async fn decide(&mut self, segment: &Segment, tries: &Tries) -> Option<Decision> {
        let shared = Arc::clone(&self.shared);
        let found_at_start = (segment.since <= shared.started).then_some(shared.started);
        if let Some(unanswered) = tries.unanswered.max(found_at_start) {
            let over = (unanswered + shared.config.end_timeout).saturating_duration_since(Instant::now());
            until_stop(&mut self.stop, tokio::time::sleep(over)).await?;
        }
        let mut failures = 0;
        let presence = loop {
            match self.presence(segment).await {
                Ok(presence) => break presence,
                Err(class) => {
                    shared.metrics.delivery_error(class);
                    failures += 1;
                    until_stop(&mut self.stop, shared.pause(failures)).await?;
                }
            }
        };
        Some(match presence {
            Presence::Absent if segment.rows > 1 && self.divisions < shared.config.divisions => {
                Decision::Divide
            }
            Presence::Absent | Presence::Partial | Presence::Untold => Decision::Park,
            Presence::Whole => Decision::Remove,
        })
    }

    async fn presence(&self, segment: &Segment) -> Result<Presence, ErrorClass> {
        let reading = segment.clone();
        let batch = self.shared.blocking(move |journal| journal.read(&reading)).await;
        let batch = batch.map_err(|_logged| ErrorClass::Journal)?;
        self.shared.inserter.presence(segment.name.first_sequence, &batch).await
    }

    async fn divide(&mut self, segment: &Segment) -> io::Result<Vec<Segment>> {
        // Claimed before they are there, so that nobody else takes them.
        let halves = segment.name.halves();
        self.shared.claims.add(halves);
        let dividing = segment.clone();
        let division = self.shared.blocking(move |journal| journal.divide(&dividing)).await?;
        self.divisions += 1;
        self.shared.metrics.batch(BatchResult::Divided);
        self.shared.metrics.lost(division.lost_rows);
        if self.divisions == 1 {
            tracing::warn!(
                code = "delivery_divided",
                rows = segment.rows,
                segment = %segment.name,
                "ClickHouse refuses a batch for what it holds; it is divided until the bad rows stand alone"
            );
        }
        Ok(division.parts)
    }

    async fn park(&self, segment: &Segment) -> io::Result<()> {
        let parking = segment.clone();
        self.shared.blocking(move |journal| journal.park(&parking)).await?;
        self.shared.metrics.batch(BatchResult::Parked);
        tracing::error!(
            code = "delivery_parked",
            rows = segment.rows,
            segment = %segment.name,
            "ClickHouse refuses these rows for what they hold; they are parked until their day has closed"
        );
        Ok(())
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_in_a_row_count() {
        let mut tries = Tries::default();
        for class in [ErrorClass::Poison, ErrorClass::Poison, ErrorClass::Overloaded, ErrorClass::Poison] {
            tries.failed(class);
            assert!(!tries.are_refused(1, UNKNOWN_TRIES));
        }
        assert!(tries.are_refused(2, UNKNOWN_TRIES), "several rows are divided at once");
        tries.failed(ErrorClass::Poison);
        tries.failed(ErrorClass::Poison);
        assert!(tries.are_refused(1, UNKNOWN_TRIES));
    }

    #[test]
    fn what_will_pass_is_tried_for_ever() {
        for class in ErrorClass::ALL {
            let mut tries = Tries::default();
            (0..10_000).for_each(|_| tries.failed(*class));
            let refused = matches!(class, ErrorClass::Poison | ErrorClass::Unknown);
            assert_eq!(tries.are_refused(100, UNKNOWN_TRIES), refused, "{class:?}");
        }
    }
}
