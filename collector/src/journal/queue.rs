//! Where rows gather for the next group commit, and what is known of every segment: one lock over both, so that whether a
//! day is retired and whether its late rows are refused is one decision.

use std::collections::VecDeque;
use std::sync::{OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use super::record::{HEADER_BYTES, MAX_ROW_BYTES, RECORD_OVERHEAD_BYTES};
use super::settle::{Settle, Settlers};
use super::sync::{Condvar, Mutex, MutexGuard, pause};
use super::{GOOD_BATCH_ROWS, JournalConfig, JournalError, MAX_DAYS_PER_SEGMENT, SealedDays, Segment, Stats};
use crate::metrics::Metrics;

#[cfg(all(test, feature = "loom"))]
mod interleavings;

/// A sync costs the processor as much as some ten beacons: fewer rows than this wait a moment for more, if more came together
/// the time before.
const ENOUGH_ROWS: usize = 16;

/// That moment.
const GATHER_LEAST: Duration = Duration::from_micros(300);

/// Space a group gets before it has rows, at most.
const MOST_SPACE_BYTES: usize = 256 << 10;
const MOST_SPACE_ROWS: usize = 1024;

/// Rows taken together: their bytes one after another, and one entry for each.
#[derive(Default)]
pub(super) struct Group {
    pub(super) rows: Vec<u8>,
    pub(super) entries: Vec<Entry>,
}

/// One row that waits.
pub(super) struct Entry {
    pub(super) length: usize,
    pub(super) closes_at: i64,
    /// The lane it came from.
    pub(super) lane: Option<usize>,
    pub(super) settle: Settle,
}

impl Group {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes it will take in a segment.
    pub(super) fn bytes(&self) -> u64 {
        (self.rows.len() + self.entries.len() * RECORD_OVERHEAD_BYTES) as u64
    }

    /// The first closing instant among its rows.
    fn first_closes_at(&self) -> Option<i64> {
        self.entries.iter().map(|entry| entry.closes_at).min()
    }

    /// Takes from the front as much as one segment may hold, at least one row if there is any.
    fn take(&mut self, config: &JournalConfig) -> Group {
        let (mut bytes, mut days) = (0, Days::default());
        let fits = self.entries.iter().take_while(|entry| {
            let first = bytes == 0;
            bytes += entry.length + RECORD_OVERHEAD_BYTES;
            (days.add(entry.closes_at) && bytes as u64 <= config.segment_bytes) || first
        });
        let count = fits.take(usize::try_from(config.segment_rows).unwrap_or(usize::MAX).max(1)).count();
        if count == self.entries.len() {
            // The next group will be about as large: it gets its space at once instead of by doubling it row by row.
            let next = Group {
                rows: Vec::with_capacity(self.rows.len().min(MOST_SPACE_BYTES)),
                entries: Vec::with_capacity(count.min(MOST_SPACE_ROWS)),
            };
            return std::mem::replace(self, next);
        }
        let rest = self.entries.split_off(count);
        let length = self.entries.iter().map(|entry| entry.length).sum();
        let rest_rows = self.rows.split_off(length);
        std::mem::replace(self, Group { rows: rest_rows, entries: rest })
    }
}

/// The distinct closing instants of a segment. Rows of one instant mostly come together, so the last is looked at first.
#[derive(Clone, Default)]
pub(super) struct Days(Vec<i64>);

impl Days {
    /// Adds an instant unless that makes too many; whether it is in there now.
    pub(super) fn add(&mut self, closes_at: i64) -> bool {
        if self.0.last() == Some(&closes_at) || self.0.contains(&closes_at) {
            return true;
        }
        let fits = self.0.len() < MAX_DAYS_PER_SEGMENT;
        if fits {
            self.0.push(closes_at);
        }
        fits
    }
}

/// What the queue knows of the segment that is being written.
#[derive(Clone, Copy, Default)]
pub(super) struct Open {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// Of the file: space made ready included.
    pub(super) length: u64,
    pub(super) first_closes_at: Option<i64>,
    pub(super) since: Option<Instant>,
}

/// Everything under the lock.
#[derive(Default)]
pub(super) struct State {
    waiting: Group,
    /// First closing instant and bytes of the group that is being written.
    committing: Option<(i64, u64)>,
    pub(super) open: Open,
    /// Sealed, but the sync of the new name failed: not to be sent before one succeeds.
    unpublished: Vec<Segment>,
    pub(super) sealed: VecDeque<Segment>,
    pub(super) parked: Vec<Segment>,
    pub(super) damaged: Vec<Segment>,
    /// Bytes of the files of the segments that are not open.
    closed_bytes: u64,
    seal_requests: Vec<oneshot::Sender<()>>,
    retired_upto: Option<i64>,
    /// Sealed before this process began.
    pub(super) sealed_days: SealedDays,
    /// The rows that wait need not wait for others.
    gathered: bool,
    pub(super) failing: bool,
    closing: bool,
    /// The writer is gone: nobody will take what waits.
    ended: bool,
}

impl State {
    pub(super) fn restore(&mut self, sealed: Vec<Segment>, parked: Vec<Segment>, damaged: Vec<Segment>) {
        self.closed_bytes = sealed.iter().chain(&parked).chain(&damaged).map(|segment| segment.bytes).sum();
        self.sealed = sealed.into();
        (self.parked, self.damaged) = (parked, damaged);
    }

    /// The open segment was sealed; its new name is not known to be on disk yet.
    pub(super) fn sealed_unpublished(&mut self, segment: Segment) {
        self.closed_bytes += segment.bytes;
        self.unpublished.push(segment);
        self.open = Open::default();
    }

    pub(super) fn has_unpublished(&self) -> bool {
        !self.unpublished.is_empty()
    }

    /// The names of all sealed segments are on disk. Whether that makes new ones ready for delivery.
    pub(super) fn publish(&mut self) -> bool {
        let any = self.has_unpublished();
        self.sealed.extend(self.unpublished.drain(..));
        any
    }

    /// A half of a segment that was divided: as old as that was.
    pub(super) fn add_oldest_sealed(&mut self, segment: Segment) {
        self.closed_bytes += segment.bytes;
        self.sealed.push_front(segment);
    }

    pub(super) fn add_parked(&mut self, segment: Segment) {
        self.closed_bytes += segment.bytes;
        self.parked.push(segment);
    }

    pub(super) fn add_damaged(&mut self, segment: Segment) {
        self.closed_bytes += segment.bytes;
        self.damaged.push(segment);
    }

    /// Notes that of the rows of a segment that waits for delivery so many can't be read.
    pub(super) fn note_lost(&mut self, identity: u128, lost_rows: u64) {
        if let Some(segment) = self.sealed.iter_mut().find(|segment| segment.name.identity == identity) {
            segment.lost_rows = segment.lost_rows.max(lost_rows);
        }
    }

    /// Rows of a segment that waits for delivery that can't be read.
    pub(super) fn lost_rows(&self, identity: u128) -> u64 {
        let segment = self.sealed.iter().find(|segment| segment.name.identity == identity);
        segment.map_or(0, |segment| segment.lost_rows)
    }

    /// Forgets what was set aside under this name.
    pub(super) fn forget_damaged(&mut self, segment: &Segment) {
        self.damaged.retain(|other| other.name != segment.name);
        self.closed_bytes = self.closed_bytes.saturating_sub(segment.bytes);
    }

    pub(super) fn forget(&mut self, identity: u128) {
        let mut freed = 0;
        let mut keep = |segment: &Segment| {
            let keep = segment.name.identity != identity;
            freed += if keep { 0 } else { segment.bytes };
            keep
        };
        self.sealed.retain(&mut keep);
        self.parked.retain(&mut keep);
        self.closed_bytes = self.closed_bytes.saturating_sub(freed);
    }

    pub(super) fn retire(&mut self, closes_at: i64) -> bool {
        let held = [
            self.waiting.first_closes_at(),
            self.committing.map(|(first, _)| first),
            self.open.first_closes_at,
        ]
        .into_iter()
        .flatten()
        .chain(
            self.undelivered()
                .chain(&self.parked)
                .chain(&self.damaged)
                .map(|segment| segment.first_closes_at),
        )
        .min();
        let retired = held.is_none_or(|first| first > closes_at);
        if retired {
            self.retired_upto = self.retired_upto.max(Some(closes_at));
        }
        retired
    }

    /// Segments that are not open and wait for delivery.
    fn undelivered(&self) -> impl Iterator<Item = &Segment> {
        self.sealed.iter().chain(&self.unpublished)
    }

    pub(super) fn stats(&self) -> Stats {
        let open = u64::from(self.open.rows > 0);
        Stats {
            bytes: self.closed_bytes + self.open.length,
            undelivered_segments: self.undelivered().count() as u64 + open,
            undelivered_rows: self.undelivered().map(|segment| segment.rows).sum::<u64>() + self.open.rows,
            parked_segments: (self.parked.len() + self.damaged.len()) as u64,
            damaged_segments: self.damaged.len() as u64,
            parked_rows: self.parked.iter().map(|segment| segment.rows).sum(),
            open_rows: self.open.rows,
            sealed_segments: self.sealed.len() as u64,
            oldest: self.undelivered().map(|segment| segment.since).chain(self.open.since).min(),
            open_since: self.open.since,
            failing: self.failing,
        }
    }

    fn has_work(&self) -> bool {
        (self.gathered && !self.waiting.is_empty()) || !self.seal_requests.is_empty() || self.closing
    }

    /// Bytes of files, and of rows that wait or are being written: these may go into space that was made ready, or behind it, or
    /// begin another segment.
    fn used(&self) -> u64 {
        let committing = self.committing.map_or(0, |(_, bytes)| bytes);
        let open = self.open.bytes + committing + self.waiting.bytes() + HEADER_BYTES as u64;
        self.closed_bytes + self.open.length.max(open)
    }

    fn refusal(&self, row: &[u8], closes_at: i64, config: &JournalConfig) -> Option<JournalError> {
        if self.closing || self.ended {
            Some(JournalError::Closing)
        } else if row.len() > MAX_ROW_BYTES {
            Some(JournalError::TooLong)
        } else if self.retired_upto.is_some_and(|upto| closes_at <= upto)
            || self.sealed_days.contains(closes_at)
        {
            Some(JournalError::DayClosed)
        } else if self.used() + (row.len() + RECORD_OVERHEAD_BYTES) as u64 > config.max_bytes {
            Some(JournalError::Full)
        } else {
            None
        }
    }
}

/// What the writer is to do next.
pub(super) struct Work {
    /// Rows to commit; may be none.
    pub(super) group: Group,
    /// To be told when the open segment is sealed.
    pub(super) seal: Vec<oneshot::Sender<()>>,
    /// Nothing comes after this.
    pub(super) last: bool,
}

/// The state, and who waits for it to change.
pub(super) struct Shared {
    state: Mutex<State>,
    work: Condvar,
    pub(super) changed: Notify,
    pub(super) config: JournalConfig,
    pub(super) metrics: OnceLock<std::sync::Arc<Metrics>>,
    pub(super) settlers: Settlers,
}

impl Shared {
    pub(super) fn new(config: JournalConfig) -> Self {
        Self {
            state: Mutex::default(),
            work: Condvar::new(),
            changed: Notify::new(),
            config,
            metrics: OnceLock::new(),
            settlers: Settlers::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the open segment's file may have this length, with the rows that wait behind it.
    pub(super) fn has_room(&self, length: u64) -> bool {
        let state = self.state();
        state.closed_bytes + length + state.waiting.bytes() <= self.config.max_bytes
    }

    /// Takes a row, or settles it with why not. Whether it is the first of a group: then somebody must say when that has gathered.
    #[must_use]
    pub(super) fn submit(&self, row: &[u8], closes_at: i64, settle: Settle) -> bool {
        let mut state = self.state();
        if let Some(error) = state.refusal(row, closes_at, &self.config) {
            drop(state);
            settle(Err(error));
            return false;
        }
        let first = state.waiting.is_empty();
        state.waiting.rows.extend_from_slice(row);
        let lane = serve::lanes::current();
        state.waiting.entries.push(Entry { length: row.len(), closes_at, lane, settle });
        first
    }

    /// Rows that wait.
    pub(super) fn waiting_rows(&self) -> usize {
        self.state().waiting.entries.len()
    }

    /// The rows that wait have gathered.
    pub(super) fn gathered(&self) {
        self.state().gathered = true;
        self.work.notify_one();
    }

    /// Whether somebody will answer `done`.
    pub(super) fn request_seal(&self, done: oneshot::Sender<()>) -> bool {
        let mut state = self.state();
        if state.closing || state.ended {
            return false;
        }
        state.seal_requests.push(done);
        drop(state);
        self.work.notify_one();
        true
    }

    pub(super) fn close(&self) {
        self.state().closing = true;
        self.work.notify_one();
    }

    /// Waits for work. When there are but a few rows though the group before had several, waits a moment for more to come with
    /// them.
    pub(super) fn wait(&self, several: bool) -> Work {
        let mut state = self.state();
        loop {
            if state.has_work() {
                if several && state.waiting.entries.len() < ENOUGH_ROWS && !state.closing {
                    drop(state);
                    pause(GATHER_LEAST);
                    state = self.state();
                }
                if let Some(work) = self.next(&mut state) {
                    return work;
                }
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Work, if there is any now.
    #[cfg(test)]
    pub(super) fn poll(&self) -> Option<Work> {
        self.next(&mut self.state())
    }

    fn next(&self, state: &mut State) -> Option<Work> {
        if !state.has_work() {
            return None;
        }
        let group = state.waiting.take(&self.config);
        // What does not fit into this segment has gathered too.
        state.gathered &= !state.waiting.is_empty();
        state.committing = group.first_closes_at().map(|first| (first, group.bytes()));
        // A segment is sealed only when nothing waits, so that a request covers every row taken before it.
        let seal =
            if state.waiting.is_empty() { std::mem::take(&mut state.seal_requests) } else { Vec::new() };
        Some(Work { group, seal, last: state.closing && state.waiting.is_empty() })
    }

    /// The group being written is on disk, or refused.
    pub(super) fn committed(&self, open: Open, failing: bool) {
        let mut state = self.state();
        let before = state.open.rows;
        state.committing = None;
        state.open = open;
        state.failing = failing;
        drop(state);
        let (had_none, was_quiet) = (before == 0, before < GOOD_BATCH_ROWS);
        if (had_none && open.rows > 0) || (was_quiet && open.rows >= GOOD_BATCH_ROWS) {
            self.changed.notify_one();
        }
    }

    /// The writer has ended: nobody will settle what waits.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        let waiting = std::mem::take(&mut state.waiting);
        state.seal_requests.clear();
        drop(state);
        self.settle(waiting.entries, Err(JournalError::Closing));
    }

    /// Tells each of these rows what became of it.
    pub(super) fn settle(&self, entries: Vec<Entry>, outcome: Result<(), JournalError>) {
        self.settlers.settle(entries.into_iter().map(|entry| (entry.lane, entry.settle)), outcome);
    }
}
