//! Opening the file and bringing its schema up to date: forward only, each migration hashed, all under the write lock.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::token::{NoEntropy, random};

/// Number, name and text of every migration, in order. Applied ones are never edited: a change is a new file.
const MIGRATIONS: &[(u32, &str, &str)] = &[
    (1, "control_plane", include_str!("../../migrations/0001_control_plane.sql")),
    (2, "site_rules", include_str!("../../migrations/0002_site_rules.sql")),
    (3, "accounts", include_str!("../../migrations/0003_accounts.sql")),
    (4, "site_settings", include_str!("../../migrations/0004_site_settings.sql")),
];

/// Why the control plane could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its directory can't be made or read.
    #[error("the control plane's file can't be opened")]
    File(#[from] std::io::Error),
    /// SQLite failed: not a database, disk, lock.
    #[error("the control plane's database failed")]
    Storage(#[from] rusqlite::Error),
    /// The file was written by a newer version of the program.
    #[error(
        "the control plane's file has migration {0}, which this version doesn't know: it is from a newer one"
    )]
    Newer(u32),
    /// A migration that was applied reads differently now.
    #[error("migration {0} of the control plane was edited after it was applied")]
    Edited(u32),
    /// No random numbers to be had.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// What an installation is given once, when its file is made.
pub(super) struct Identity {
    pub(super) instance_id: String,
    pub(super) device_key: [u8; 32],
}

pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    if let Some(directory) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    // Made before SQLite would, so that it is never open to others, not even for a moment. SQLite gives the files
    // beside it (-wal, -shm) the same mode.
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    drop(file);

    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // What is deleted (a revoked session, a removed user) is overwritten, as far as SQLite can.
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(connection)
}

pub(super) fn migrate(connection: &mut Connection, now: i64) -> Result<Identity, OpenError> {
    apply(connection, MIGRATIONS, now)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let identity = Identity {
        instance_id: {
            let bytes: [u8; 16] = setting(&transaction, "instance_id")?;
            bytes.iter().map(|b| format!("{b:02x}")).collect()
        },
        device_key: setting(&transaction, "device_key")?,
    };
    transaction.commit()?;
    Ok(identity)
}

fn apply(connection: &mut Connection, migrations: &[(u32, &str, &str)], now: i64) -> Result<(), OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (
            number     INTEGER PRIMARY KEY NOT NULL,
            name       TEXT NOT NULL,
            hash       BLOB NOT NULL,
            applied_at INTEGER NOT NULL
        ) STRICT",
    )?;
    let newest: Option<u32> =
        transaction.query_row("SELECT max(number) FROM migrations", [], |row| row.get(0))?;
    let known = migrations.last().map(|(number, ..)| *number);
    if newest > known {
        return Err(OpenError::Newer(newest.unwrap_or_default()));
    }
    for (number, name, sql) in migrations {
        let hash = blake3::hash(sql.as_bytes());
        let applied: Option<Vec<u8>> = transaction
            .query_row("SELECT hash FROM migrations WHERE number = ?1", [number], |row| row.get(0))
            .optional()?;
        match applied {
            Some(applied) if applied == hash.as_bytes() => {}
            Some(_) => return Err(OpenError::Edited(*number)),
            None => {
                transaction.execute_batch(sql)?;
                transaction.execute(
                    "INSERT INTO migrations (number, name, hash, applied_at) VALUES (?1, ?2, ?3, ?4)",
                    params![number, name, hash.as_bytes(), now],
                )?;
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

/// A random setting, made the first time it is asked for.
fn setting<const N: usize>(connection: &Connection, name: &str) -> Result<[u8; N], OpenError> {
    connection.execute(
        "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![name, random::<N>()?],
    )?;
    Ok(connection.query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn nobody_else_may_read_the_file_nor_those_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/control.sqlite");
        let mut connection = open(&path).unwrap();
        migrate(&mut connection, 0).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&path.with_file_name("control.sqlite-wal")), 0o600);
        assert_eq!(mode(&path.with_file_name("control.sqlite-shm")), 0o600);
        drop(connection);

        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        open(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn an_installation_keeps_its_identity() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sqlite");
        let identity = |path: &Path| migrate(&mut open(path).unwrap(), 0).unwrap();
        let (first, second) = (identity(&path), identity(&path));
        assert_eq!(first.instance_id, second.instance_id);
        assert_eq!(first.device_key, second.device_key);
        let other = identity(&directory.path().join("other.sqlite"));
        assert_ne!(first.instance_id, other.instance_id);
    }

    #[test]
    fn an_edited_migration_and_a_newer_file_are_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        let one = [(1, "one", "CREATE TABLE a (b INTEGER)")];
        let two = [one[0], (2, "two", "CREATE TABLE c (d INTEGER)")];
        apply(&mut connection, &one, 0).unwrap();
        apply(&mut connection, &two, 0).unwrap();
        apply(&mut connection, &two, 0).unwrap();
        assert!(matches!(apply(&mut connection, &one, 0), Err(OpenError::Newer(2))));
        let edited = [(1, "one", "CREATE TABLE a (b TEXT)"), two[1]];
        assert!(matches!(apply(&mut connection, &edited, 0), Err(OpenError::Edited(1))));
    }

    #[test]
    fn a_migration_that_fails_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().unwrap();
        let broken = [(1, "broken", "CREATE TABLE a (b INTEGER); CREATE TABLE a (b INTEGER)")];
        assert!(matches!(apply(&mut connection, &broken, 0), Err(OpenError::Storage(_))));
        apply(&mut connection, &[(1, "mended", "CREATE TABLE a (b INTEGER)")], 0).unwrap();
    }

    #[test]
    fn the_migrations_are_numbered_without_gaps() {
        for (index, (number, ..)) in MIGRATIONS.iter().enumerate() {
            assert_eq!(usize::try_from(*number).unwrap(), index + 1);
        }
    }

    #[test]
    fn users_sites_and_keys_outlive_the_rebuild_of_their_tables_and_numbers_stay_used_up() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        apply(&mut connection, &MIGRATIONS[..1], 0).unwrap();
        connection
            .execute_batch(
                "INSERT INTO users (email, password_hash, role, created_at) VALUES ('a@b.kz', 'x', 'editor', 1);
                 INSERT INTO sessions (token_hash, user, created_at, last_seen_at, ends_at) VALUES (x'01', 1, 1, 1, 9);
                 INSERT INTO sites (domain, timezone, created_at) VALUES ('a.kz', 'UTC', 1), ('b.kz', 'UTC', 1);
                 INSERT INTO api_keys (key_hash, prefix, site, scope, created_at) VALUES (x'01', 'p', 1, 'stats', 1);
                 DELETE FROM sites WHERE id = 2;",
            )
            .unwrap();
        apply(&mut connection, MIGRATIONS, 0).unwrap();
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(
            count("SELECT count() FROM api_keys k JOIN sites s ON s.id = k.site WHERE s.domain = 'a.kz'"),
            1
        );
        assert_eq!(
            count("SELECT count() FROM sessions s JOIN users u ON u.id = s.user WHERE u.role = 'editor'"),
            1
        );
        connection
            .execute_batch("INSERT INTO sites (domain, timezone, created_at) VALUES ('c.kz', 'UTC', 1)")
            .unwrap();
        assert_eq!(count("SELECT id FROM sites WHERE domain = 'c.kz'"), 3);
        connection.execute_batch("DELETE FROM sites WHERE id = 1").unwrap();
        assert_eq!(count("SELECT count() FROM api_keys"), 0);
    }
}
