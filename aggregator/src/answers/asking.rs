//! Answering one question takes several readings: its rows, the visitors that shares are taken of, the size of what a filter
//! describes.

use events::Site;
use jiff::Timestamp;

use super::panels::Shelf;
use super::plan::Plan;
use super::table::{self, Base, Bases, Lines};
use super::{Answers, out_of_calendar};
use crate::question::{DateRange, Filter, Include, Metric, Pagination, Period, Question, QuestionError};
use crate::suppress::{Audience, Care, Found, cleared, singles_out};

/// Who asks what of which site, and when.
pub(super) struct Asking<'a> {
    pub(super) answers: &'a Answers,
    pub(super) site: &'a Site,
    pub(super) audience: Audience,
    pub(super) now: Timestamp,
    /// What was read together with other questions.
    pub(super) shelf: &'a Shelf,
}

impl Asking<'_> {
    /// The days of the question on the site's calendar.
    pub(super) async fn period(&self, question: &Question) -> Result<Period, QuestionError> {
        let born = if question.date_range == DateRange::All {
            self.answers.born(self.site.id).await?.map(|(_, day)| day)
        } else {
            None
        };
        let zone = &self.site.zone;
        let mut period =
            Period::resolve(question.date_range, self.now, zone, born).map_err(|_| out_of_calendar())?;
        let is_relative = matches!(question.date_range, DateRange::Month | DateRange::Year);
        if question.include.trim_relative_date_range && is_relative {
            period.last = period.last.min(self.now.to_zoned(zone.clone()).date());
        }
        Ok(period)
    }

    /// The rows of a plan, as far as they may be told.
    pub(super) async fn lines(&self, plan: &Plan<'_>) -> Result<Lines, QuestionError> {
        let lines = self.found(plan).await?;
        let lines = match plan.care {
            Care::Sized(least) if self.is_singled_out(plan, least).await? => Found(table::untold(lines.0)),
            Care::Open | Care::Sized(_) | Care::Folded { .. } => lines,
        };
        Ok(cleared(plan.care, lines).into_inner())
    }

    async fn found(&self, plan: &Plan<'_>) -> Result<Found<Lines>, QuestionError> {
        let rows = match self.shelf.rows_of(plan) {
            Some(rows) => rows,
            None => self.answers.rows(plan, self.now).await?,
        };
        let first = if plan.is_beyond(&rows) {
            self.answers.rows(&plan.first_row(), self.now).await?.first().map(table::Counted::total_rows)
        } else {
            rows.first().map(table::Counted::total_rows)
        };
        let lines = table::lines(plan, self.site, self.now, rows, first.unwrap_or(0));
        lines.map(Found).map_err(|_| out_of_calendar())
    }

    /// Whether the question's filters describe too few visitors, or all but too few.
    async fn is_singled_out(&self, plan: &Plan<'_>, least: u64) -> Result<bool, QuestionError> {
        let asked = |filters: &[Filter]| Question {
            metrics: vec![Metric::Visitors],
            dimensions: Vec::new(),
            filters: filters.to_vec(),
            ..bare(plan.question)
        };
        let mut visitors = [0; 2];
        for (visitors, filters) in visitors.iter_mut().zip([plan.question.filters.as_slice(), &[]]) {
            let question = asked(filters);
            let plan =
                Plan::new(&question, plan.period, self.site, Care::Open).map_err(|_| out_of_calendar())?;
            *visitors = self.answers.rows(&plan, self.now).await?.first().map_or(0, |row| row.visitors);
        }
        let [matching, all] = visitors;
        Ok(singles_out(matching, all, least))
    }

    /// The visitors that the plan's shares are taken of.
    pub(super) async fn bases(&self, plan: &Plan<'_>) -> Result<Bases, QuestionError> {
        let mut bases = Bases::new();
        for metric in plan.question.metrics.iter().copied().filter(|metric| metric.is_share()) {
            let base = base(plan.question, metric);
            let care = Care::of(&base, self.audience, self.site.rules.thresholds);
            let wider = Plan::new(&base, plan.period, self.site, care).map_err(|_| out_of_calendar())?;
            let lines = self.lines(&wider).await?;
            bases.insert(metric, Base::new(plan.question, &base, lines));
        }
        Ok(bases)
    }
}

pub(super) fn bare(question: &Question) -> Question {
    Question {
        order_by: Vec::new(),
        pagination: Pagination::default(),
        include: Include::default(),
        ..question.clone()
    }
}

/// The question whose visitors a share is taken of.
fn base(question: &Question, metric: Metric) -> Question {
    let mut base = Question { metrics: vec![Metric::Visitors], ..bare(question) };
    if metric == Metric::GroupConversionRate {
        base.dimensions.retain(|dimension| !dimension.is_deed());
    } else {
        base.dimensions.retain(|dimension| dimension.is_time());
    }
    if metric != Metric::Percentage {
        base.filters.retain(|filter| !filter.tests().iter().any(|test| test.dimension.is_deed()));
    }
    base
}
