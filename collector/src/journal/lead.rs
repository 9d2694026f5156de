//! The first row of a group, and how long it waits for others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::queue::Shared;

/// Rows are not kept waiting for each other longer than this.
const GATHER_MOST: Duration = Duration::from_millis(1);

/// Whoever brought the first row of a group says when the group has gathered: by [`Lead::gather`], or by dropping this.
#[must_use = "without it the group does not wait for others"]
pub struct Lead(Arc<Shared>);

impl Lead {
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }

    /// Lets others join for as long as this runtime has some in hand.
    ///
    /// A task that yields runs again when everything that was ready has run and the sockets have been asked once more. When
    /// that brought no row, whoever was going to come together has.
    pub async fn gather(self) {
        let begun = Instant::now();
        let mut before = 0;
        loop {
            let rows = self.0.waiting_rows();
            if rows == before || begun.elapsed() >= GATHER_MOST {
                return;
            }
            before = rows;
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.0.gathered();
    }
}
