//! The name of a segment carries what must be known of it even when not a byte of its content is readable: the number
//! of its first row, its identity, and, once it is sealed, the range that is its batch, the first day among its rows, and how
//! many of them are known to be lost. A rename is atomic, so all of that is on disk whole or not at all.

use std::fmt;
use std::str::FromStr;

/// Which rows of a segment are its batch: all it had when it was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Rows, from the segment's first.
    pub rows: u64,
    /// Bytes, from the start of the file. What stands behind them was never acknowledged.
    pub bytes: u64,
    /// What newer names say besides.
    pub facts: Option<Facts>,
}

/// What the name of a sealed segment says of its rows. Names of the first kind don't have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The first closing instant among its rows, Unix seconds.
    pub first_closes_at: i64,
    /// How many of its rows were found to be unreadable, and counted as lost.
    pub lost_rows: u64,
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
    /// Its intact rows are out of the way; what could not be read of it is set aside until its first day has closed.
    Damaged(Range),
}

impl State {
    /// The range of its batch, once it is fixed.
    #[must_use]
    pub const fn range(self) -> Option<Range> {
        match self {
            Self::Open => None,
            Self::Sealed(range) | Self::Parked(range) | Self::Damaged(range) => Some(range),
        }
    }

    /// The word it ends its file's name with.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Sealed(_) => "sealed",
            Self::Parked(_) => "parked",
            Self::Damaged(_) => "damaged",
        }
    }
}

impl Range {
    /// Its rows that are known to be lost.
    #[must_use]
    pub fn lost_rows(&self) -> u64 {
        self.facts.map_or(0, |facts| facts.lost_rows)
    }
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
        if let Some(Range { rows, bytes, facts }) = self.state.range() {
            write!(f, ".{rows}.{bytes}")?;
            if let Some(Facts { first_closes_at, lost_rows }) = facts {
                write!(f, ".{first_closes_at}.{lost_rows}")?;
            }
        }
        write!(f, ".{}", self.state.word())
    }
}

/// A file that is no segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASegment;

impl FromStr for Name {
    type Err = NotASegment;

    fn from_str(text: &str) -> Result<Self, NotASegment> {
        let (head, parts) = text.split_once('.').ok_or(NotASegment)?;
        let (first, identity) = head.split_once('-').ok_or(NotASegment)?;
        let first_sequence = first.parse().map_err(|_| NotASegment)?;
        let identity = u128::from_str_radix(identity, 16).map_err(|_| NotASegment)?;
        let parts: Vec<&str> = parts.split('.').collect();
        let number = |text: &str| text.parse::<u64>().map_err(|_| NotASegment);
        let state = match parts[..] {
            ["open"] => State::Open,
            [rows, bytes, ref facts @ .., word] => {
                let facts = match facts {
                    [] => None,
                    [closes, lost] => Some(Facts {
                        first_closes_at: closes.parse().map_err(|_| NotASegment)?,
                        lost_rows: number(lost)?,
                    }),
                    _ => return Err(NotASegment),
                };
                let range = Range { rows: number(rows)?, bytes: number(bytes)?, facts };
                match word {
                    "sealed" => State::Sealed(range),
                    "parked" => State::Parked(range),
                    "damaged" => State::Damaged(range),
                    _ => return Err(NotASegment),
                }
            }
            _ => return Err(NotASegment),
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
        for facts in [None, Some(Facts { first_closes_at: -86_400, lost_rows: 3 })] {
            let range = Range { rows: 12, bytes: 4_096, facts };
            for state in [State::Open, State::Sealed(range), State::Parked(range), State::Damaged(range)] {
                let name = Name { first_sequence: 7, identity: 0xABC, state };
                assert_eq!(name.to_string().parse(), Ok(name));
            }
        }
    }

    #[test]
    fn a_name_of_the_first_kind_is_still_read() {
        let text = "00000000000000000007-00000000000000000000000000000abc.12.4096.sealed";
        let range = Range { rows: 12, bytes: 4_096, facts: None };
        assert_eq!(
            text.parse(),
            Ok(Name { first_sequence: 7, identity: 0xABC, state: State::Sealed(range) })
        );
    }

    #[test]
    fn names_sort_by_sequence() {
        let name = |first_sequence| Name { first_sequence, identity: 1, state: State::Open }.to_string();
        assert!(name(9) < name(10) && name(10) < name(u64::MAX));
    }

    #[test]
    fn other_files_are_no_segments() {
        for text in [
            "lock",
            "",
            ".",
            "1-2.open",
            "00000000000000000001-0000000000000000000000000000000a.1.sealed",
            "00000000000000000001-0000000000000000000000000000000a.1.2.3.sealed",
            "00000000000000000001-0000000000000000000000000000000a.+1.2.sealed",
            "00000000000000000001-0000000000000000000000000000000a.open.copy",
        ] {
            assert_eq!(text.parse::<Name>(), Err(NotASegment), "{text}");
        }
    }
}
