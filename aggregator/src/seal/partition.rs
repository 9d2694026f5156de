//! One partition on its way from events to statistics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use clickhouse::Row;
use events::{LocalDay, SiteId, SiteList};
use jiff::Span;
use jiff::civil::Date;
use serde::Deserialize;

use super::writing::Writing;
use super::{Fault, Lines, SealError, SealedDay, Step, proof};
use crate::answers::Shift;
use crate::lease::Lease;
use crate::sql::{self, File, Scope};
use crate::store::{Statement, Store, StoreError};

/// Tables a cut-off attempt can have written to.
const WRITTEN: [&str; 4] = ["visits", "hits", "stats_daily", "stats_hourly"];

/// What ClickHouse answers when `throwIf` in the statement that publishes has thrown.
const THROWN: u32 = 395;

/// Sites named in one statement: a longer list is refused as a parameter.
const SITES_AT_ONCE: usize = 500;

/// How long a statement of an earlier attempt is waited for, and how often it is looked for.
const BUSY_WAIT: Duration = Duration::from_secs(5);
const BUSY_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Partition<'a> {
    pub(super) store: &'a Store,
    pub(super) sites: &'a SiteList,
    pub(super) closes_at: i64,
    /// What is written: 1 for the seal, more for its addenda.
    pub(super) revision: u16,
    /// Batches up to this one are covered by the revisions before.
    pub(super) after: u64,
    /// Detail is written by ranges of tags that hold about so many events.
    pub(super) at_once: u64,
    pub(super) lease: &'a Lease<'a>,
    pub(super) fault: Option<&'a Fault>,
    /// Statements sent, so that each has an id of its own.
    pub(super) sent: AtomicU32,
}

/// Site-days of a partition that share one clock change, or the whole partition when there is none.
pub(super) struct Batch {
    sites: Option<Vec<u32>>,
    shift: Shift,
}

impl Batch {
    /// The whole partition, or everything of it where no event is read.
    pub(super) fn whole() -> Self {
        Self { sites: None, shift: Shift::default() }
    }

    pub(super) fn scope(&self) -> Scope {
        if self.sites.is_some() { Scope::PartitionSites } else { Scope::Partition }
    }

    /// The same within a range of tags.
    pub(super) fn part(&self) -> Scope {
        if self.sites.is_some() { Scope::PartOfSites } else { Scope::Part }
    }
}

#[derive(Row, Deserialize)]
struct SiteDay {
    site: u32,
    day_number: i32,
}

impl Partition<'_> {
    /// Writes the day's detail and statistics, compares them with the events, and publishes them.
    pub(super) async fn write(&self, received: u64, now_s: i64) -> Result<(), SealError> {
        self.not_running().await?;
        self.clean().await?;
        self.after(Step::Clean).await?;
        let session = self.store.statement("seal_session", "SELECT toString(generateUUIDv4())").one().await?;
        let writing = Writing { partition: self, session, parts: received / self.at_once + 1 };
        writing.run(&self.batches().await?).await?;
        self.publish(received, now_s).await?;
        self.after(Step::Publish).await
    }

    /// No attempt begins while a statement of an earlier one runs: what it writes later would count twice. One that is
    /// just ending is waited for.
    async fn not_running(&self) -> Result<(), SealError> {
        let deadline = tokio::time::Instant::now() + BUSY_WAIT;
        loop {
            let running: u64 = self.statement(sql::RUNNING).param("prefix", self.id("")).one().await?;
            if running == 0 {
                return Ok(());
            }
            if tokio::time::Instant::now() > deadline {
                return Err(SealError::Busy { closes_at: self.closes_at });
            }
            tokio::time::sleep(BUSY_PAUSE).await;
        }
    }

    /// Deletes what a cut-off attempt left. Costs four looks when there is nothing.
    async fn clean(&self) -> Result<(), SealError> {
        for table in WRITTEN {
            let count = sql::LEFT.fill(&[("table", table)]);
            let left: u64 = self.bound(self.store.statement(sql::LEFT.name(), &count)).one().await?;
            if left > 0 {
                tracing::warn!(closes_at = self.closes_at, table, "deleting rows of a cut-off seal");
                let delete = sql::LEFTOVERS.fill(&[("table", table)]);
                self.bound(self.store.statement(sql::LEFTOVERS.name(), &delete)).execute().await?;
            }
        }
        Ok(())
    }

    /// The whole partition at once, unless a clock changed on that day: then sites by their change.
    async fn batches(&self) -> Result<Vec<Batch>, SealError> {
        let mut by_site: BTreeMap<u32, Shift> = BTreeMap::new();
        for found in self.statement(sql::SITES).all::<SiteDay>().await? {
            let shift = self.shift(&found);
            // Two dates of one site end at one instant only when its zone was changed across the date line. The first
            // one's clock serves both: a site must not be in two batches.
            by_site.entry(found.site).or_insert(shift);
        }
        let mut by_shift: BTreeMap<(i64, i64, i64), Vec<u32>> = BTreeMap::new();
        for (site, shift) in by_site {
            by_shift.entry((shift.from, shift.until, shift.by)).or_default().push(site);
        }
        if by_shift.keys().all(|shift| *shift == (0, 0, 0)) {
            return Ok(vec![Batch::whole()]);
        }
        Ok(by_shift
            .into_iter()
            .flat_map(|((from, until, by), sites)| {
                let shift = Shift { from, until, by };
                let chunk = move |sites: &[u32]| Batch { sites: Some(sites.to_vec()), shift };
                sites.chunks(SITES_AT_ONCE).map(chunk).collect::<Vec<_>>()
            })
            .collect())
    }

    /// The clock change of a site's day. A site that is gone, or whose zone was changed since, has the offset of the end of
    /// the day throughout: its day is known by nothing else.
    fn shift(&self, found: &SiteDay) -> Shift {
        let date = Date::constant(1970, 1, 1).checked_add(Span::new().days(found.day_number));
        let site = self.sites.by_id(SiteId(found.site));
        let (Ok(date), Some(site)) = (date, site) else {
            return Shift::default();
        };
        match LocalDay::of(date, &site.zone) {
            Ok(day) if day.closes_at == self.closes_at => Shift::within(day.opens_at, day.closes_at, &site),
            _ => Shift::default(),
        }
    }

    async fn publish(&self, received: u64, now_s: i64) -> Result<(), SealError> {
        match self.ledger(sql::PUBLISH, now_s).param("received", received).execute().await {
            Err(StoreError { code: THROWN, .. }) => Err(SealError::Moving { closes_at: self.closes_at }),
            done => Ok(done?),
        }
    }

    /// Drops what was published, if that is all there is.
    pub(super) async fn drop_events(&self) -> Result<(), SealError> {
        let (published, found) = (
            lines(self.store, self.closes_at).await?.received,
            self.statement(sql::COUNT).one::<u64>().await?,
        );
        if published != found {
            return Err(SealError::Moving { closes_at: self.closes_at });
        }
        proof::drop_partition(self.store, self.closes_at).await?;
        self.after(Step::Drop).await
    }

    /// Proves that nothing is left and writes so.
    pub(super) async fn finish(&self, now_s: i64) -> Result<SealedDay, SealError> {
        if !proof::gone(self.store, self.closes_at).await? {
            return Err(SealError::NotGone { closes_at: self.closes_at });
        }
        self.after(Step::Prove).await?;
        let lines = lines(self.store, self.closes_at).await?;
        self.ledger(sql::DROPPED, now_s).param("dropped", lines.dropped).execute().await?;
        self.after(Step::Ledger).await?;
        Ok(SealedDay {
            closes_at: self.closes_at,
            revision: self.revision,
            sites: lines.sites,
            events: lines.received,
        })
    }

    /// Ledger lines are one block under a token: all of them or none, once.
    fn ledger(&self, file: File, now_s: i64) -> Statement {
        self.statement(file)
            .param("at", now_s)
            .setting("max_insert_threads", "1")
            .setting("max_threads", "1")
            .setting("insert_deduplication_token", self.id(file.name()))
    }

    pub(super) fn of_batch(&self, file: File, slots: &[(&str, &str)], batch: &Batch) -> Statement {
        let statement = self
            .bound(self.store.statement(file.name(), &file.fill(slots)))
            .setting(
                "query_id",
                self.id(&format!("{}:{}", file.name(), self.sent.fetch_add(1, Ordering::Relaxed))),
            )
            .param("shift_from", batch.shift.from)
            .param("shift_until", batch.shift.until)
            .param("shift_by", batch.shift.by);
        match &batch.sites {
            Some(sites) => statement.param("sites", sites),
            None => statement,
        }
    }

    fn statement(&self, file: File) -> Statement {
        self.bound(self.store.file(file))
    }

    fn bound(&self, statement: Statement) -> Statement {
        statement
            .param("closes_at", self.closes_at)
            .param("revision", self.revision)
            .param("after", self.after)
    }

    /// What all statements and tokens of this day's seal begin with.
    fn id(&self, name: &str) -> String {
        format!("seal:{}:{}:{}:{name}", self.store.database(), self.closes_at, self.revision)
    }

    /// Between two steps: the lease must still be ours.
    pub(super) async fn after(&self, step: Step) -> Result<(), SealError> {
        if let Some(fault) = self.fault {
            fault(step)?;
        }
        Ok(self.lease.hold().await?)
    }
}

/// What the ledger says of a day.
pub(super) async fn lines(store: &Store, closes_at: i64) -> Result<Lines, StoreError> {
    store.file(sql::PUBLISHED).param("closes_at", closes_at).one().await
}
