//! The check at start: what exactly-once delivery and privacy depend on is looked up, not assumed.

mod views;

use std::collections::HashMap;

use clickhouse::Row;
use events::row::COLUMNS;
use serde::Deserialize;
use serve::access::ClickHouseAccess;

use super::SchemaError;
use crate::store::Store;

/// A batch sent again under its token is recognised for this many batches. More than a collector can have undecided: it has
/// as many on their way as it may send at once, and one that is refused is divided at most 512 times.
const LEAST_WINDOW: u64 = 10_000;

/// Settings of `events`, each with the least it must be.
const EVENTS_SETTINGS: &[(&str, u64)] = &[
    ("non_replicated_deduplication_window", LEAST_WINDOW),
    // The collector deletes a journal segment when its INSERT returns.
    ("fsync_after_insert", 1),
    ("fsync_part_directory", 1),
    ("min_rows_to_fsync_after_merge", 1),
    // A part is either within the backstop or gone as a whole.
    ("ttl_only_drop_parts", 1),
];

/// Tables whose source is dropped once they are written.
const DURABLE: &[&str] = &["visits", "hits", "stats_daily", "stats_hourly", "sealed_days", "drops"];

/// Query settings that the collector and the seal send explicitly: the server must know them.
const QUERY_SETTINGS: &[&str] = &[
    "async_insert",
    "deduplicate_blocks_in_dependent_materialized_views",
    "insert_deduplicate",
    "insert_deduplication_token",
    "input_format_parallel_parsing",
    "log_comment",
    "materialized_views_ignore_errors",
    "max_execution_time",
    "max_insert_block_size",
    "max_insert_threads",
    "max_partitions_per_insert_block",
    "min_insert_block_size_bytes",
    "min_insert_block_size_rows",
    "mutations_sync",
    "throw_on_max_partitions_per_insert_block",
];

#[derive(Row, Deserialize)]
struct Column {
    name: String,
    kind: String,
}

#[derive(Row, Deserialize)]
struct Table {
    name: String,
    engine: String,
    engine_full: String,
    partition_key: String,
    sorting_key: String,
}

/// Asserts that `events` is what the collector encodes, and that every setting the exactly-once path and the seal need is on.
///
/// # Errors
/// With the first thing that is not as it must be.
pub async fn check(access: &ClickHouseAccess) -> Result<(), SchemaError> {
    let store = Store::new(access);
    columns(&store).await?;
    tables(&store).await?;
    views::check(&store).await?;
    query_settings(&store).await
}

async fn columns(store: &Store) -> Result<(), SchemaError> {
    let sql = "SELECT name, type AS kind FROM system.columns
        WHERE database = currentDatabase() AND table = 'events' ORDER BY position";
    let found: Vec<Column> = store.statement("check_columns", sql).all().await?;
    let same = found.len() == COLUMNS.len()
        && found
            .iter()
            .zip(COLUMNS)
            .all(|(column, (name, kind))| column.name == *name && column.kind == *kind);
    if same {
        return Ok(());
    }
    let first = COLUMNS
        .iter()
        .enumerate()
        .find(|(at, (name, kind))| !found.get(*at).is_some_and(|c| c.name == *name && c.kind == *kind));
    let name = first.map_or("a column too many", |(_, (name, _))| name);
    Err(SchemaError::Wrong(format!("events differs from the row the collector sends: {name}")))
}

async fn tables(store: &Store) -> Result<(), SchemaError> {
    let sql = "SELECT name, engine, engine_full, partition_key, sorting_key FROM system.tables
        WHERE database = currentDatabase()";
    let found: Vec<Table> = store.statement("check_tables", sql).all().await?;
    let found: HashMap<&str, &Table> = found.iter().map(|table| (table.name.as_str(), table)).collect();
    let table = |name: &str| {
        let table = found.get(name).copied().filter(|table| table.engine.ends_with("MergeTree"));
        table.ok_or_else(|| SchemaError::Wrong(format!("there is no table {name} of the MergeTree family")))
    };
    let events = table("events")?;
    if events.partition_key != "closes_at" {
        return Err(SchemaError::Wrong("events is not partitioned by closes_at".into()));
    }
    if events.sorting_key != "site, tag, time, collector, sequence" {
        return Err(SchemaError::Wrong(
            "events is not ordered by site, tag, time, collector, sequence".into(),
        ));
    }
    for (setting, least) in EVENTS_SETTINGS {
        at_least(events, setting, *least)?;
    }
    // Delivered as events are.
    at_least(table("drops")?, "non_replicated_deduplication_window", LEAST_WINDOW)?;
    for name in DURABLE {
        let table = table(name)?;
        at_least(table, "fsync_after_insert", 1)?;
        at_least(table, "fsync_part_directory", 1)?;
    }
    Ok(())
}

fn at_least(table: &Table, setting: &str, least: u64) -> Result<(), SchemaError> {
    match setting_of(&table.engine_full, setting) {
        Some(value) if value >= least => Ok(()),
        found => Err(SchemaError::Wrong(format!(
            "{}: setting {setting} is {}, and must be at least {least}",
            table.name,
            found.map_or("not set".to_owned(), |value| value.to_string()),
        ))),
    }
}

/// The value of a setting in `… SETTINGS a = 1, b = 2`.
fn setting_of(engine_full: &str, setting: &str) -> Option<u64> {
    let (_, settings) = engine_full.split_once(" SETTINGS ")?;
    settings.split(", ").find_map(|pair| {
        let (name, value) = pair.split_once(" = ")?;
        if name == setting { value.trim_matches('\'').parse().ok() } else { None }
    })
}

async fn query_settings(store: &Store) -> Result<(), SchemaError> {
    let sql = "SELECT name FROM system.settings WHERE name IN {names:Array(String)} AND NOT readonly";
    let found: Vec<String> =
        store.statement("check_settings", sql).param("names", QUERY_SETTINGS).all().await?;
    match QUERY_SETTINGS.iter().find(|name| !found.iter().any(|found| found == *name)) {
        None => Ok(()),
        Some(missing) => Err(SchemaError::Wrong(format!("this server does not let {missing} be set"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_by_its_whole_name() {
        let engine = "MergeTree ORDER BY x SETTINGS fsync_after_insert = 1, index_granularity = 8192";
        assert_eq!(setting_of(engine, "fsync_after_insert"), Some(1));
        assert_eq!(setting_of(engine, "index_granularity"), Some(8192));
        assert_eq!(setting_of(engine, "granularity"), None);
    }
}
