//! The one way from here into ClickHouse: named queries, server-side parameters, errors reduced to a number.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use clickhouse::{Client, RowOwned, RowRead};
use serde::Serialize;
use serve::access::ClickHouseAccess;

use crate::sql::File;

/// Why ClickHouse did not do as told. Its own text is dropped: it may echo rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ClickHouse failed with code {code} in {query}")]
pub struct StoreError {
    /// ClickHouse's error code; 0 when it did not answer, or not in the expected form.
    pub code: u32,
    /// Name of the query that failed.
    pub query: &'static str,
}

/// One user's connection to one database.
#[derive(Clone)]
pub(crate) struct Store {
    client: Client,
    database: String,
    patience: Duration,
}

/// How long a statement may take before it is given up: the client itself would wait for ever.
const PATIENCE: Duration = Duration::from_secs(30);

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("database", &self.database).finish_non_exhaustive()
    }
}

impl Store {
    /// Inside the database of `access`.
    pub(crate) fn new(access: &ClickHouseAccess) -> Self {
        let mut store = Self::outside(access);
        store.client = store.client.with_database(&access.database);
        store
    }

    /// Beside it: for the statement that creates it.
    pub(crate) fn outside(access: &ClickHouseAccess) -> Self {
        Self { client: access.client(), database: access.database.clone(), patience: PATIENCE }
    }

    /// The same connection with more patience.
    pub(crate) fn waiting(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// Starts a statement; `name` goes into `log_comment` and into errors.
    pub(crate) fn statement(&self, name: &'static str, sql: &str) -> Statement {
        // `query_raw`: no client-side placeholders, so a question mark in a statement is only that.
        let query = self.client.query_raw(sql).with_setting("log_comment", name);
        Statement { name, query, patience: self.patience }
    }

    /// Inserts rows in the format that the statement names, once for each token.
    pub(crate) async fn insert(
        &self,
        name: &'static str,
        sql: &str,
        token: &str,
        body: Bytes,
    ) -> Result<(), StoreError> {
        let mut insert = self
            .client
            .insert_formatted_with(sql)
            .with_setting("log_comment", name)
            .with_setting("async_insert", "0")
            .with_setting("insert_deduplicate", "1")
            .with_setting("insert_deduplication_token", token)
            .with_setting("max_insert_threads", "1")
            .with_setting("input_format_parallel_parsing", "0");
        let work = async move {
            insert.send(body).await?;
            insert.end().await
        };
        settle(name, self.patience, work).await
    }

    /// Starts the statement of a file without slots.
    pub(crate) fn file(&self, file: File) -> Statement {
        self.statement(file.name(), &file.fill(&[]))
    }
}

/// A statement about to be sent.
pub(crate) struct Statement {
    name: &'static str,
    query: clickhouse::query::Query,
    patience: Duration,
}

impl Statement {
    /// Binds a value on the server.
    pub(crate) fn param(mut self, name: &str, value: impl Serialize) -> Self {
        self.query = self.query.param(name, value);
        self
    }

    /// Sets a setting, or the query's id, for this statement alone.
    pub(crate) fn setting(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query = self.query.with_setting(name, value);
        self
    }

    pub(crate) async fn execute(self) -> Result<(), StoreError> {
        settle(self.name, self.patience, self.query.execute()).await
    }

    pub(crate) async fn all<T: RowOwned + RowRead>(self) -> Result<Vec<T>, StoreError> {
        settle(self.name, self.patience, self.query.fetch_all()).await
    }

    pub(crate) async fn one<T: RowOwned + RowRead>(self) -> Result<T, StoreError> {
        settle(self.name, self.patience, self.query.fetch_one()).await
    }
}

async fn settle<T>(
    query: &'static str,
    patience: Duration,
    work: impl Future<Output = Result<T, clickhouse::error::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(patience, work).await {
        Ok(done) => done.map_err(|error| reduce(query, &error)),
        Err(_) => Err(StoreError { code: 0, query }),
    }
}

/// Keeps the number of ClickHouse's error and lets go of its text.
fn reduce(query: &'static str, error: &clickhouse::error::Error) -> StoreError {
    let code = if let clickhouse::error::Error::BadResponse(text) = error { code_in(text) } else { 0 };
    StoreError { code, query }
}

fn code_in(text: &str) -> u32 {
    let digits = text.split_once("Code: ").map_or("", |(_, rest)| rest);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_of_an_error_is_kept() {
        let error = clickhouse::error::Error::BadResponse("Code: 27. DB::Exception: row: 203.0.113.9".into());
        let reduced = reduce("totals", &error);
        assert_eq!(reduced, StoreError { code: 27, query: "totals" });
        assert!(!reduced.to_string().contains("203"));
    }

    #[test]
    fn an_answer_without_a_number_is_code_0() {
        assert_eq!(code_in("connection refused"), 0);
        assert_eq!(code_in("Code: x"), 0);
    }
}
