//! What an error of ClickHouse means for a batch: the one place that reads its code. The code stands only in the text of
//! the error, and that text may echo rows: nothing but the class leaves this file.
//!
//! | what comes back | what is done |
//! |---|---|
//! | a code of [`CODES`] whose class is not [`ErrorClass::Poison`] | the same batch again, for ever |
//! | a code of the class poison | the batch is divided until the rows that are refused stand alone; those are parked |
//! | a code that is not listed | the same batch again for some minutes; then as poison, because one batch must not hold up a day for ever |
//! | an answer without a code: a proxy's, or none | the same batch again, for ever |
//!
//! Codes and names: <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>; a test compares them with the
//! engine's own.

use clickhouse::error::Error;

/// What to do about an error, and how to call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// ClickHouse was not reached, the connection broke, or something between answered in its place.
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
    /// A code that is not listed here.
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
        reason = "the client's error type may grow; only an answer of the server can say that a batch is bad"
    )]
    pub fn of(error: &Error) -> Self {
        match error {
            Error::TimedOut => Self::TimedOut,
            // Without a code it is no answer of ClickHouse, but of a proxy that has none.
            Error::BadResponse(text) => code_in(text).map_or(Self::Network, Self::of_code),
            _ => Self::Network,
        }
    }

    /// The class of an error code of the server.
    #[must_use]
    pub fn of_code(code: u32) -> Self {
        CODES.iter().find(|(known, ..)| *known == code).map_or(Self::Unknown, |(.., class)| *class)
    }

    /// Whether the statement may still be running on the server: nobody said that it ended.
    #[must_use]
    pub const fn may_still_run(self) -> bool {
        matches!(self, Self::Network | Self::TimedOut)
    }
}

/// Every code whose meaning for a batch is known: its number, its name in ClickHouse, its class.
pub const CODES: &[(u32, &str, ErrorClass)] = {
    use ErrorClass::{Locked, Network, Overloaded, Poison, ReadOnly, Rights, Schema, TimedOut};
    &[
        // Between servers of a cluster, or a body that broke off on its way.
        (3, "UNEXPECTED_END_OF_FILE", Network),
        (74, "CANNOT_READ_FROM_FILE_DESCRIPTOR", Network),
        (75, "CANNOT_WRITE_TO_FILE_DESCRIPTOR", Network),
        (95, "CANNOT_READ_FROM_SOCKET", Network),
        (96, "CANNOT_WRITE_TO_SOCKET", Network),
        (198, "DNS_ERROR", Network),
        (210, "NETWORK_ERROR", Network),
        (234, "NO_REPLICA_HAS_PART", Network),
        (236, "ABORTED", Network),
        (279, "ALL_CONNECTION_TRIES_FAILED", Network),
        (297, "SHARD_HAS_NO_CONNECTIONS", Network),
        (410, "EXTERNAL_SERVER_IS_NOT_RESPONDING", Network),
        (425, "SYSTEM_ERROR", Network),
        (499, "S3_ERROR", Network),
        (500, "AZURE_BLOB_STORAGE_ERROR", Network),
        // Time.
        (159, "TIMEOUT_EXCEEDED", TimedOut),
        (160, "TOO_SLOW", TimedOut),
        (209, "SOCKET_TIMEOUT", TimedOut),
        // Too much at once.
        (173, "CANNOT_ALLOCATE_MEMORY", Overloaded),
        (201, "QUOTA_EXCEEDED", Overloaded),
        (202, "TOO_MANY_SIMULTANEOUS_QUERIES", Overloaded),
        (203, "NO_FREE_CONNECTION", Overloaded),
        (241, "MEMORY_LIMIT_EXCEEDED", Overloaded),
        (243, "NOT_ENOUGH_SPACE", Overloaded),
        (252, "TOO_MANY_PARTS", Overloaded),
        (290, "LIMIT_EXCEEDED", Overloaded),
        (364, "RECEIVED_ERROR_TOO_MANY_REQUESTS", Overloaded),
        (394, "QUERY_WAS_CANCELLED", Overloaded),
        (439, "CANNOT_SCHEDULE_TASK", Overloaded),
        (574, "DISTRIBUTED_TOO_MANY_PENDING_BYTES", Overloaded),
        (692, "TOO_MANY_MUTATIONS", Overloaded),
        (700, "USER_SESSION_LIMIT_EXCEEDED", Overloaded),
        (745, "SERVER_OVERLOADED", Overloaded),
        (749, "TCP_CONNECTION_LIMIT_REACHED", Overloaded),
        (762, "HTTP_CONNECTION_LIMIT_REACHED", Overloaded),
        (776, "RESOURCE_LIMIT_EXCEEDED", Overloaded),
        (777, "MEMORY_RESERVATION_KILLED", Overloaded),
        (778, "MEMORY_RESERVATION_FAILED", Overloaded),
        // Not to be written for now.
        (164, "READONLY", ReadOnly),
        (242, "TABLE_IS_READ_ONLY", ReadOnly),
        (774, "TABLE_IS_PERMANENTLY_READ_ONLY", ReadOnly),
        // Locks, coordination, a table that is being changed.
        (218, "TABLE_IS_DROPPED", Locked),
        (225, "NO_ZOOKEEPER", Locked),
        (244, "UNEXPECTED_ZOOKEEPER_ERROR", Locked),
        (254, "NO_ACTIVE_REPLICAS", Locked),
        (265, "NO_AVAILABLE_REPLICA", Locked),
        (285, "TOO_FEW_LIVE_REPLICAS", Locked),
        (286, "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE", Locked),
        (319, "UNKNOWN_STATUS_OF_INSERT", Locked),
        (369, "ALL_REPLICAS_ARE_STALE", Locked),
        (373, "SESSION_IS_LOCKED", Locked),
        (384, "PART_IS_TEMPORARILY_LOCKED", Locked),
        (415, "ALL_REPLICAS_LOST", Locked),
        (416, "REPLICA_STATUS_CHANGED", Locked),
        (473, "DEADLOCK_AVOIDED", Locked),
        (517, "CANNOT_ASSIGN_ALTER", Locked),
        (738, "PART_IS_LOCKED", Locked),
        (904, "TOO_MANY_UNAVAILABLE_SHARDS", Locked),
        (999, "KEEPER_EXCEPTION", Locked),
        // A migration is due, or under way.
        (7, "INCORRECT_NUMBER_OF_COLUMNS", Schema),
        (8, "THERE_IS_NO_COLUMN", Schema),
        (10, "NOT_FOUND_COLUMN_IN_BLOCK", Schema),
        (16, "NO_SUCH_COLUMN_IN_TABLE", Schema),
        (20, "NUMBER_OF_COLUMNS_DOESNT_MATCH", Schema),
        (47, "UNKNOWN_IDENTIFIER", Schema),
        (60, "UNKNOWN_TABLE", Schema),
        (62, "SYNTAX_ERROR", Schema),
        (81, "UNKNOWN_DATABASE", Schema),
        (115, "UNKNOWN_SETTING", Schema),
        // Who we are, and what we may do.
        (192, "UNKNOWN_USER", Rights),
        (193, "WRONG_PASSWORD", Rights),
        (194, "REQUIRED_PASSWORD", Rights),
        (195, "IP_ADDRESS_NOT_ALLOWED", Rights),
        (291, "DATABASE_ACCESS_DENIED", Rights),
        (452, "SETTING_CONSTRAINT_VIOLATION", Rights),
        (497, "ACCESS_DENIED", Rights),
        (516, "AUTHENTICATION_FAILED", Rights),
        // The rows themselves.
        (6, "CANNOT_PARSE_TEXT", Poison),
        (26, "CANNOT_PARSE_QUOTED_STRING", Poison),
        (27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED", Poison),
        (32, "ATTEMPT_TO_READ_AFTER_EOF", Poison),
        (33, "CANNOT_READ_ALL_DATA", Poison),
        (38, "CANNOT_PARSE_DATE", Poison),
        (41, "CANNOT_PARSE_DATETIME", Poison),
        (53, "TYPE_MISMATCH", Poison),
        (69, "ARGUMENT_OUT_OF_BOUND", Poison),
        (70, "CANNOT_CONVERT_TYPE", Poison),
        (72, "CANNOT_PARSE_NUMBER", Poison),
        (117, "INCORRECT_DATA", Poison),
        (128, "TOO_LARGE_ARRAY_SIZE", Poison),
        (131, "TOO_LARGE_STRING_SIZE", Poison),
        (153, "ILLEGAL_DIVISION", Poison),
        (321, "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE", Poison),
        (349, "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN", Poison),
        (395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", Poison),
        (407, "DECIMAL_OVERFLOW", Poison),
        (469, "VIOLATED_CONSTRAINT", Poison),
        (691, "UNKNOWN_ELEMENT_OF_ENUM", Poison),
    ]
};

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
        assert_eq!(bad("Code: 4242. DB::Exception: ?"), ErrorClass::Unknown);
        assert_eq!(ErrorClass::of(&Error::TimedOut), ErrorClass::TimedOut);
    }

    #[test]
    fn what_is_no_answer_of_clickhouse_says_nothing_of_the_batch() {
        for text in ["502 Bad Gateway", "413 Request Entity Too Large", "", "Code: ", "Code: 4294967296."] {
            assert_eq!(bad(text), ErrorClass::Network, "{text}");
        }
        assert_eq!(ErrorClass::of(&Error::NotEnoughData), ErrorClass::Network);
    }

    #[test]
    fn no_code_is_listed_twice_and_every_kind_of_trouble_is_listed() {
        let codes: HashSet<_> = CODES.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes.len(), CODES.len());
        let listed: HashSet<_> = CODES.iter().map(|(.., class)| *class).collect();
        assert_eq!(listed.len(), ErrorClass::ALL.len() - 2, "all but unknown and journal");
    }

    #[test]
    fn every_class_has_its_own_code() {
        let codes: HashSet<_> = ErrorClass::ALL.iter().map(|class| class.code()).collect();
        assert_eq!(codes.len(), ErrorClass::ALL.len());
    }
}
