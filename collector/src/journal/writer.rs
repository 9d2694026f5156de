//! The journal's thread: the only one that writes rows.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::disk::{Append, Disk};
use super::name::{Facts, Name, Range, State};
use super::queue::{Days, Group, Open, Shared, Work};
use super::record::{self, FORMAT_VERSION, HEADER_BYTES, Header};
use super::{JournalError, Segment};

/// Writes groups into the open segment and seals it.
pub(super) struct Writer {
    shared: Arc<Shared>,
    disk: Arc<dyn Disk>,
    collector: u16,
    next_sequence: u64,
    active: Option<Active>,
    buffer: Vec<u8>,
    /// Rows are acknowledged before they are written: what a test of the promise must find out.
    #[cfg(test)]
    pub(super) acknowledges_early: bool,
}

/// The open segment. Its counts are of what is known to be on disk.
struct Active {
    name: Name,
    file: Box<dyn Append>,
    open: Open,
    days: Days,
    /// A write or sync failed: nothing may be appended any more.
    broken: bool,
    /// Space could not be made ready: it is not tried again.
    is_cramped: bool,
}

impl Active {
    /// Makes space ready behind `end` when there is none, the segment has grown so far that it will be needed, and groups are so
    /// small that many go into it: large ones have bytes enough of their own to write. It is synced with the group, and is only
    /// for speed: without it appends make the file longer.
    fn make_space(&mut self, end: u64, shared: &Shared) {
        let (length, group) = (self.open.length.max(end), end - self.open.bytes);
        let ahead = shared.config.space_ahead;
        let (is_busy, is_small) = (end >= ahead / 4, group <= ahead / 4);
        let is_due = length == end && ahead > 0 && is_busy && is_small && !self.is_cramped;
        self.open.length = if is_due && shared.has_room(length + ahead) {
            self.file.make_space(ahead).unwrap_or_else(|_| {
                self.is_cramped = true;
                length + ahead
            })
        } else {
            length
        };
    }
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, disk: Arc<dyn Disk>, collector: u16, next_sequence: u64) -> Self {
        Self {
            shared,
            disk,
            collector,
            next_sequence,
            active: None,
            buffer: Vec::new(),
            #[cfg(test)]
            acknowledges_early: false,
        }
    }

    /// Works until the journal is closed.
    pub(super) fn run(&mut self) {
        let mut several = false;
        loop {
            let work = self.shared.wait(several);
            // Who came together will come together again; a lone beacon is not kept waiting.
            several = work.group.entries.len() > 1;
            if self.work(work) {
                return;
            }
        }
    }

    /// Does one piece of work; whether it was the last.
    pub(super) fn work(&mut self, work: Work) -> bool {
        let Work { group, seal, last } = work;
        if !group.is_empty() {
            self.commit(group);
        }
        let has_rows = self.active.as_ref().is_some_and(|active| active.open.rows > 0);
        if has_rows && (last || !seal.is_empty()) || self.shared.state().has_unpublished() {
            // A failure is tried again with the next request: until then the segment stays open, or unpublished.
            if let Err(error) = self.rotate() {
                self.log(&error);
            }
        }
        for done in seal {
            // Delivery may have stopped waiting.
            let _unheard = done.send(());
        }
        last
    }

    fn commit(&mut self, group: Group) {
        #[cfg(test)]
        let group = self.acknowledged_early(group);
        let outcome = self.write(&group).map_err(|error| {
            self.log(&error);
            JournalError::Unwritable
        });
        let open = self.active.as_ref().map_or_else(Open::default, |active| active.open);
        self.shared.committed(open, outcome.is_err());
        self.shared.settle(group.entries, outcome);
    }

    #[cfg(test)]
    fn acknowledged_early(&self, mut group: Group) -> Group {
        if self.acknowledges_early {
            for entry in &mut group.entries {
                std::mem::replace(&mut entry.settle, Box::new(|_| {}))(Ok(()));
            }
        }
        group
    }

    /// Puts a group on disk, all of it or nothing that counts.
    fn write(&mut self, group: &Group) -> io::Result<()> {
        let config = self.shared.config;
        let mut days = Days::default();
        let fits = self.active.as_ref().is_some_and(|active| {
            days = active.days.clone();
            !active.broken
                && active.open.bytes + group.bytes()
                    <= config.segment_bytes.max(HEADER_BYTES as u64 + group.bytes())
                && active.open.rows + group.entries.len() as u64 <= config.segment_rows
                && group.entries.iter().all(|entry| days.add(entry.closes_at))
        });
        if !fits {
            self.rotate()?;
            days = Days::default();
            for entry in &group.entries {
                days.add(entry.closes_at);
            }
        }
        let Some(active) = self.active.as_mut() else { return Err(io::ErrorKind::NotFound.into()) };

        self.buffer.clear();
        if active.open.rows == 0 {
            let Name { identity, first_sequence, .. } = active.name;
            let header =
                Header { version: FORMAT_VERSION, collector: self.collector, identity, first_sequence };
            header.encode(&mut self.buffer);
        }
        let (mut rest, mut sequence) = (group.rows.as_slice(), self.next_sequence);
        for (place, entry) in (0..).zip(&group.entries) {
            let (row, behind) = rest.split_at(entry.length);
            record::encode(&mut self.buffer, active.name.identity, place, entry.closes_at, row, sequence);
            (rest, sequence) = (behind, sequence + 1);
        }
        let begun = Instant::now();
        let end = active.open.bytes + self.buffer.len() as u64;
        active
            .file
            .append(&self.buffer)
            .and_then(|()| {
                active.make_space(end, &self.shared);
                active.file.sync()
            })
            .inspect_err(|_| active.broken = true)?;
        if let Some(metrics) = self.shared.metrics.get() {
            metrics.journal_synced(begun.elapsed(), group.entries.len());
        }

        self.next_sequence = sequence;
        active.days = days;
        active.open.rows += group.entries.len() as u64;
        active.open.bytes = end;
        active.open.since.get_or_insert(begun);
        let first =
            group.entries.iter().map(|entry| entry.closes_at).chain(active.open.first_closes_at).min();
        active.open.first_closes_at = first;
        Ok(())
    }

    /// Seals the open segment and opens the next. After an error rows are taken by none until this succeeds.
    ///
    /// At every instant some durable name remembers the next sequence number: the old file is renamed before the new name is
    /// synced, or, when it has no rows, removed after.
    pub(super) fn rotate(&mut self) -> io::Result<()> {
        // New random bits for each try: a name is never given twice, not even to a file that was never used.
        let name = Name { first_sequence: self.next_sequence, identity: rand::random(), state: State::Open };
        let file = self.disk.create(&name.to_string())?;
        let durable = self.seal_active().and_then(|()| self.disk.sync_names());
        if let Err(error) = durable.and_then(|()| self.remove_empty()) {
            // Never used and empty: should this fail too, the next start removes it.
            let _left_behind = self.disk.remove(&name.to_string());
            return Err(error);
        }
        // The removal must be durable before the numbers of what a failed write left in the old file are given anew.
        let removed = if self.active.is_some() { self.disk.sync_names() } else { Ok(()) };
        let (open, days, broken) = (Open::default(), Days::default(), removed.is_err());
        self.active = Some(Active { name, file, open, days, broken, is_cramped: false });
        if self.shared.state().publish() {
            self.shared.changed.notify_one();
        }
        removed
    }

    /// Gives the open segment its final name; leaves one without rows as it is.
    fn seal_active(&mut self) -> io::Result<()> {
        let Some(active) = &mut self.active else { return Ok(()) };
        let Open { rows, bytes, first_closes_at, since, .. } = active.open;
        let (Some(first_closes_at), Some(since)) = (first_closes_at, since) else { return Ok(()) };
        if (active.broken || active.open.length > bytes) && active.file.cut(bytes).is_ok() {
            // Should it not be on disk before a power cut, what stands behind the range is not looked at.
            active.open.length = bytes;
        }
        let length = active.open.length.max(bytes);
        let facts = Some(Facts { first_closes_at, lost_rows: 0 });
        let name = active.name.with(State::Sealed(Range { rows, bytes, facts }));
        self.disk.rename(&active.name.to_string(), &name.to_string())?;
        self.shared.state().sealed_unpublished(Segment {
            name,
            rows,
            bytes: length,
            first_closes_at,
            lost_rows: 0,
            since,
        });
        self.active = None;
        Ok(())
    }

    /// Removes the file of an open segment without rows.
    fn remove_empty(&self) -> io::Result<()> {
        self.active.as_ref().map_or(Ok(()), |active| self.disk.remove(&active.name.to_string()))
    }

    fn log(&self, error: &io::Error) {
        let was_failing = self.shared.state().failing;
        if !was_failing {
            tracing::error!(code = JournalError::Unwritable.code(), kind = %error.kind(), "the journal can't be written");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.end();
    }
}
