//! Who may change the schema now.
//!
//! ClickHouse has no locks, but `CREATE TABLE` of a name that exists fails for all but one. So the lease is a table
//! (`schema_lease`) whose comment names its holder and whose metadata is rewritten before every statement. It is only taken
//! when there is something to apply, and a lease nobody has renewed for [`STALE`] is broken: its table is renamed away,
//! which again only one of several can do, and a holder that finds another name in the comment stops. What remains is the
//! instant between that look and the statement after it; migrations are written so that running one twice is harmless.

use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;

use super::SchemaError;
use crate::store::{Store, StoreError};

/// A lease not renewed for this long belongs to a process that is gone. Longer than a statement may take.
const STALE: Duration = Duration::from_secs(45);

/// How long another process is waited for.
const WAIT: Duration = Duration::from_secs(90);

const TABLE_ALREADY_EXISTS: u32 = 57;
const UNKNOWN_TABLE: u32 = 60;

pub(super) struct Lease<'a> {
    store: &'a Store,
    holder: String,
}

#[derive(Row, Deserialize)]
struct Held {
    comment: String,
    age_s: i64,
}

impl<'a> Lease<'a> {
    /// Waits for the lease.
    pub(super) async fn take(store: &'a Store) -> Result<Self, SchemaError> {
        let holder: String =
            store.statement("lease_holder", "SELECT toString(generateUUIDv4())").one().await?;
        let lease = Self { store, holder };
        let deadline = tokio::time::Instant::now() + WAIT;
        while !lease.try_take().await? {
            if tokio::time::Instant::now() > deadline {
                return Err(SchemaError::Locked);
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        Ok(lease)
    }

    async fn try_take(&self) -> Result<bool, StoreError> {
        let create =
            format!("CREATE TABLE schema_lease (nothing UInt8) ENGINE = Memory COMMENT '{}'", self.holder);
        match self.store.statement("lease_take", &create).execute().await {
            Ok(()) => Ok(true),
            Err(error) if error.code == TABLE_ALREADY_EXISTS => {
                self.break_if_stale().await?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn break_if_stale(&self) -> Result<(), StoreError> {
        let Some(held) = self.look().await? else {
            return Ok(());
        };
        if held.age_s < i64::try_from(STALE.as_secs()).unwrap_or(i64::MAX) {
            return Ok(());
        }
        let aside = format!("schema_lease_{}", self.holder.replace('-', "_"));
        let rename = format!("RENAME TABLE schema_lease TO {aside}");
        match self.store.statement("lease_break", &rename).execute().await {
            Ok(()) => self.store.statement("lease_clear", &format!("DROP TABLE {aside}")).execute().await,
            Err(error) if error.code == UNKNOWN_TABLE => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Proves that the lease is still ours, and makes it young again.
    pub(super) async fn renew(&self) -> Result<(), SchemaError> {
        match self.look().await? {
            Some(held) if held.comment == self.holder => {}
            _ => return Err(SchemaError::LeaseLost),
        }
        let renew = format!("ALTER TABLE schema_lease MODIFY COMMENT '{}'", self.holder);
        Ok(self.store.statement("lease_renew", &renew).execute().await?)
    }

    /// Gives it back.
    pub(super) async fn release(self) -> Result<(), SchemaError> {
        if self.look().await?.is_some_and(|held| held.comment == self.holder) {
            self.store.statement("lease_release", "DROP TABLE schema_lease").execute().await?;
        }
        Ok(())
    }

    async fn look(&self) -> Result<Option<Held>, StoreError> {
        let sql = "SELECT comment, toInt64(dateDiff('second', metadata_modification_time, now())) AS age_s
            FROM system.tables WHERE database = currentDatabase() AND name = 'schema_lease'";
        Ok(self.store.statement("lease_look", sql).all().await?.pop())
    }
}
