//! From a decision to an outcome: rows go into the journal of events, drops into the journal of drops, each before anything is
//! answered.
//!
//! What is answered 2xx is on disk, be it a row or the count of a drop: both reach ClickHouse exactly once, the same way. If
//! one could not be written, the beacon is refused with 503: neither a lost row nor an uncounted drop hides behind a 2xx.

use std::time::Instant;

use events::drops::DropRow;
use events::row::UnixSeconds;
use events::{DropReason, EventRow, LocalDay, Outcome, RefuseReason, SiteId};
use smallvec::SmallVec;
use tokio::sync::oneshot;

use super::Door;
use crate::admit::Admission;
use crate::journal::{Journal, JournalError, Lead};
use crate::metrics::Ticket;

/// Nearly every request brings one beacon for one site.
type Few<T> = SmallVec<[T; 1]>;

/// What became of each admission, in their order.
pub(super) struct Kept(pub(super) Few<Outcome>);

impl Kept {
    /// The reasons of those dropped, if none was lost.
    ///
    /// # Errors
    /// Why one was refused.
    pub(super) fn told(self) -> Result<Vec<&'static str>, RefuseReason> {
        let mut dropped = Vec::new();
        for outcome in self.0 {
            match outcome {
                Outcome::Stored => {}
                Outcome::Dropped(reason) => dropped.push(reason.code()),
                Outcome::Refused(reason) => return Err(reason),
            }
        }
        Ok(dropped)
    }
}

/// What is to become of one beacon.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are admissions; a box for each would cost more than it saves"
)]
pub(super) enum Decided {
    /// A row to store or a drop to count.
    Admitted(Admission),
    /// Nothing that can be kept.
    Refused(RefuseReason),
}

/// An outcome that may still depend on a disk.
enum Pending {
    Now(Outcome),
    Journalled(Outcome, oneshot::Receiver<Result<(), JournalError>>, Option<Lead>),
}

impl Door {
    /// As [`Door::keep_all`], of beacons that all have a decision.
    pub(super) async fn keep(&self, admissions: Vec<Admission>, ticket: Ticket, begun: Instant) -> Kept {
        let pending = self.begin(admissions.into_iter().map(Decided::Admitted), ticket);
        self.finish(pending, begun).await
    }

    /// Puts what is to be kept into the journals, and resolves when it is on disk. All rows of one call are taken before
    /// the first is waited for, so that they share a group commit.
    pub(super) async fn keep_all(&self, decided: Vec<Decided>, ticket: Ticket, begun: Instant) -> Kept {
        let pending = self.begin(decided.into_iter(), ticket);
        self.finish(pending, begun).await
    }

    /// Gives all that is to be kept to the journals.
    fn begin(&self, decided: impl ExactSizeIterator<Item = Decided>, ticket: Ticket) -> Few<Pending> {
        let mut tickets: Few<Ticket> = (1..decided.len()).map(|_| ticket.another()).collect();
        tickets.push(ticket);
        decided
            .zip(tickets)
            .map(|(decided, ticket)| match decided {
                Decided::Admitted(admission) => {
                    self.metrics.enrichment.count(&admission);
                    match admission.decision {
                        Ok(row) => self.store(&row, ticket),
                        Err(reason) => self.drop_counted(admission.site, reason, ticket),
                    }
                }
                Decided::Refused(reason) => {
                    let outcome = Outcome::Refused(reason);
                    ticket.settle(outcome);
                    Pending::Now(outcome)
                }
            })
            .collect()
    }

    /// Waits until all of it is on disk, or refused.
    async fn finish(&self, mut pending: Few<Pending>, begun: Instant) -> Kept {
        for pending in &mut pending {
            if let Pending::Journalled(_, _, lead) = pending
                && let Some(lead) = lead.take()
            {
                lead.gather().await;
            }
        }
        let mut outcomes = Few::with_capacity(pending.len());
        for pending in pending {
            outcomes.push(match pending {
                Pending::Now(outcome) => outcome,
                // A sender that is gone means that the journal is.
                Pending::Journalled(outcome, done, _) => match done.await {
                    Ok(Ok(())) => outcome,
                    Ok(Err(_)) | Err(_) => Outcome::Refused(RefuseReason::JournalUnavailable),
                },
            });
        }
        if outcomes.contains(&Outcome::Stored) {
            self.metrics.acknowledged(begun);
        }
        Kept(outcomes)
    }

    fn store(&self, row: &EventRow, ticket: Ticket) -> Pending {
        let mut bytes = Vec::with_capacity(512);
        row.encode(&mut bytes);
        submit(&self.journal, &bytes, row.closes_at, Outcome::Stored, ticket)
    }

    /// A drop of a known site is one line in the journal of drops. Beacons for nobody belong to no site: they are counted in
    /// the metrics alone.
    fn drop_counted(&self, site: Option<SiteId>, reason: DropReason, ticket: Ticket) -> Pending {
        let outcome = Outcome::Dropped(reason);
        let now = self.clock.now();
        let day = site
            .and_then(|site| self.admitter.sites().by_id(site))
            .and_then(|site| Some((site.id, LocalDay::at(now, &site.zone).ok()?)));
        // A site that went this instant has nobody to show the count to.
        let Some((site, day)) = day else {
            ticket.settle(outcome);
            return Pending::Now(outcome);
        };
        let closes_at = UnixSeconds::new(day.closes_at);
        let mut bytes = Vec::with_capacity(48);
        DropRow { site, day: day.date, closes_at, reason, count: 1 }.encode(&mut bytes);
        submit(&self.drops, &bytes, closes_at, outcome, ticket)
    }
}

/// Gives a row to a journal. The ticket goes with it, so that the outcome is counted even if the client hangs up.
fn submit(
    journal: &Journal,
    bytes: &[u8],
    closes_at: UnixSeconds,
    outcome: Outcome,
    ticket: Ticket,
) -> Pending {
    let (settled, done) = oneshot::channel();
    let lead = journal.submit(bytes, closes_at.get(), move |result| {
        ticket.settle(match result {
            Ok(()) => outcome,
            Err(_) => Outcome::Refused(RefuseReason::JournalUnavailable),
        });
        // The client may have hung up.
        let _unheard = settled.send(result);
    });
    Pending::Journalled(outcome, done, lead)
}
