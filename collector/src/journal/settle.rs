//! Telling those who wait what became of their rows.
//!
//! Each row has somebody of its own to tell. To wake tasks of another thread's runtime one by one costs a system call each, so the
//! rows that came from a lane ([`serve::lanes`]) are settled there, all of a group at once by one task.

use std::sync::OnceLock;

use serve::lanes::Lanes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::JournalError;

/// Called once with what became of a row.
pub(super) type Settle = Box<dyn FnOnce(Result<(), JournalError>) + Send>;

/// Rows of one group that came from one lane, and what became of them.
struct Settled {
    rows: Vec<Settle>,
    outcome: Result<(), JournalError>,
}

impl Settled {
    fn tell(self) {
        for settle in self.rows {
            settle(self.outcome);
        }
    }
}

/// The way to each lane; none until there are lanes.
#[derive(Default)]
pub(super) struct Settlers(OnceLock<Vec<UnboundedSender<Settled>>>);

impl Settlers {
    /// Settles rows on the lanes they come from, for as long as the tasks that are returned live. Once: the first lanes stay.
    pub(super) fn follow(&self, lanes: &Lanes) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let senders = lanes.handles().map(|lane| {
            let (sender, receiver) = unbounded_channel();
            tasks.spawn_on(Settler(receiver).run(), lane);
            sender
        });
        let _first = self.0.set(senders.collect());
        tasks
    }

    /// Tells each of these rows, with the number of its lane, what became of it.
    pub(super) fn settle(
        &self,
        rows: impl Iterator<Item = (Option<usize>, Settle)>,
        outcome: Result<(), JournalError>,
    ) {
        let lanes = self.0.get().map_or(&[][..], Vec::as_slice);
        let mut by_lane: Vec<Vec<Settle>> = lanes.iter().map(|_| Vec::new()).collect();
        for (lane, settle) in rows {
            match lane.and_then(|lane| by_lane.get_mut(lane)) {
                Some(rows) => rows.push(settle),
                None => settle(outcome),
            }
        }
        for (lane, rows) in lanes.iter().zip(by_lane) {
            if !rows.is_empty()
                && let Err(ended) = lane.send(Settled { rows, outcome })
            {
                ended.0.tell();
            }
        }
    }
}

/// The task of one lane. What has been sent to it is told even if the lane ends.
struct Settler(UnboundedReceiver<Settled>);

impl Settler {
    async fn run(mut self) {
        while let Some(settled) = self.0.recv().await {
            settled.tell();
        }
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        self.0.close();
        while let Ok(settled) = self.0.try_recv() {
            settled.tell();
        }
    }
}
