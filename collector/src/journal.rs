//! Acknowledged rows on disk until ClickHouse has them.
//!
//! # Promise
//! When [`Journal::append`] says `Ok`, the row is on disk, and it will be in ClickHouse once and only once, whatever is
//! killed, cut off or full in between. When it says an error, nothing is promised.
//!
//! # Segments
//! Rows stand in append-only files ([`record`]), in the very bytes that will be sent. **A segment is a batch is an INSERT is
//! a deduplication token**: its identity is 128 random bits, so that no token comes back even after the directory was
//! wiped. The name of the file ([`name`]) carries what has to be known of it:
//!
//! ```text
//!  (new) ──▶ .open ──seal──▶ .<range>.sealed ──delivered──▶ (removed)
//!                                 │     └──delivered, but for rows that can't be read──▶ .<range>.damaged ──┐
//!                                 └──ClickHouse refuses it──▶ .<range>.parked ──its first day has closed──▶ (removed)
//! ```
//!
//! Sealing renames the file to its range of rows and syncs the directory *before* the batch is first sent. From then on nothing
//! is appended, so that each try sends the same bytes under the same token, also after a restart. There is always an
//! open segment, if only an empty one: its name remembers the next sequence number when everything else is delivered.
//! At start every segment left open is sealed ([`recovery`] says how); appending goes on in a new one.
//!
//! A segment is sealed when delivery asks for it, when it is full, and when it would hold more than
//! [`MAX_DAYS_PER_SEGMENT`] closing instants (an INSERT may touch at most 100 partitions).
//!
//! # Group commit
//! Appends gather in memory ([`queue`]). One thread ([`writer`]) takes all that wait, writes them with one call, syncs once,
//! and settles them. While several come at once they gather for up to a millisecond, or until the runtime has no other in hand
//! ([`Journal::gather`]). Sequence numbers are given there, so that they have no gaps: a row that was refused has none.
//!
//! # When the disk fails
//! After a failed write or sync nothing is known about the file's end. The group is refused, and the segment is sealed at
//! the last byte known to be on disk; appending goes on in a new one. It is never synced again and then believed. Each
//! group that comes tries anew, so that the journal works again when the disk does. If the process dies before that seal is
//! on disk, recovery may find and deliver rows that were refused: refused means "not promised".
//!
//! # Space made ready
//! A sync of a file that has grown makes the file system write of its own, which takes as long again. So a segment that
//! grows by small groups is given [`JournalConfig::space_ahead`] zeros at a time, synced with the group before they are needed; a
//! sync then has rows to write and nothing else. Where the rows end is told by the rows: a zero is no record. Sealing cuts what was
//! not used. A quiet collector's segments never come so far.
//!
//! # The cap
//! Files, space made ready included, and waiting rows together stay below `max_bytes`: beyond it appends are refused
//! ([`JournalError::Full`]). What was acknowledged is never dropped for space.
//!
//! # Damage
//! A record that fails its checksum is passed over and counted; reading goes on at the next intact one. Counts are exact
//! for sealed segments, whose name says how many rows there were. In an open one, what is missing before the last group is
//! lost; what is missing in or behind the last group was never acknowledged, as far as anyone can tell, and is cut.
//!
//! The intact rows of a damaged segment are delivered under its own token. Then its file is not removed but set aside as it is
//! (`.damaged`), for whoever wants to know what happened to the disk. How many rows are lost goes into its name when it is
//! found, so that no later start counts them again. Of an open segment the intact rows are in the copy that recovery makes, and the
//! original is set aside at once.
//!
//! # Days
//! [`Journal::retire`] answers whether rows of days that have closed are gone from the disk, and from a yes on refuses
//! late ones ([`JournalError::DayClosed`]): a dropped partition forgets its tokens, so nothing may be sent into it again.
//! Check and refusal happen under the lock under which rows are taken, so that none slips in between. A parked or damaged
//! segment holds pseudonyms like any other: it is destroyed when its first day has closed and the grace is over, counted and said
//! aloud, because promise 2 (no pseudonym outlives its day) goes before keeping what ClickHouse refuses or nobody can read.
//!
//! A directory can also come back: from a backup, with segments that were delivered long ago. Which days are sealed is told to
//! [`Journal::open_after`] by whoever keeps their ledger ([`SealedDays`]); rows of these are not sent, their segments removed when
//! nothing else is in them. Time alone would not do: after a long stop rows of a day that has closed are still to be delivered,
//! and their day is not sealed before they are. A backup put back on the same day brings segments under the tokens they had
//! before, which ClickHouse still knows.

pub mod disk;
mod division;
mod error;
pub mod inspect;
mod lead;
#[cfg(test)]
mod model;
pub mod name;
mod queue;
pub mod record;
mod recovery;
mod sealed_days;
mod settle;
mod survey;
mod sync;
#[cfg(test)]
mod tests;
mod writer;

use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use bytes::Bytes;
use serve::lanes::Lanes;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::metrics::Metrics;
use disk::{Directory, Disk};
pub use division::Division;
pub use error::{JournalError, OpenError};
pub use lead::Lead;
use name::{Facts, Name, Range, State};
use queue::Shared;
pub use recovery::Recovery;
pub use sealed_days::SealedDays;
use writer::Writer;

/// Distinct closing instants in one segment at most: an INSERT may touch at most 100 partitions.
pub const MAX_DAYS_PER_SEGMENT: usize = 64;

/// So many rows in the open segment make a good batch: delivery is told, and need not wait for more.
pub const GOOD_BATCH_ROWS: u64 = 10_000;

/// The journal's sizes.
#[derive(Clone, Copy, Debug)]
pub struct JournalConfig {
    /// Files and waiting rows together. Beyond it beacons are refused. Default 2 GiB.
    pub max_bytes: u64,
    /// A segment is sealed when it has this many bytes. Default 16 MiB.
    pub segment_bytes: u64,
    /// A segment is sealed when it has this many rows. Default 100,000.
    pub segment_rows: u64,
    /// A segment that has come to a quarter of this, by groups of at most a quarter, is given so many bytes at a time before it
    /// needs them; 0: never. Default 256 KiB.
    pub space_ahead: u64,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self { max_bytes: 2 << 30, segment_bytes: 16 << 20, segment_rows: 100_000, space_ahead: 256 << 10 }
    }
}

/// A segment that may be sent, or was refused for good.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its file.
    pub name: Name,
    /// Rows of its batch: those in its range that are intact and not of a sealed day, when it was last looked at.
    pub rows: u64,
    /// Length of its file.
    pub bytes: u64,
    /// The first closing instant among its rows, Unix seconds.
    pub first_closes_at: i64,
    /// Rows in its range that can't be read, and were counted as lost.
    pub lost_rows: u64,
    /// When its first row was taken, or found at start.
    pub since: Instant,
}

/// What is sent for one segment: the same bytes in every try.
pub struct Batch {
    /// RowBinary, all columns.
    pub rows: Bytes,
    /// How many rows.
    pub count: u64,
}

/// Figures of the journal at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Bytes of all its files.
    pub bytes: u64,
    /// Segments that wait for delivery, the open one included if it has rows, and those whose seal is not on disk yet.
    pub undelivered_segments: u64,
    /// Rows in them.
    pub undelivered_rows: u64,
    /// Segments set aside until their day has closed: refused by ClickHouse, or damaged.
    pub parked_segments: u64,
    /// Rows in those that ClickHouse refused.
    pub parked_rows: u64,
    /// The damaged ones: their intact rows are delivered.
    pub damaged_segments: u64,
    /// Rows in the open segment.
    pub open_rows: u64,
    /// Segments that are sealed and wait for delivery.
    pub sealed_segments: u64,
    /// When the oldest undelivered row was taken.
    pub oldest: Option<Instant>,
    /// When the oldest row of the open segment was taken.
    pub open_since: Option<Instant>,
    /// The last group could not be written.
    pub failing: bool,
}

/// The journal of one collector. See the module's documentation for what it promises.
pub struct Journal {
    shared: Arc<Shared>,
    disk: Arc<dyn Disk>,
    recovery: Recovery,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// Opens the journal in this directory, recovers what is there, and starts its thread.
    ///
    /// # Errors
    /// When the directory can't be used, is in use, or holds a format of another version.
    pub fn open(path: &Path, collector: u16, config: JournalConfig) -> Result<Self, OpenError> {
        Self::open_after(path, collector, config, SealedDays::default())
    }

    /// As [`Journal::open`], but rows of these days are neither sent nor taken.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open_after(
        path: &Path,
        collector: u16,
        config: JournalConfig,
        sealed_days: SealedDays,
    ) -> Result<Self, OpenError> {
        let directory = Directory::open(path)?.ok_or(OpenError::Taken)?;
        let (journal, mut writer) = Self::on(Arc::new(directory), collector, config, sealed_days)?;
        journal.tell();
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || writer.run())?;
        *lock(&journal.thread) = Some(thread);
        Ok(journal)
    }

    /// The journal on any disk, and its writer for the caller to run.
    fn on(
        disk: Arc<dyn Disk>,
        collector: u16,
        config: JournalConfig,
        sealed_days: SealedDays,
    ) -> Result<(Self, Writer), OpenError> {
        let recovered = recovery::recover(&*disk, collector, &sealed_days)?;
        let shared = Arc::new(Shared::new(config));
        let mut writer =
            Writer::new(Arc::clone(&shared), Arc::clone(&disk), collector, recovered.next_sequence);
        // The new open segment remembers the next sequence number; only then may the empty ones that did so before go.
        shared.state().restore(recovered.sealed, recovered.parked, recovered.damaged);
        shared.state().sealed_days = sealed_days;
        writer.rotate()?;
        for name in &recovered.empty {
            disk.remove(name)?;
        }
        let journal = Self { shared, disk, recovery: recovered.report, thread: Mutex::new(None) };
        Ok((journal, writer))
    }

    /// Says aloud what an operator should know of the start.
    fn tell(&self) {
        let Recovery { lost_rows, closed_rows, .. } = self.recovery;
        if lost_rows > 0 {
            tracing::error!(
                code = "journal_damaged",
                rows = lost_rows,
                "acknowledged rows can't be read; what is damaged is set aside until its day has closed"
            );
        }
        if closed_rows > 0 {
            tracing::warn!(
                code = "journal_closed_rows",
                rows = closed_rows,
                "the journal holds rows of days that are sealed, as after a restored backup; they are not sent again"
            );
        }
    }

    /// What was found at start.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// Tells the journal where to note how long its syncs take. Once, when built.
    pub fn observe(&self, metrics: Arc<Metrics>) {
        // Losing the race against an earlier call would only mean that that one is told.
        let _first = self.shared.metrics.set(metrics);
    }

    /// Takes a row (RowBinary without its last column, `sequence`) of the day that ends at `closes_at`, Unix seconds.
    /// Resolves when it is on disk, or refused. The row is taken when this is called, not when the future is polled, and
    /// stays taken if the future is dropped.
    ///
    /// # Errors
    /// When the row was not taken.
    pub fn append(
        &self,
        row: &[u8],
        closes_at: i64,
    ) -> impl Future<Output = Result<(), JournalError>> + use<> {
        let (settled, outcome) = oneshot::channel();
        drop(self.submit(row, closes_at, move |result| {
            // Nobody may be waiting any more; the row is kept all the same.
            let _unheard = settled.send(result);
        }));
        async move { outcome.await.unwrap_or(Err(JournalError::Closing)) }
    }

    /// As [`Journal::append`], but calls `settle` with the outcome, exactly once: at once when the row is refused outright, else
    /// on the journal's thread. It must be quick and must not panic. Whoever brings the first row of a group gets to say when
    /// others have joined it.
    pub fn submit(
        &self,
        row: &[u8],
        closes_at: i64,
        settle: impl FnOnce(Result<(), JournalError>) + Send + 'static,
    ) -> Option<Lead> {
        self.shared.submit(row, closes_at, Box::new(settle)).then(|| Lead::of(&self.shared))
    }

    /// Rows that come from these lanes are settled there, for as long as the tasks that are returned live.
    pub fn settle_on(&self, lanes: &Lanes) -> JoinSet<()> {
        self.shared.settlers.follow(lanes)
    }

    /// Figures of this instant.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.state().stats()
    }

    /// Resolves when there may be something new for delivery: rows in an open segment that had none, or that has come to
    /// [`GOOD_BATCH_ROWS`], or a sealed segment. A change nobody waited for is not lost.
    pub async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// Asks for the open segment to be sealed, and resolves when it was or could not be. One without rows stays as it is.
    pub async fn seal(&self) {
        let (done, sealed) = oneshot::channel();
        if self.shared.request_seal(done) {
            // An error means that the journal is closing, which seals too.
            let _closing = sealed.await;
        }
    }

    /// The oldest segment that waits for delivery.
    #[must_use]
    pub fn oldest_sealed(&self) -> Option<Segment> {
        self.sealed(|_| true)
    }

    /// The oldest segment that waits for delivery and is wanted.
    #[must_use]
    pub fn sealed(&self, wanted: impl FnMut(&&Segment) -> bool) -> Option<Segment> {
        self.shared.state().sealed.iter().find(wanted).cloned()
    }

    /// The batch of a segment. Reads its file: call it where blocking is allowed.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read(&self, segment: &Segment) -> io::Result<Batch> {
        let range = segment.name.state.range();
        let limit = range.map_or(u64::MAX, |range| range.bytes);
        let mut bytes = self.disk.read(&segment.name.to_string(), limit)?;
        let sealed_days = self.shared.state().sealed_days.clone();
        let mut intact = 0;
        let records = record::Records::of(&bytes, segment.name.identity, segment.name.first_sequence);
        let bodies: Vec<_> = records
            .inspect(|_| intact += 1)
            .filter(|record| !sealed_days.contains(record.closes_at))
            .map(|record| record.end - record.body.len()..record.end)
            .collect();
        let count = bodies.len() as u64;
        // The rows move together where they are: a batch is in memory once.
        let mut end = 0;
        for body in bodies {
            let length = body.len();
            bytes.copy_within(body, end);
            end += length;
        }
        bytes.truncate(end);
        if let Some(lost) = range.map(|range| range.rows.saturating_sub(intact)).filter(|lost| *lost > 0) {
            self.shared.state().note_lost(segment.name.identity, lost);
        }
        Ok(Batch { rows: bytes.into(), count })
    }

    /// Removes a segment whose batch is durably in ClickHouse; or, when rows of it could not be read, sets it aside until its
    /// first day has closed. Blocks for a directory sync.
    ///
    /// # Errors
    /// When it could not be removed: ask again, it counts as undelivered until then. It may be unreadable by then.
    pub fn delivered(&self, segment: &Segment) -> io::Result<()> {
        let Segment { name, first_closes_at, .. } = *segment;
        let lost_rows = self.shared.state().lost_rows(name.identity);
        let (State::Sealed(range), 1..) = (name.state, lost_rows) else {
            self.remove(&name)?;
            self.shared.state().forget(name.identity);
            return Ok(());
        };
        let facts = Some(Facts { first_closes_at, lost_rows });
        let damaged = name.with(State::Damaged(Range { facts, ..range }));
        done_before(self.disk.rename(&name.to_string(), &damaged.to_string()))?;
        self.disk.sync_names()?;
        let mut state = self.shared.state();
        state.forget(name.identity);
        state.add_damaged(Segment { name: damaged, rows: 0, lost_rows, ..segment.clone() });
        Ok(())
    }

    /// Puts a segment aside that ClickHouse refuses for what it holds. Blocks for a directory sync.
    ///
    /// # Errors
    /// When it could not be renamed: it stays where it was.
    pub fn park(&self, segment: &Segment) -> io::Result<()> {
        let State::Sealed(range) = segment.name.state else { return Ok(()) };
        let parked = segment.name.with(State::Parked(range));
        done_before(self.disk.rename(&segment.name.to_string(), &parked.to_string()))?;
        self.disk.sync_names()?;
        let mut state = self.shared.state();
        state.forget(segment.name.identity);
        state.add_parked(Segment { name: parked, ..segment.clone() });
        Ok(())
    }

    /// Destroys parked and damaged segments that hold rows of days that closed at or before `closes_at`. Returns how many rows
    /// that were that had not been counted as lost before. Blocks for a directory sync if there were any.
    ///
    /// # Errors
    /// When one could not be removed: it stays.
    pub fn destroy_parked(&self, closes_at: i64) -> io::Result<u64> {
        let due = |segment: &&Segment| segment.first_closes_at <= closes_at;
        let (parked, damaged): (Vec<Segment>, Vec<Segment>) = {
            let state = self.shared.state();
            (
                state.parked.iter().filter(due).cloned().collect(),
                state.damaged.iter().filter(due).cloned().collect(),
            )
        };
        let mut rows = 0;
        for segment in parked {
            self.remove(&segment.name)?;
            self.shared.state().forget(segment.name.identity);
            rows += segment.rows;
        }
        for segment in damaged {
            self.remove(&segment.name)?;
            self.shared.state().forget_damaged(&segment);
        }
        Ok(rows)
    }

    /// Whether no row of a day that ends at or before `closes_at` is on disk or on its way there. From the first yes on, such
    /// rows are refused.
    #[must_use]
    pub fn retire(&self, closes_at: i64) -> bool {
        self.shared.state().retire(closes_at)
    }

    /// Takes no more rows, commits those that wait, seals the open segment, and ends the thread. Blocks. What is sealed can
    /// still be read and delivered.
    pub fn close(&self) {
        self.shared.close();
        if let Some(thread) = lock(&self.thread).take()
            && thread.join().is_err()
        {
            tracing::error!(code = "journal_thread_failed", "the journal's thread ended by a bug");
        }
    }

    fn remove(&self, name: &Name) -> io::Result<()> {
        done_before(self.disk.remove(&name.to_string()))?;
        self.disk.sync_names()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.close();
    }
}

/// A name that is gone was removed or given away by an earlier try, whose sync failed.
fn done_before(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
