//! What an error of ClickHouse means for a batch: the one place that reads its code. The code stands only in the text of
//! the error, and that text may echo rows: nothing but the class leaves this file.
//!
//! Codes: <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>

use clickhouse::error::Error;

/// What to do about an error, and how to call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// ClickHouse was not reached, or the connection broke.
    Network,
    /// No answer in time.
    TimedOut,
    /// Too much at once: queries, parts, memory, disk.
    Overloaded,
    /// The table or the server is read-only for now.
    ReadOnly,
    /// A lock or a coordinator was not to be had.
    Locked,
    /// Table, database or column is missing or different: a migration is due.
    Schema,
    /// User, password or grant is wrong.
    Rights,
    /// The rows themselves are refused.
    Poison,
    /// A code not known here, or an answer without one.
    Unknown,
    /// Not ClickHouse: the segment could not be read or removed.
    Journal,
}

impl ErrorClass {
    /// Every class, so that a counter can start at 0 for each.
    pub const ALL: &'static [Self] = &[
        Self::Network,
        Self::TimedOut,
        Self::Overloaded,
        Self::ReadOnly,
        Self::Locked,
        Self::Schema,
        Self::Rights,
        Self::Poison,
        Self::Unknown,
        Self::Journal,
    ];

    /// The `class` label, and the code in logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Network => "clickhouse_unreachable",
            Self::TimedOut => "clickhouse_timed_out",
            Self::Overloaded => "clickhouse_overloaded",
            Self::ReadOnly => "clickhouse_read_only",
            Self::Locked => "clickhouse_locked",
            Self::Schema => "clickhouse_schema",
            Self::Rights => "clickhouse_rights",
            Self::Poison => "clickhouse_poison",
            Self::Unknown => "clickhouse_unknown",
            Self::Journal => "journal_unreadable",
        }
    }

    /// The class of an error of the client.
    #[must_use]
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the client's error type may grow; what is new is unknown"
    )]
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Network(_) | Error::Other(_) => Self::Network,
            Error::TimedOut => Self::TimedOut,
            Error::BadResponse(text) => code_in(text).map_or(Self::Unknown, Self::of_code),
            _ => Self::Unknown,
        }
    }

    /// The class of an error code of the server.
    #[must_use]
    pub const fn of_code(code: u32) -> Self {
        match code {
            // SOCKET_TIMEOUT, NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED, ABORTED
            209 | 210 | 236 | 279 => Self::Network,
            // TIMEOUT_EXCEEDED, TOO_SLOW
            159 | 160 => Self::TimedOut,
            // QUOTA_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES, MEMORY_LIMIT_EXCEEDED, NOT_ENOUGH_SPACE, TOO_MANY_PARTS,
            // QUERY_WAS_CANCELLED, CANNOT_ALLOCATE_MEMORY, CANNOT_SCHEDULE_TASK
            201 | 202 | 241 | 243 | 252 | 394 | 173 | 439 => Self::Overloaded,
            // READONLY, TABLE_IS_READ_ONLY
            164 | 242 => Self::ReadOnly,
            // NO_ZOOKEEPER, TOO_FEW_LIVE_REPLICAS, UNKNOWN_STATUS_OF_INSERT, UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE,
            // DEADLOCK_AVOIDED, TABLE_IS_DROPPED, KEEPER_EXCEPTION
            225 | 285 | 286 | 319 | 473 | 218 | 999 => Self::Locked,
            // NO_SUCH_COLUMN_IN_TABLE, UNKNOWN_TABLE, UNKNOWN_DATABASE, UNKNOWN_SETTING, THERE_IS_NO_COLUMN,
            // NUMBER_OF_COLUMNS_DOESNT_MATCH
            16 | 60 | 81 | 115 | 8 | 7 => Self::Schema,
            // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, IP_ADDRESS_NOT_ALLOWED, ACCESS_DENIED, AUTHENTICATION_FAILED
            192 | 193 | 194 | 195 | 497 | 516 => Self::Rights,
            // CANNOT_PARSE_TEXT, CANNOT_PARSE_INPUT_ASSERTION_FAILED, ATTEMPT_TO_READ_AFTER_EOF, CANNOT_READ_ALL_DATA,
            // CANNOT_PARSE_DATE, TYPE_MISMATCH, ARGUMENT_OUT_OF_BOUND, CANNOT_CONVERT_TYPE, INCORRECT_DATA,
            // TOO_LARGE_ARRAY_SIZE, TOO_LARGE_STRING_SIZE, VIOLATED_CONSTRAINT, UNKNOWN_ELEMENT_OF_ENUM,
            // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
            6 | 27 | 32 | 33 | 38 | 53 | 69 | 70 | 117 | 128 | 131 | 321 | 395 | 469 | 691 => Self::Poison,
            _ => Self::Unknown,
        }
    }
}

/// The number in `Code: 252. DB::Exception: …`.
fn code_in(text: &str) -> Option<u32> {
    let (_, behind) = text.split_once("Code: ")?;
    let digits = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
    behind[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn bad(text: &str) -> ErrorClass {
        ErrorClass::of(&Error::BadResponse(text.into()))
    }

    #[test]
    fn the_code_alone_decides() {
        assert_eq!(bad("Code: 252. DB::Exception: Too many parts (Code: 33)"), ErrorClass::Overloaded);
        assert_eq!(bad("Code: 33"), ErrorClass::Poison);
        assert_eq!(bad("Code: 60. DB::Exception: Table x doesn't exist"), ErrorClass::Schema);
        assert_eq!(bad("502 Bad Gateway"), ErrorClass::Unknown);
        assert_eq!(bad("Code: 4294967296."), ErrorClass::Unknown);
        assert_eq!(ErrorClass::of(&Error::TimedOut), ErrorClass::TimedOut);
    }

    #[test]
    fn every_class_has_its_own_code() {
        let codes: HashSet<_> = ErrorClass::ALL.iter().map(|class| class.code()).collect();
        assert_eq!(codes.len(), ErrorClass::ALL.len());
    }
}
