//! Who may change the schema, or seal, now.
//!
//! ClickHouse has no locks, but `CREATE TABLE` of a name that exists fails for all but one. So a lease is a table whose
//! comment names its holder and whose metadata is rewritten again and again. It is only taken when there is something to
//! do, and a lease that nobody has renewed for so long is broken: its table is renamed away, which again only one of
//! several can do, and a holder that finds another name in the comment stops. What remains is the instant between that
//! look and the statement after it; what runs under a lease is written so that running it twice is harmless.

use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;

use crate::store::{Store, StoreError};

/// How long another process is waited for.
const WAIT: Duration = Duration::from_secs(90);

const TABLE_ALREADY_EXISTS: u32 = 57;
const UNKNOWN_TABLE: u32 = 60;

/// Why a lease is not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LeaseError {
    /// ClickHouse refused or did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another process holds it.
    #[error("another process holds the lease")]
    Held,
    /// Another process took it over.
    #[error("the lease was lost to another process")]
    Lost,
}

/// A kind of work of which there is one at a time in a database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// The table that stands for it.
    pub(crate) table: &'static str,
    /// A lease that was not renewed for this long belongs to a process that is gone.
    pub(crate) stale: Duration,
}

pub(crate) struct Lease<'a> {
    store: &'a Store,
    turn: Turn,
    holder: String,
}

#[derive(Row, Deserialize)]
struct Held {
    comment: String,
    age_s: i64,
}

impl<'a> Lease<'a> {
    /// Waits for the lease.
    pub(crate) async fn wait(store: &'a Store, turn: Turn) -> Result<Self, LeaseError> {
        let deadline = tokio::time::Instant::now() + WAIT;
        loop {
            match Self::take(store, turn).await {
                Err(LeaseError::Held) if tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                taken => return taken,
            }
        }
    }

    /// Takes the lease if it is free or its holder is gone.
    pub(crate) async fn take(store: &'a Store, turn: Turn) -> Result<Self, LeaseError> {
        let holder: String =
            store.statement("lease_holder", "SELECT toString(generateUUIDv4())").one().await?;
        let lease = Self { store, turn, holder };
        if lease.try_take().await? || (lease.break_if_stale().await? && lease.try_take().await?) {
            Ok(lease)
        } else {
            Err(LeaseError::Held)
        }
    }

    async fn try_take(&self) -> Result<bool, StoreError> {
        let create = format!(
            "CREATE TABLE {} (nothing UInt8) ENGINE = Memory COMMENT '{}'",
            self.turn.table, self.holder
        );
        match self.store.statement("lease_take", &create).execute().await {
            Ok(()) => Ok(true),
            Err(error) if error.code == TABLE_ALREADY_EXISTS => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn break_if_stale(&self) -> Result<bool, StoreError> {
        let Some(held) = self.look().await? else {
            return Ok(true);
        };
        if held.age_s < i64::try_from(self.turn.stale.as_secs()).unwrap_or(i64::MAX) {
            return Ok(false);
        }
        let table = self.turn.table;
        let aside = format!("{table}_{}", self.holder.replace('-', "_"));
        let rename = format!("RENAME TABLE {table} TO {aside}");
        match self.store.statement("lease_break", &rename).execute().await {
            Ok(()) => self.store.statement("lease_clear", &format!("DROP TABLE {aside}")).execute().await?,
            Err(error) if error.code == UNKNOWN_TABLE => {}
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Proves that the lease is still ours.
    pub(crate) async fn hold(&self) -> Result<(), LeaseError> {
        match self.look().await? {
            Some(held) if held.comment == self.holder => Ok(()),
            _ => Err(LeaseError::Lost),
        }
    }

    /// Proves that the lease is still ours, and makes it young again.
    pub(crate) async fn renew(&self) -> Result<(), LeaseError> {
        self.hold().await?;
        let renew = format!("ALTER TABLE {} MODIFY COMMENT '{}'", self.turn.table, self.holder);
        Ok(self.store.statement("lease_renew", &renew).execute().await?)
    }

    /// Does `work` with the lease kept young; gives up when it is lost.
    pub(crate) async fn during<T, E: From<LeaseError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut work = std::pin::pin!(work);
        let pause = self.turn.stale / 4;
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(pause) => self.renew().await?,
            }
        }
    }

    /// Gives it back.
    pub(crate) async fn release(self) -> Result<(), LeaseError> {
        if self.look().await?.is_some_and(|held| held.comment == self.holder) {
            let drop = format!("DROP TABLE {}", self.turn.table);
            self.store.statement("lease_release", &drop).execute().await?;
        }
        Ok(())
    }

    async fn look(&self) -> Result<Option<Held>, StoreError> {
        let sql = "SELECT comment, toInt64(dateDiff('second', metadata_modification_time, now())) AS age_s
            FROM system.tables WHERE database = currentDatabase() AND name = {table:String}";
        Ok(self.store.statement("lease_look", sql).param("table", self.turn.table).all().await?.pop())
    }
}
