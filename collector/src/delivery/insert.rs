//! One INSERT into `events` or `drops`, with every setting that exactly-once rests on set explicitly: defaults differ between versions.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use clickhouse::Client;
use serve::access::ClickHouseAccess;

use super::verdict::ErrorClass;
use crate::journal::Batch;

/// A batch is handed over in pieces of this size.
const PIECE_BYTES: usize = 1 << 20;

/// Settings of every INSERT, besides the token and the time-out.
pub const SETTINGS: &[(&str, &str)] = &[
    // The token decides what is a repetition, and it is only looked at when this is on.
    ("insert_deduplicate", "1"),
    ("deduplicate_blocks_in_dependent_materialized_views", "1"),
    // A view that fails fails the INSERT; a repetition under the same token makes good what it missed.
    ("materialized_views_ignore_errors", "0"),
    // A server-side queue would answer before the rows are in a part.
    ("async_insert", "0"),
    // The answer comes after the last materialised view.
    ("wait_end_of_query", "1"),
    // One block per partition, so that one token is one part per partition: far above any batch.
    ("max_insert_block_size", "1048449"),
    ("min_insert_block_size_rows", "1048449"),
    ("min_insert_block_size_bytes", "268402944"),
    ("max_insert_threads", "1"),
    ("input_format_parallel_parsing", "0"),
    // A segment holds fewer days than that; what is above is an error, not half a batch.
    ("max_partitions_per_insert_block", "100"),
    ("throw_on_max_partitions_per_insert_block", "1"),
    ("log_comment", "collector/deliver"),
];

/// How many rows of a range of a collector's sequence numbers are there.
const PRESENCE: &str = "SELECT count() FROM events
    WHERE collector = {collector:UInt16} AND sequence BETWEEN {first:UInt64} AND {last:UInt64}";

/// Where batches go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Rows of open days.
    Events,
    /// Counts of what was dropped.
    Drops,
}

impl Table {
    fn sql(self) -> String {
        match self {
            Self::Events => sql("events", events::row::COLUMNS.iter().map(|(column, _)| *column)),
            Self::Drops => sql("drops", events::drops::COLUMNS.iter().copied()),
        }
    }
}

/// How much of a batch ClickHouse has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// No row.
    Absent,
    /// Some rows.
    Partial,
    /// Every row.
    Whole,
    /// It can't be known: the table doesn't keep what a row is known by, or we may not look.
    Untold,
}

/// Inserts batches.
pub struct Inserter {
    client: Client,
    table: Table,
    sql: String,
    send_timeout: Duration,
    end_timeout: Duration,
}

impl Inserter {
    /// Through this access, into this table.
    #[must_use]
    pub fn new(
        access: &ClickHouseAccess,
        table: Table,
        send_timeout: Duration,
        end_timeout: Duration,
    ) -> Self {
        let client = access.client().with_database(&access.database);
        Self { client, table, sql: table.sql(), send_timeout, end_timeout }
    }

    /// Whether ClickHouse answers this user at all.
    ///
    /// # Errors
    /// The class of what went wrong.
    pub async fn greet(&self) -> Result<(), ErrorClass> {
        let question = self.client.query("SELECT 1").fetch_one::<u8>();
        match tokio::time::timeout(self.send_timeout, question).await {
            Ok(answer) => answer.map(drop).map_err(|error| ErrorClass::of(&error)),
            Err(_elapsed) => Err(ErrorClass::TimedOut),
        }
    }

    /// How much of a batch is in ClickHouse. A statement that still runs is not seen.
    ///
    /// # Errors
    /// The class of what went wrong.
    pub async fn presence(&self, first_sequence: u64, batch: &Batch) -> Result<Presence, ErrorClass> {
        let (Table::Events, Some((collector, last))) = (self.table, who_and_number(&batch.rows)) else {
            return Ok(Presence::Untold);
        };
        let question = self
            .client
            .query(PRESENCE)
            .param("collector", collector)
            .param("first", first_sequence)
            .param("last", last)
            .fetch_one::<u64>();
        let answer = tokio::time::timeout(self.end_timeout, question).await;
        let answer = answer.map_err(|_elapsed| ErrorClass::TimedOut)?;
        match answer.map_err(|error| ErrorClass::of(&error)) {
            Ok(0) => Ok(Presence::Absent),
            Ok(found) if found >= batch.count => Ok(Presence::Whole),
            Ok(_) => Ok(Presence::Partial),
            Err(ErrorClass::Rights) => Ok(Presence::Untold),
            Err(class) => Err(class),
        }
    }

    /// Inserts one batch of RowBinary. `Ok` means that it is in ClickHouse, or was before.
    ///
    /// # Errors
    /// The class of what went wrong. The batch may be in ClickHouse all the same: repeat it under the same token.
    pub async fn insert(&self, token: &str, rows: Bytes) -> Result<(), ErrorClass> {
        let mut insert = self
            .client
            .insert_formatted_with(self.sql.as_str())
            .with_timeouts(Some(self.send_timeout), Some(self.end_timeout))
            .with_setting("insert_deduplication_token", token)
            // The server gives up when we do, so that no statement outlives its answer for long.
            .with_setting("max_execution_time", self.end_timeout.as_secs().max(1).to_string());
        for (name, value) in SETTINGS {
            insert = insert.with_setting(*name, *value);
        }
        let mut rest = rows;
        while !rest.is_empty() {
            let piece = rest.split_to(rest.len().min(PIECE_BYTES));
            insert.send(piece).await.map_err(|error| ErrorClass::of(&error))?;
        }
        insert.end().await.map_err(|error| ErrorClass::of(&error))
    }
}

/// Which collector took a row and its number there: the last two columns of an event.
fn who_and_number(rows: &[u8]) -> Option<(u16, u64)> {
    let (rest, number) = rows.split_last_chunk::<8>()?;
    let (_, who) = rest.split_last_chunk::<2>()?;
    Some((u16::from_le_bytes(*who), u64::from_le_bytes(*number)))
}

/// The statement: columns by name, so that a column the table has and we don't gets its default.
fn sql<'a>(table: &str, columns: impl Iterator<Item = &'a str>) -> String {
    let mut sql = format!("INSERT INTO {table} (");
    for (index, column) in columns.enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(sql, "{separator}`{column}`").expect("writing to a string");
    }
    sql.push_str(") FORMAT RowBinary");
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_names_every_column_once_and_binds_nothing() {
        let sql = Table::Events.sql();
        assert!(sql.starts_with("INSERT INTO events (`site`, `day`, `closes_at`, `tag`,"));
        assert!(sql.ends_with("`collector`, `sequence`) FORMAT RowBinary"));
        assert_eq!(sql.matches('`').count(), 2 * events::row::COLUMNS.len());
        // The client would take it for a placeholder.
        assert!(!sql.contains('?'));
        assert!(
            Table::Drops
                .sql()
                .starts_with("INSERT INTO drops (`site`, `day`, `closes_at`, `reason`, `count`, `sequence`)")
        );
    }

    #[test]
    fn an_event_ends_with_who_took_it_and_its_number() {
        let last: Vec<_> = events::row::COLUMNS.iter().rev().take(2).copied().collect();
        assert_eq!(last, [("sequence", "UInt64"), ("collector", "UInt16")]);
        let row = [b"\xff\xff".as_slice(), &7_u16.to_le_bytes(), &9_u64.to_le_bytes()].concat();
        assert_eq!(who_and_number(&row), Some((7, 9)));
        assert_eq!(who_and_number(&row[..9]), None);
    }
}
