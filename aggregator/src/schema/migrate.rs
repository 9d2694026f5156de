//! Forward-only migrations.
//!
//! A migration is a file `migrations/NNNN_name.sql` of statements that end with `;` at the end of a line. Each is safe to
//! run twice, because the line in `schema_migrations` is written after all of them. The hash of the file as written is
//! kept with that line: an applied file that was changed is refused, and so is a database newer than this program.
//! `{engine}` and `{summing}` stand for table engines, so that a cluster can have its replicated one.

use std::collections::BTreeMap;
use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;
use serve::access::ClickHouseAccess;

use super::SchemaError;
use crate::lease::{Lease, Turn};
use crate::store::Store;

/// One file of migrations.
pub(super) struct Migration {
    pub(super) version: u32,
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

macro_rules! migrations {
    ($($version:literal = $name:literal,)+) => {
        pub(super) const MIGRATIONS: &[Migration] = &[$(Migration {
            version: $version,
            name: $name,
            text: include_str!(concat!("../../migrations/", $name, ".sql")),
        },)+];
    };
}

migrations! {
    1 = "0001_events",
    2 = "0002_sealed",
    3 = "0003_drops",
    4 = "0004_channel_region",
    6 = "0006_open_day",
    7 = "0007_detail",
}

/// One process at a time migrates.
const TURN: Turn = Turn { table: "schema_lease", stale: Duration::from_secs(45) };

/// A statement of a migration may take this long: it may write a table anew.
const PATIENCE: Duration = Duration::from_secs(1800);

/// What [`migrate`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Names of the migrations applied now, in order.
    pub now: Vec<String>,
    /// The newest migration applied.
    pub version: u32,
}

#[derive(Row, Deserialize)]
struct Line {
    version: u32,
    name: String,
    hash: String,
}

/// Creates the database if it is missing and applies the migrations it has not seen, one process at a time.
///
/// # Errors
/// When ClickHouse refuses, when an applied file was edited, when the database is newer than this program, or when
/// another process holds the lease for too long.
pub async fn migrate(access: &ClickHouseAccess) -> Result<Applied, SchemaError> {
    migrate_with(access, MIGRATIONS).await
}

async fn migrate_with(access: &ClickHouseAccess, known: &[Migration]) -> Result<Applied, SchemaError> {
    let store = Store::new(access).waiting(PATIENCE);
    create_database(access).await?;
    create_ledger(&store).await?;
    if pending(&store, known).await?.is_empty() {
        return Ok(Applied { now: Vec::new(), version: newest(known) });
    }
    let lease = Lease::wait(&store, TURN).await?;
    let applied = apply_all(&store, known, &lease).await;
    lease.release().await?;
    Ok(Applied { now: applied?, version: newest(known) })
}

async fn create_database(access: &ClickHouseAccess) -> Result<(), SchemaError> {
    let sql = format!("CREATE DATABASE IF NOT EXISTS {}", quoted(&access.database));
    Ok(Store::outside(access).statement("create_database", &sql).execute().await?)
}

async fn create_ledger(store: &Store) -> Result<(), SchemaError> {
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
            version UInt32 COMMENT 'Number of the migration',
            name String COMMENT 'Name of its file',
            hash FixedString(64) COMMENT 'BLAKE3 of the file as it was applied',
            applied_at DateTime('UTC') DEFAULT now() COMMENT 'When'
        ) ENGINE = {ENGINE} ORDER BY version SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
    );
    Ok(store.statement("create_schema_migrations", &sql).execute().await?)
}

/// What `{engine}` stands for on one machine.
const ENGINE: &str = "MergeTree";
/// What `{summing}` stands for on one machine.
const SUMMING: &str = "SummingMergeTree";

/// The migrations not applied yet, after everything applied has been compared with what is known.
async fn pending<'k>(store: &Store, known: &'k [Migration]) -> Result<Vec<&'k Migration>, SchemaError> {
    let sql = "SELECT version, any(name) AS name, any(toString(hash)) AS hash FROM schema_migrations GROUP BY version";
    let lines: Vec<Line> = store.statement("schema_migrations", sql).all().await?;
    let mut applied: BTreeMap<u32, Line> = lines.into_iter().map(|line| (line.version, line)).collect();
    let mut pending = Vec::new();
    for migration in known {
        match applied.remove(&migration.version) {
            None => pending.push(migration),
            Some(line) if line.hash == hash(migration.text) => {}
            Some(line) => return Err(SchemaError::Edited { name: line.name }),
        }
    }
    match applied.keys().next_back() {
        None => Ok(pending),
        Some(found) => Err(SchemaError::TooNew { found: *found, known: newest(known) }),
    }
}

async fn apply_all(
    store: &Store,
    known: &[Migration],
    lease: &Lease<'_>,
) -> Result<Vec<String>, SchemaError> {
    let mut names = Vec::new();
    // Asked again under the lease: another process may have been first.
    for migration in pending(store, known).await? {
        for statement in statements(migration.text) {
            lease.renew().await?;
            let sql = statement.replace("{engine}", ENGINE).replace("{summing}", SUMMING);
            let done = async { Ok::<_, SchemaError>(store.statement(migration.name, &sql).execute().await?) };
            lease.during(done).await?;
        }
        lease.renew().await?;
        store
            .statement("schema_migrated", "INSERT INTO schema_migrations (version, name, hash) SELECT {version:UInt32}, {name:String}, {hash:String}")
            .param("version", migration.version)
            .param("name", migration.name)
            .param("hash", hash(migration.text))
            .execute()
            .await?;
        tracing::info!(migration = migration.name, "schema migrated");
        names.push(migration.name.to_owned());
    }
    Ok(names)
}

fn newest(known: &[Migration]) -> u32 {
    known.iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// The statements of a file: what stands between lines that end with `;`.
fn statements(text: &str) -> Vec<String> {
    text.split(";\n")
        .map(str::trim)
        .filter(|part| {
            part.lines().any(|line| !line.trim_start().starts_with("--") && !line.trim().is_empty())
        })
        .map(|part| part.trim_end_matches(';').to_owned())
        .collect()
}

/// A database's name as an identifier.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_file_is_known_by_its_number() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let known: Vec<_> = MIGRATIONS.iter().map(|migration| migration.name.to_owned()).collect();
        assert_eq!(files, known);
        assert!(MIGRATIONS.is_sorted_by(|a, b| a.version < b.version));
        for migration in MIGRATIONS {
            assert!(migration.name.starts_with(&format!("{:04}_", migration.version)));
        }
    }

    #[test]
    fn a_file_is_split_where_a_line_ends_with_a_semicolon() {
        let split = statements("-- why; and how\nCREATE a -- b;c\n;\n\nCREATE 'x;y';\n-- the end\n");
        assert_eq!(split, ["-- why; and how\nCREATE a -- b;c", "CREATE 'x;y'"]);
    }
}
