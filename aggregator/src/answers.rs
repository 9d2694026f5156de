//! Answers questions from sealed statistics and open days.
//!
//! Each site-day is answered from exactly one side. The list of open days (partitions of `events` that are not published in
//! `sealed_days`) is read first and bound to the statement: events count only inside it, statistics only outside it and
//! only when published. A day that is sealed while an answer is computed could have lost its events between the two
//! reads: so the list is read again afterwards, and the answer is thrown away and asked again if a day has left it.

mod asking;
mod detail;
mod panels;
mod plan;
mod predicate;
mod relation;
mod shares;
mod table;
mod vitals;

use std::sync::Arc;

use clickhouse::{Row, RowOwned, RowRead};
use events::{LocalDay, Site, SiteId, SiteList};
use futures_util::future::join_all;
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use serve::access::ClickHouseAccess;
use serve::clock::Clock;

use crate::answer::{Answer, Figure, Meta};
use crate::question::{DateRange, Pagination, Period, Question, QuestionError};
use crate::sql;
use crate::store::{Statement, Store, StoreError};
use crate::suppress::{Audience, Care, Found, cleared};
use asking::Asking;
use panels::Shelf;
use plan::Plan;
pub(crate) use plan::{Shift, spelled};
pub(crate) use predicate::{Place, Predicates, Values};
pub(crate) use relation::Relations;
use table::Told;

/// How often an answer is asked again because a day was sealed meanwhile. Days are sealed a few times an hour at most.
const ATTEMPTS: usize = 5;

/// A day can be sealed while it is asked for once it has ended; clocks of two machines differ by less than this.
const CLOCK_MARGIN_S: i64 = 3600;

/// What ClickHouse says to a pattern it does not understand.
const CANNOT_COMPILE_REGEXP: u32 = 427;

/// Visitors are current for this long.
const CURRENT_S: i64 = 300;

/// The question engine. Cheap to clone.
#[derive(Clone)]
pub struct Answers {
    store: Store,
    sites: Arc<SiteList>,
    clock: Clock,
}

/// What the live view shows of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pulse {
    /// Distinct visitors of the last five minutes.
    pub current_visitors: u64,
    /// Page views and custom events of the site's current day, as far as they are counted.
    pub events_today: u64,
    /// Everything counted of the current day, engagement included: it moves whenever any figure of today may have.
    pub beacons_today: u64,
}

#[derive(Row, Deserialize)]
struct PulseRow {
    current_visitors: u64,
    events_today: u64,
    beacons_today: u64,
}

/// So many beacons of a site and day were dropped for this reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// Local day of the site.
    pub day: Date,
    /// Why, as a stable code ([`events::DropReason::code`]).
    pub reason: String,
    /// How many.
    pub count: u64,
}

#[derive(Row, Deserialize)]
struct DroppedRow {
    day_number: i32,
    reason: String,
    beacons: u64,
}

#[derive(Row, Deserialize)]
struct BornRow {
    at: i64,
    day_number: i32,
    lines: u64,
}

impl From<StoreError> for QuestionError {
    fn from(error: StoreError) -> Self {
        if error.code == CANNOT_COMPILE_REGEXP {
            let message = "A pattern is not one of RE2's.";
            return Self::invalid("invalid_filter", "#/filters", message);
        }
        tracing::warn!(code = error.code, query = error.query, "statistics unavailable");
        Self::Unavailable { clickhouse: error.code }
    }
}

impl Answers {
    /// Answers from this database for these sites.
    #[must_use]
    pub fn new(access: ClickHouseAccess, sites: Arc<SiteList>, clock: Clock) -> Self {
        Self { store: Store::new(&access), sites, clock }
    }

    /// Answers one question for staff.
    ///
    /// # Errors
    /// When the question cannot be answered; see [`QuestionError`].
    pub async fn answer(&self, question: &Question) -> Result<Answer, QuestionError> {
        self.answer_for(question, Audience::Staff).await
    }

    /// Answers one question for these readers.
    ///
    /// # Errors
    /// When the question cannot be answered; see [`QuestionError`].
    pub async fn answer_for(&self, question: &Question, audience: Audience) -> Result<Answer, QuestionError> {
        self.answer_beside(question, audience, self.clock.now(), &panels::EMPTY).await
    }

    /// Answers several questions for these readers, as [`Answers::answer_for`] does each, reading together what can be.
    pub async fn answer_all(
        &self,
        questions: &[Question],
        audience: Audience,
    ) -> Vec<Result<Answer, QuestionError>> {
        let now = self.clock.now();
        let shelf = Shelf::read(self, questions, audience, now).await;
        join_all(questions.iter().map(|question| self.answer_beside(question, audience, now, &shelf))).await
    }

    async fn answer_beside(
        &self,
        question: &Question,
        audience: Audience,
        now: Timestamp,
        shelf: &Shelf,
    ) -> Result<Answer, QuestionError> {
        let site = self.sites.by_domain(&question.site_id).ok_or(QuestionError::UnknownSite)?;
        if question.date_range == DateRange::Realtime {
            return self.realtime(&site, question).await;
        }
        let asking = Asking { answers: self, site: &site, audience, now, shelf };
        let period = asking.period(question).await?;
        let care = Care::of(question, audience, site.rules.thresholds);
        let measured_by = audience.least(site.rules.thresholds);
        let plan = Plan::new(question, period, &site, care).map_err(|_| out_of_calendar())?;
        let plan = plan.measured_by(measured_by);
        let (lines, bases) = (asking.lines(&plan).await?, asking.bases(&plan).await?);
        let shares = if question.include.shares { Some(asking.shares(&plan).await?) } else { None };
        let told = Told { plan: &plan, lines: &lines, bases: &bases, shares };
        let Some(comparisons) = &question.include.comparisons else {
            return table::answer(&told, None, &site).map_err(|_| out_of_calendar());
        };
        let period = period.compared(comparisons).map_err(|_| out_of_calendar())?;
        // All of them: a row of this page may stand on another one there.
        let whole = Question { pagination: Pagination::default(), ..question.clone() };
        let plan = Plan::new(&whole, period, &site, care).map_err(|_| out_of_calendar())?;
        let plan = plan.measured_by(measured_by);
        let (lines, bases) = (asking.lines(&plan).await?, asking.bases(&plan).await?);
        let other = Told { plan: &plan, lines: &lines, bases: &bases, shares: None };
        table::answer(&told, Some(&other), &site).map_err(|_| out_of_calendar())
    }

    /// Distinct visitors of the last five minutes, engagement apart.
    ///
    /// # Errors
    /// When ClickHouse does not answer or the site is unknown.
    pub async fn current_visitors(&self, site: SiteId) -> Result<u64, QuestionError> {
        Ok(self.pulse(site).await?.current_visitors)
    }

    /// What the live view shows.
    ///
    /// # Errors
    /// When ClickHouse does not answer or the site is unknown.
    pub async fn pulse(&self, site: SiteId) -> Result<Pulse, QuestionError> {
        let site = self.sites.by_id(site).ok_or(QuestionError::UnknownSite)?;
        let now = self.clock.now();
        let today = LocalDay::at(now, &site.zone).map_err(|_| out_of_calendar())?;
        let row: PulseRow = self
            .store
            .file(sql::PULSE)
            .param("site", site.id.0)
            .param("since", now.as_second() - CURRENT_S)
            .param("closes_at", today.closes_at)
            .one()
            .await?;
        let pulse = Pulse {
            current_visitors: row.current_visitors,
            events_today: row.events_today,
            beacons_today: row.beacons_today,
        };
        Ok(cleared(Care::Open, Found(pulse)).into_inner())
    }

    /// What a site did not keep from `first` to `last`, both included: by day, the most frequent reason first.
    ///
    /// # Errors
    /// When ClickHouse does not answer.
    pub async fn drops(&self, site: SiteId, first: Date, last: Date) -> Result<Vec<Dropped>, QuestionError> {
        let rows: Vec<DroppedRow> = self
            .store
            .file(sql::DROPS)
            .param("site", site.0)
            .param("first", day_number(first))
            .param("last", day_number(last))
            .all()
            .await?;
        let dropped = rows.into_iter().map(|row| Dropped {
            day: table::date(row.day_number),
            reason: row.reason,
            count: row.beacons,
        });
        // Reasons are a closed list of ours: a count of them singles nobody out.
        Ok(cleared(Care::Open, Found(dropped.collect())).into_inner())
    }

    /// When the first beacon of a site arrived, in Unix seconds; of a sealed day, the hour it arrived in.
    ///
    /// # Errors
    /// When ClickHouse does not answer.
    pub async fn first_event(&self, site: SiteId) -> Result<Option<i64>, QuestionError> {
        Ok(self.born(site).await?.map(|(at, _)| at))
    }

    /// Instant and local day of a site's first event.
    async fn born(&self, site: SiteId) -> Result<Option<(i64, Date)>, QuestionError> {
        let row: BornRow = self.store.file(sql::BORN).param("site", site.0).one().await?;
        Ok((row.lines > 0).then(|| (row.at, table::date(row.day_number))))
    }

    async fn realtime(&self, site: &Site, question: &Question) -> Result<Answer, QuestionError> {
        let current = self.current_visitors(site.id).await?;
        Ok(Answer {
            results: vec![crate::answer::Row {
                metrics: vec![Figure::Whole(current)],
                dimensions: vec![],
                comparison: None,
            }],
            meta: Meta { total_rows: question.include.total_rows.then_some(1), ..Meta::default() },
            query: table::echo(question, serde_json::Value::from("realtime"), None),
        })
    }

    /// The plan's rows, every day from one side.
    async fn rows(&self, plan: &Plan<'_>, now: Timestamp) -> Result<Vec<table::Counted>, QuestionError> {
        self.consistent(now, |at| plan.may_touch(at), |store, open| plan.statement(store, open)).await
    }

    /// The rows of a statement over sealed days and the open ones it is given, every day from one side. `may_touch` tells
    /// of a partition, by the instant it closes at, whether the statement can read it.
    pub(crate) async fn consistent<T: RowOwned + RowRead>(
        &self,
        now: Timestamp,
        may_touch: impl Fn(i64) -> bool,
        statement: impl Fn(&Store, &[i64]) -> Statement,
    ) -> Result<Vec<T>, QuestionError> {
        let mut open = self.open_days(&may_touch).await?;
        for _ in 0..ATTEMPTS {
            let rows = statement(&self.store, &open).all().await?;
            if open.iter().all(|closes_at| *closes_at > now.as_second() + CLOCK_MARGIN_S) {
                return Ok(rows);
            }
            let after = self.open_days(&may_touch).await?;
            if open.iter().all(|closes_at| after.contains(closes_at)) {
                return Ok(rows);
            }
            open = after;
        }
        Err(QuestionError::Unavailable { clickhouse: 0 })
    }

    /// The open days that may be touched.
    async fn open_days(&self, may_touch: &impl Fn(i64) -> bool) -> Result<Vec<i64>, QuestionError> {
        let mut open: Vec<i64> = self.store.file(sql::OPEN_DAYS).all().await?;
        open.retain(|closes_at| may_touch(*closes_at));
        Ok(open)
    }

    /// The site of a question, its days on the site's calendar, and when it is asked.
    pub(crate) async fn setting(
        &self,
        question: &Question,
        audience: Audience,
    ) -> Result<(Arc<Site>, Period, Timestamp), QuestionError> {
        let site = self.sites.by_domain(&question.site_id).ok_or(QuestionError::UnknownSite)?;
        let now = self.clock.now();
        let period = Asking { answers: self, site: &site, audience, now, shelf: &panels::EMPTY }
            .period(question)
            .await?;
        Ok((site, period, now))
    }
}

pub(crate) fn out_of_calendar() -> QuestionError {
    QuestionError::invalid("invalid_date_range", "#/date_range", "The range is outside the calendar.")
}

/// A day as ClickHouse numbers them.
fn day_number(day: Date) -> i64 {
    let since: Span = day - Date::constant(1970, 1, 1);
    i64::from(since.get_days())
}
