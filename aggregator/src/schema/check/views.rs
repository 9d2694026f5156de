//! Materialized views behind the tables that the collector fills: what a view writes must recognise a repetition too, or every
//! retry of a batch counts twice there. Sanaq has none of its own; an operator may add some.

use std::collections::HashMap;

use clickhouse::Row;
use serde::Deserialize;

use super::{LEAST_WINDOW, setting_of};
use crate::schema::SchemaError;
use crate::store::Store;

/// Tables that the collector fills.
const FILLED: &[&str] = &["events", "drops"];

#[derive(Row, Deserialize)]
struct Table {
    name: String,
    uuid: String,
    engine: String,
    engine_full: String,
    create_table_query: String,
    /// Views that read what is inserted here, with their databases.
    views: Vec<String>,
}

/// Asserts that every table that views behind the filled ones write to deduplicates, however many views stand in between.
pub(super) async fn check(store: &Store) -> Result<(), SchemaError> {
    let sql = "SELECT concat(database, '.', name) AS name, toString(uuid) AS uuid, engine, engine_full, create_table_query,
            arrayMap((database, view) -> concat(database, '.', view), dependencies_database, dependencies_table) AS views
        FROM system.tables WHERE NOT is_temporary";
    let found: Vec<Table> = store.statement("check_views", sql).all().await?;
    let found: HashMap<&str, &Table> = found.iter().map(|table| (table.name.as_str(), table)).collect();
    let mut to_look_at: Vec<String> =
        FILLED.iter().map(|table| format!("{}.{table}", store.database())).collect();
    // A view can't read what it writes, so this ends; a table that is met again costs one more look.
    while let Some(name) = to_look_at.pop() {
        let Some(table) = found.get(name.as_str()) else { continue };
        for view in table.views.iter().filter_map(|view| found.get(view.as_str())) {
            if view.engine != "MaterializedView" {
                continue;
            }
            let target = target_of(view);
            match found.get(target.as_str()) {
                Some(table) if recognises_repetitions(table) => to_look_at.push(target),
                Some(_) => {
                    return Err(wrong(&view.name, &target, "does not recognise a batch that is sent again"));
                }
                None => return Err(wrong(&view.name, &target, "is not there")),
            }
        }
    }
    Ok(())
}

fn wrong(view: &str, target: &str, what: &str) -> SchemaError {
    SchemaError::Wrong(format!(
        "the view {view} writes to {target}, which {what}: set non_replicated_deduplication_window to {LEAST_WINDOW} there"
    ))
}

/// The table a view writes to, with its database.
fn target_of(view: &Table) -> String {
    let (database, name) = view.name.split_once('.').unwrap_or(("", &view.name));
    let head = view.create_table_query.split(" AS ").next().unwrap_or_default();
    match head.split_once(" TO ") {
        Some((_, behind)) => behind.split([' ', '(']).next().unwrap_or_default().replace('`', ""),
        None if view.uuid.starts_with("00000000-0000-0000-0000") => format!("{database}..inner.{name}"),
        None => format!("{database}..inner_id.{}", view.uuid),
    }
}

/// Whether an INSERT that comes again under its token has no second effect on a table.
fn recognises_repetitions(table: &Table) -> bool {
    let setting = |name| setting_of(&table.engine_full, name);
    match table.engine.as_str() {
        // Keeps nothing, but may have views of its own.
        "Null" => true,
        engine if !engine.ends_with("MergeTree") => false,
        engine if engine.starts_with("Replicated") || engine.starts_with("Shared") => {
            setting("replicated_deduplication_window").is_none_or(|window| window >= LEAST_WINDOW)
        }
        _ => setting("non_replicated_deduplication_window").is_some_and(|window| window >= LEAST_WINDOW),
    }
}
