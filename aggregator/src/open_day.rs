//! The open day's statistics, kept current by a tick.
//!
//! `open_stats` holds the counters of `stats_daily` and `stats_hourly` for days that are not sealed. A tick looks which
//! batches of events it has not counted, takes every event of the visitors they speak of, and adds the difference between
//! what those visitors count for now and what they counted for before. So each tick costs what is new and not what there
//! is, an answer is a sum over a few thousand rows, and yet nothing is approximate: visits are found by the definition
//! that also seals, from all events of a visitor, whatever order or collector they came in.
//!
//! How far the tick has come stands in the same table and in the same block as the figures (the row of site 0): both are
//! there or neither. Of two ticks that begin at one mark, in whatever processes, one counts: the block's deduplication
//! token is the mark. A tick that was killed has written nothing or everything. Batches are told apart by the number
//! ClickHouse gives each (`_block_number`), which grows in the order in which they become visible and outlives merges.
//!
//! No pseudonym is in `open_stats`. The temporary tables of a tick are in memory, and go with its session.

mod metrics;
mod shift;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clickhouse::Row;
use events::{SiteId, SiteList, VisitorTag};
use serde::Deserialize;
use serve::access::ClickHouseAccess;

pub use metrics::OpenDayMetrics;

use crate::sql::{self, Detail, Family, File, Stat};
use crate::store::{Statement, Store, StoreError};

/// More new events than this are counted in several steps: what a step takes up is held in memory.
const MOST_AT_ONCE: u64 = 200_000;

/// A step may take this long: the first after an upgrade has a whole day before it.
const PATIENCE: Duration = Duration::from_secs(300);

/// Tables that live as long as the events of an open day.
pub(crate) const TABLES: [&str; 3] = ["events", "open_stats", "erased_tags"];

/// Keeps `open_stats` current. One runs in the aggregator; more do no harm.
pub struct OpenDay {
    store: Store,
    sites: Arc<SiteList>,
    metrics: OpenDayMetrics,
}

/// A day the statistics are behind of.
#[derive(Clone, Copy, Debug, Row, Deserialize)]
struct Behind {
    ended: i64,
    last_batch: u64,
    last_erasure: u64,
    batch: u64,
    erasure: u64,
    rows_since: u64,
}

impl OpenDay {
    /// Statistics of this database's open days.
    #[must_use]
    pub fn new(access: &ClickHouseAccess, sites: Arc<SiteList>) -> Self {
        Self { store: Store::new(access).waiting(PATIENCE), sites, metrics: OpenDayMetrics::default() }
    }

    /// Counts into these metrics.
    #[must_use]
    pub fn with_metrics(mut self, metrics: OpenDayMetrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Counts everything that is stored and not counted. Returns how many steps that took; 0 when there was nothing.
    ///
    /// # Errors
    /// When ClickHouse refuses or does not answer. What was counted until then stays counted.
    pub async fn run_once(&self) -> Result<u64, StoreError> {
        let counted = self.catch_up().await;
        if counted.is_err() {
            self.metrics.failures.inc();
        }
        counted
    }

    /// Counts a visitor of an open day no more: neither in any answer from the moment this returns, nor in the seal. The
    /// events themselves go with the day's partition.
    ///
    /// # Errors
    /// When ClickHouse refuses or does not answer: then it must be asked again.
    pub async fn erase(&self, site: SiteId, closes_at: i64, tag: VisitorTag) -> Result<(), StoreError> {
        self.store
            .file(sql::ERASE)
            .param("site", site.0)
            .param("closes_at", closes_at)
            .param("tag", tag.bits())
            .setting("async_insert", "0")
            .execute()
            .await?;
        self.run_once().await.map(drop)
    }

    async fn catch_up(&self) -> Result<u64, StoreError> {
        let mut steps = 0;
        loop {
            let behind: Vec<Behind> = self.store.file(sql::BEHIND).all().await?;
            if behind.is_empty() {
                return Ok(steps);
            }
            for day in behind {
                let began = Instant::now();
                self.step(day).await?;
                self.metrics.seconds.observe(began.elapsed().as_secs_f64());
                steps += 1;
            }
        }
    }

    /// One step of one day.
    async fn step(&self, mut day: Behind) -> Result<(), StoreError> {
        if day.rows_since > MOST_AT_ONCE {
            let bite = self.store.file(sql::BITE);
            let bite =
                bite.param("closes_at", day.ended).param("batch", day.batch).param("most", MOST_AT_ONCE);
            day.last_batch = bite.one::<u64>().await?.max(day.batch);
        }
        let session: String =
            self.store.statement("open_session", "SELECT toString(generateUUIDv4())").one().await?;
        let shift = shift::text(&self.sites, day.ended);
        let step = Step { store: &self.store, session, day };
        step.statement(sql::CHANGED, &[("hour", &sql::hour(&shift))]).execute().await?;
        step.statement(sql::CHANGED_RUNS, &[("runs", &Detail::runs(sql::Scope::Changed))]).execute().await?;
        let visits = sql::VISITS.fill(&[("runs", &Detail::Changed.hits())]);
        step.statement(sql::CHANGED_VISITS, &[("visits", &visits)]).execute().await?;
        step.statement(sql::TICK, &[("parts", &parts())])
            .setting("async_insert", "0")
            // One block: the figures and the mark come together or not at all.
            .setting("max_insert_threads", "1")
            .setting("insert_deduplicate", "1")
            .setting("insert_deduplication_token", step.token())
            .execute()
            .await?;
        step.end().await
    }
}

/// What the changed visitors count for, by each dimension and hour.
fn parts() -> String {
    let daily =
        |family| sql::PART_DAILY.fill(&[("daily", &Detail::Changed.daily(family, &Stat::of(family)))]);
    let hourly = sql::PART_HOURLY.fill(&[("hourly", &Detail::Changed.hourly())]);
    [daily(Family::Visit), daily(Family::Hit), hourly].join("\nUNION ALL\n")
}

/// The statements of one step: a session of ClickHouse, so that its temporary tables are its own.
struct Step<'a> {
    store: &'a Store,
    session: String,
    day: Behind,
}

impl Step<'_> {
    fn statement(&self, file: File, slots: &[(&str, &str)]) -> Statement {
        self.store
            .statement(file.name(), &file.fill(slots))
            .setting("session_id", &self.session)
            .param("closes_at", self.day.ended)
            .param("batch", self.day.batch)
            .param("last_batch", self.day.last_batch)
            .param("erasure", self.day.erasure)
            .param("last_erasure", self.day.last_erasure)
    }

    fn token(&self) -> String {
        let Behind { ended, batch, erasure, .. } = self.day;
        format!("open:{}:{ended}:{batch}:{erasure}", self.store.database())
    }

    /// Empties the memory now. A session that is not ended ends by itself a minute later.
    async fn end(self) -> Result<(), StoreError> {
        for table in ["changed", "changed_runs", "changed_visits"] {
            let drop = format!("DROP TEMPORARY TABLE {table}");
            self.store.statement("open_end", &drop).setting("session_id", &self.session).execute().await?;
        }
        Ok(())
    }
}
