//! Rows of days that are over, put where a collector would have put them while the day was open: a seal finds them there and
//! treats them as it treats all others, with every check. Made for days that nobody caused (`sanaq simulate`).
//!
//! Nothing here seals: whoever writes a day runs the [`Sealer`](crate::Sealer) next.

use bytes::Bytes;
use clickhouse::Row;
use events::drops::{self, DropRow};
use events::row::COLUMNS;
use events::{EventRow, SiteId};
use jiff::Span;
use jiff::civil::Date;
use serde::Deserialize;
use serve::access::ClickHouseAccess;

use crate::seal::PATIENCE;
use crate::sql;
use crate::store::{Store, StoreError};

/// Rows of one INSERT: far below a block of ClickHouse's, so that a token stands for one part.
const BATCH: usize = 100_000;

/// Writes rows of days that are over. While it is open, ClickHouse lets no event go for its age.
pub struct History {
    store: Store,
    run: String,
    batches: u64,
    sequence: u64,
}

#[derive(Row, Deserialize)]
struct HeldDay {
    day_number: i32,
}

impl History {
    /// Holds the backstop of `events` up. A process that is killed leaves it so until ClickHouse starts again, or until the next
    /// [`History::close`].
    ///
    /// # Errors
    /// When ClickHouse refuses or does not answer.
    pub async fn open(access: &ClickHouseAccess) -> Result<Self, StoreError> {
        let store = Store::new(access).waiting(PATIENCE);
        store.file(sql::HISTORY_KEEP).execute().await?;
        let run = store.statement("history_run", "SELECT toString(generateUUIDv4())").one().await?;
        Ok(Self { store, run, batches: 0, sequence: 0 })
    }

    /// Days of a site of which there is anything, in order.
    ///
    /// # Errors
    /// When ClickHouse refuses or does not answer.
    pub async fn held(&self, site: SiteId) -> Result<Vec<Date>, StoreError> {
        let days: Vec<HeldDay> = self.store.file(sql::HISTORY_HELD).param("site", site.0).all().await?;
        let date =
            |day: &HeldDay| Date::constant(1970, 1, 1).checked_add(Span::new().days(day.day_number)).ok();
        Ok(days.iter().filter_map(date).collect())
    }

    /// Writes rows in this order of arrival; how many there were.
    ///
    /// # Errors
    /// When ClickHouse refuses or does not answer. What was written until then stays.
    pub async fn write(&mut self, rows: impl IntoIterator<Item = EventRow>) -> Result<u64, StoreError> {
        let (mut written, mut body, mut held) = (0, Vec::new(), 0);
        for row in rows {
            row.encode(&mut body);
            body.extend_from_slice(&self.sequence.to_le_bytes());
            self.sequence += 1;
            held += 1;
            if held == BATCH {
                self.send(
                    "events",
                    &columns(COLUMNS.iter().map(|(name, _)| *name)),
                    std::mem::take(&mut body),
                )
                .await?;
                written += BATCH as u64;
                held = 0;
            }
        }
        if held > 0 {
            self.send("events", &columns(COLUMNS.iter().map(|(name, _)| *name)), body).await?;
            written += held as u64;
        }
        Ok(written)
    }

    /// Writes how many beacons were not kept.
    ///
    /// # Errors
    /// When ClickHouse refuses or does not answer.
    pub async fn write_drops(&mut self, rows: &[DropRow]) -> Result<(), StoreError> {
        let mut body = Vec::new();
        for row in rows.iter().filter(|row| row.count > 0) {
            row.encode(&mut body);
            body.extend_from_slice(&self.sequence.to_le_bytes());
            self.sequence += 1;
        }
        if body.is_empty() {
            return Ok(());
        }
        self.send("drops", &columns(drops::COLUMNS.iter().copied()), body).await
    }

    /// Lets the backstop work again.
    ///
    /// # Errors
    /// When ClickHouse refuses or does not answer.
    pub async fn close(self) -> Result<(), StoreError> {
        self.store.file(sql::HISTORY_LET_GO).execute().await
    }

    async fn send(&mut self, table: &str, columns: &str, body: Vec<u8>) -> Result<(), StoreError> {
        self.batches += 1;
        let token = format!("history:{}:{}", self.run, self.batches);
        let insert = format!("INSERT INTO {table} ({columns}) FORMAT RowBinary");
        self.store.insert("history_write", &insert, &token, Bytes::from(body)).await
    }
}

fn columns<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
