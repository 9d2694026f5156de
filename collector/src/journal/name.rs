//! The name of a segment carries what must be known of it even when not a byte of its content is readable: the number
//! of its first row, its identity, and, once it is sealed, the range that is its batch. A rename is atomic, so a batch's
//! range is on disk whole or not at all.

use std::fmt;
use std::str::FromStr;

/// Which rows of a segment are its batch: all it had when it was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Rows, from the segment's first.
    pub rows: u64,
    /// Bytes, from the start of the file. What stands behind them was never acknowledged.
    pub bytes: u64,
}

/// What may be done with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Rows may still be appended; nothing of it was ever sent.
    Open,
    /// No row is appended any more; it is, or was, being sent.
    Sealed(Range),
    /// ClickHouse refuses it for what it holds. An operator decides, until its first day has closed.
    Parked(Range),
}

/// The name of a segment's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// Sequence number of its first row.
    pub first_sequence: u64,
    /// Random, never used twice: the deduplication token of its batch.
    pub identity: u128,
    /// What may be done with it.
    pub state: State,
}

impl Name {
    /// The token under which the batch is inserted, in every try.
    #[must_use]
    pub fn token(&self) -> String {
        format!("{:032x}", self.identity)
    }

    pub(super) fn with(self, state: State) -> Self {
        Self { state, ..self }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}-{:032x}", self.first_sequence, self.identity)?;
        match self.state {
            State::Open => f.write_str(".open"),
            State::Sealed(Range { rows, bytes }) => write!(f, ".{rows}.{bytes}.sealed"),
            State::Parked(Range { rows, bytes }) => write!(f, ".{rows}.{bytes}.parked"),
        }
    }
}

/// A file that is no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASegment;

impl FromStr for Name {
    type Err = NotASegment;

    fn from_str(text: &str) -> Result<Self, NotASegment> {
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(NotASegment);
        let (first, identity) = part()?.split_once('-').ok_or(NotASegment)?;
        let first_sequence = first.parse().map_err(|_| NotASegment)?;
        let identity = u128::from_str_radix(identity, 16).map_err(|_| NotASegment)?;
        let state = match part()? {
            "open" => State::Open,
            rows => {
                let rows = rows.parse().map_err(|_| NotASegment)?;
                let range = Range { rows, bytes: part()?.parse().map_err(|_| NotASegment)? };
                match part()? {
                    "sealed" => State::Sealed(range),
                    "parked" => State::Parked(range),
                    _ => return Err(NotASegment),
                }
            }
        };
        let name = Self { first_sequence, identity, state };
        // Only what we would write ourselves: no second spelling of a name.
        if name.to_string() == text { Ok(name) } else { Err(NotASegment) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_as_it_was_written() {
        let range = Range { rows: 12, bytes: 4_096 };
        for state in [State::Open, State::Sealed(range), State::Parked(range)] {
            let name = Name { first_sequence: 7, identity: 0xABC, state };
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn names_sort_by_sequence() {
        let name = |first_sequence| Name { first_sequence, identity: 1, state: State::Open }.to_string();
        assert!(name(9) < name(10) && name(10) < name(u64::MAX));
    }

    #[test]
    fn other_files_are_no_segments() {
        for text in
            ["lock", "", ".", "1-2.open", "00000000000000000001-0000000000000000000000000000000a.1.sealed"]
        {
            assert_eq!(text.parse::<Name>(), Err(NotASegment), "{text}");
        }
    }
}
