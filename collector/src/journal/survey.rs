//! What the content of one segment says, and what is missing in it.

use super::SealedDays;
use super::name::{Name, State};
use super::record::{HEADER_BYTES, Records};

/// What a segment's content says.
pub(super) struct Survey {
    /// Intact rows of its range.
    pub(super) rows: u64,
    /// Those of sealed days among them.
    pub(super) closed_rows: u64,
    /// Where the last of them ends.
    pub(super) end: u64,
    /// The first closing instant among them.
    pub(super) first_closes_at: Option<i64>,
    pub(super) next_sequence: u64,
    /// Acknowledged rows that can't be read, and that the name doesn't tell of yet.
    pub(super) lost_rows: u64,
    /// Bytes that were written and never acknowledged. Zeros at the end of a file are space it was given, not writes.
    pub(super) torn_bytes: u64,
}

impl Survey {
    pub(super) fn of(name: &Name, bytes: &[u8], sealed_days: &SealedDays) -> Self {
        let range = name.state.range();
        let limit = range.map_or(bytes.len(), |range| {
            usize::try_from(range.bytes).map_or(bytes.len(), |limit| limit.min(bytes.len()))
        });
        let (mut rows, mut closed_rows, mut end) = (0, 0, HEADER_BYTES);
        let mut first_closes_at = None::<i64>;
        let mut next_sequence = name.first_sequence;
        let (mut group_start, mut missing_before) = (name.first_sequence, 0);
        let mut missing = 0;
        for record in Records::of(&bytes[..limit], name.identity, name.first_sequence) {
            let start = record.sequence.saturating_sub(u64::from(record.place));
            if start > group_start {
                // A new group: everything before it was synced, so what is missing there is lost.
                group_start = start;
                missing_before = missing + start.saturating_sub(next_sequence);
            }
            missing += record.sequence - next_sequence;
            next_sequence = record.sequence + 1;
            rows += 1;
            closed_rows += u64::from(sealed_days.contains(record.closes_at));
            end = record.end;
            first_closes_at =
                Some(first_closes_at.map_or(record.closes_at, |first| first.min(record.closes_at)));
        }
        let found = Self {
            rows,
            closed_rows,
            end: end as u64,
            first_closes_at,
            next_sequence,
            lost_rows: missing_before,
            torn_bytes: 0,
        };
        match (name.state, range) {
            (State::Open, _) | (_, None) => {
                let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                Self { torn_bytes: written.saturating_sub(end) as u64, ..found }
            }
            (_, Some(range)) => Self {
                // A segment that was damaged when it was sealed counts fewer rows than it has numbers.
                next_sequence: next_sequence.max(name.first_sequence.saturating_add(range.rows)),
                lost_rows: range.rows.saturating_sub(rows + range.lost_rows()),
                ..found
            },
        }
    }
}
