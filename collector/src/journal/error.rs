//! Why the journal does not do what it was asked to.

use std::io;

use super::record;

/// Why a row was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The cap is reached.
    #[error("the journal is full")]
    Full,
    /// The disk refused it: full, failing or read-only.
    #[error("the journal can't be written")]
    Unwritable,
    /// The row's day is closed and retired.
    #[error("the row's day is closed")]
    DayClosed,
    /// The row is longer than [`record::MAX_ROW_BYTES`].
    #[error("the row is too long")]
    TooLong,
    /// The journal is closing.
    #[error("the journal is closing")]
    Closing,
}

impl JournalError {
    /// Stable code for logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full => "journal_full",
            Self::Unwritable => "journal_unwritable",
            Self::DayClosed => "journal_day_closed",
            Self::TooLong => "journal_row_too_long",
            Self::Closing => "journal_closing",
        }
    }
}

/// Why the journal can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory can't be used.
    #[error("the directory can't be used: {0}")]
    Io(#[from] io::Error),
    /// Another process has it open.
    #[error("another process uses it")]
    Taken,
    /// A segment was written by a version of Sanaq whose format this one doesn't read.
    #[error(
        "segment {name} has format {found}; this version reads format {}. Let the version that wrote it deliver it first",
        record::FORMAT_VERSION
    )]
    OtherFormat {
        /// Its file's name.
        name: String,
        /// The version its header names.
        found: u32,
    },
}
