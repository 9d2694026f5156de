//! A batch that ClickHouse refuses becomes two: how one segment is replaced by two halves, so that what a token stands for never
//! changes.
//!
//! The identities of the halves follow from that of the whole, so a division that was cut off can be recognised: the whole is
//! still there. No half was sent before the removal of the whole was on disk, so where the whole is found at start, its halves
//! are removed and the division begins again with the same result.
//!
//! ```text
//!  whole.sealed ──▶ + first.copy, second.copy ──▶ + first.sealed, second.sealed ──sync──▶ − whole ──sync──▶ (may be sent)
//! ```

use std::collections::HashSet;
use std::io;

use super::name::{Facts, Name, Range, State};
use super::record::{self, FORMAT_VERSION, Header, Record, Records};
use super::recovery::COPY;
use super::{Journal, Segment, done_before};

/// What a division left.
pub struct Division {
    /// The halves, the older one first. Of a segment whose rows are damaged, perhaps one or none.
    pub parts: Vec<Segment>,
    /// Rows of the whole that could not be read.
    pub lost_rows: u64,
}

impl Name {
    /// The identities of the halves this segment would be divided into.
    #[must_use]
    pub fn halves(&self) -> [u128; 2] {
        ["first half", "second half"].map(|half| {
            let mut hasher = blake3::Hasher::new_derive_key("sanaq journal: identity of a half of a segment");
            hasher.update(&self.identity.to_le_bytes());
            hasher.update(half.as_bytes());
            let mut identity = [0; 16];
            hasher.finalize_xof().fill(&mut identity);
            u128::from_le_bytes(identity)
        })
    }
}

impl Journal {
    /// Replaces a sealed segment by two of half its rows. Reads and writes files, and blocks for directory syncs.
    ///
    /// # Errors
    /// When that could not be done. Then the segment must not be sent again before a repetition of this succeeded, or the
    /// process ended: a half may be on disk.
    pub fn divide(&self, segment: &Segment) -> io::Result<Division> {
        let halves = segment.name.halves();
        let mut parts = self.halves_of(halves);
        if parts.is_empty() {
            parts = self.write_halves(segment, halves)?;
            self.disk.sync_names()?;
            let mut state = self.shared.state();
            parts.iter().rev().for_each(|part| state.add_oldest_sealed(part.clone()));
        }
        // Both are held by the journal for a moment: no day may be called retired in between.
        self.delivered(segment)?;
        let kept: u64 = parts.iter().map(|part| part.rows).sum();
        Ok(Division { parts, lost_rows: segment.rows.saturating_sub(kept) })
    }

    /// The halves that an earlier try has written.
    fn halves_of(&self, halves: [u128; 2]) -> Vec<Segment> {
        let state = self.shared.state();
        let segment =
            |identity| state.sealed.iter().find(|segment| segment.name.identity == identity).cloned();
        halves.into_iter().filter_map(segment).collect()
    }

    fn write_halves(&self, segment: &Segment, halves: [u128; 2]) -> io::Result<Vec<Segment>> {
        let limit = segment.name.state.range().map_or(u64::MAX, |range| range.bytes);
        let bytes = match self.disk.read(&segment.name.to_string(), limit) {
            // Removed by an earlier try whose sync failed, as nothing in it was readable.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let collector = Header::read(&bytes).map_or(0, |header| header.collector);
        let sealed_days = self.shared.state().sealed_days.clone();
        let records: Vec<Record<'_>> =
            Records::of(&bytes, segment.name.identity, segment.name.first_sequence)
                .filter(|record| !sealed_days.contains(record.closes_at))
                .collect();
        let (first, second) = records.split_at(records.len() / 2);
        let mut parts = Vec::with_capacity(2);
        for (identity, records) in halves.into_iter().zip([first, second]) {
            let (Some(oldest), Some(first_closes_at)) =
                (records.first(), records.iter().map(|record| record.closes_at).min())
            else {
                continue;
            };
            let first_sequence = oldest.sequence;
            let mut copy = Vec::with_capacity(bytes.len() / 2);
            Header { version: FORMAT_VERSION, collector, identity, first_sequence }.encode(&mut copy);
            for (place, record) in (0..).zip(records) {
                record::encode(&mut copy, identity, place, record.closes_at, record.row(), record.sequence);
            }
            let facts = Some(Facts { first_closes_at, lost_rows: 0 });
            let range = Range { rows: records.len() as u64, bytes: copy.len() as u64, facts };
            let name = Name { first_sequence, identity, state: State::Sealed(range) };
            self.write_half(&name, &copy)?;
            parts.push(Segment {
                name,
                rows: range.rows,
                bytes: range.bytes,
                first_closes_at,
                lost_rows: 0,
                since: segment.since,
            });
        }
        Ok(parts)
    }

    fn write_half(&self, name: &Name, bytes: &[u8]) -> io::Result<()> {
        let (name, copy) = (name.to_string(), format!("{name}{COPY}"));
        // Left by an earlier try that failed further on.
        for left in [&copy, &name] {
            done_before(self.disk.remove(left))?;
        }
        let written = self.disk.create(&copy).and_then(|mut file| {
            file.append(bytes)?;
            file.sync()
        });
        written.and_then(|()| self.disk.rename(&copy, &name)).inspect_err(|_| {
            // It takes up space, perhaps the last there was; should this fail too, the next start removes it.
            let _left_behind = self.disk.remove(&copy);
        })
    }
}

/// Takes the halves of divisions that were cut off out of `names`.
pub(super) fn take_unfinished(names: &mut Vec<Name>) -> Vec<Name> {
    let wholes = names.iter().filter(|name| matches!(name.state, State::Sealed(_)));
    let halves: HashSet<u128> = wholes.flat_map(Name::halves).collect();
    names.extract_if(.., |name| halves.contains(&name.identity)).collect()
}
