//! How far this collector has come, for the seal.

use std::sync::Arc;

use events::Deliveries;
use serve::clock::Clock;

use crate::journal::Journal;

/// Days that closed less than this ago are never called retired: a beacon that was admitted just before midnight may be
/// on its way into the journal. One that is later still is refused, so that this only avoids refusals.
const LATE_SECONDS: i64 = 5;

/// Answers whether a day may be sealed. A segment belongs to the journal until it is out of the way, so that one in flight,
/// one that is being divided and one that is parked all hold their days back.
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
