//! The ClickHouse schema: forward-only migrations, the lease they run under, and the check at start.

mod check;
mod migrate;

pub use check::check;
pub use migrate::{Applied, migrate};

pub use crate::store::StoreError;

use crate::lease::LeaseError;

/// Why the schema is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// ClickHouse refused or did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An applied migration's file is not the one that was applied.
    #[error("migration {name} was changed after it had been applied: write a new one instead")]
    Edited {
        /// The file's name.
        name: String,
    },
    /// The database was written by a newer version of this program.
    #[error("the database is at migration {found}, this version knows {known}: use the newer version")]
    TooNew {
        /// The newest migration applied.
        found: u32,
        /// The newest migration known here.
        known: u32,
    },
    /// Another process is migrating and did not finish in time.
    #[error("another process holds the schema lease")]
    Locked,
    /// The lease was taken over by another process.
    #[error("the schema lease was lost to another process")]
    LeaseLost,
    /// Something that exactly-once delivery or privacy depends on is not as it must be.
    #[error("the schema is not as it must be: {0}")]
    Wrong(String),
}

impl From<LeaseError> for SchemaError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Store(error) => Self::Store(error),
            LeaseError::Held => Self::Locked,
            LeaseError::Lost => Self::LeaseLost,
        }
    }
}
