//! Which days must not be sent any more.

use std::collections::BTreeSet;
use std::sync::Arc;

/// Days that are sealed, by the instants at which they closed (Unix seconds), as the keeper of statistics knows them.
///
/// Before a day is sealed the journal says that it holds none of its rows ([`super::Journal::retire`]). So a row of a sealed day
/// that is found at start is one that was delivered already: the directory came from a backup, or time was turned back. The
/// directory itself can't tell, because whatever it remembers comes back with it; the ledger of sealed days can.
#[derive(Clone, Debug, Default)]
pub struct SealedDays(Arc<BTreeSet<i64>>);

impl SealedDays {
    /// Whether the day that closed at this instant is sealed.
    #[must_use]
    pub fn contains(&self, closes_at: i64) -> bool {
        // Nearly every row is of a day that has not closed yet.
        self.0.last().is_some_and(|last| closes_at <= *last) && self.0.contains(&closes_at)
    }
}

impl FromIterator<i64> for SealedDays {
    fn from_iter<I: IntoIterator<Item = i64>>(closed: I) -> Self {
        Self(Arc::new(closed.into_iter().collect()))
    }
}
