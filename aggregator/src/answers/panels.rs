//! Several questions at once. Lists that differ in nothing but their dimension are read together: one statement over the
//! statistics instead of one for each list, of which most is the fixed cost of a small query. What is told of each does not
//! change: the rows wait here until the question that they belong to asks for them.

use events::Site;
use futures_util::future::join_all;
use jiff::Timestamp;

use super::asking::Asking;
use super::plan::Plan;
use super::table::Counted;
use super::{Answers, Arc};
use crate::question::{DateRange, Pagination, Period, Question, QuestionError};
use crate::sql::Stat;
use crate::suppress::{Audience, Care};

/// Rows that were read beforehand.
#[derive(Debug)]
pub(super) struct Shelf(Vec<(Panel, Vec<Counted>)>);

/// Nothing was read beforehand.
pub(super) static EMPTY: Shelf = Shelf(Vec::new());

/// A list of statistics: all that a statement says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Panel {
    pub(super) stat: Stat,
    pub(super) page: Page,
}

/// What lists that are read together have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) site: u32,
    pub(super) period: Period,
    pub(super) order: String,
    pub(super) limit: u64,
    pub(super) offset: u64,
}

impl Shelf {
    /// The rows of a plan, if they were read beforehand.
    pub(super) fn rows_of(&self, plan: &Plan<'_>) -> Option<Vec<Counted>> {
        let panel = plan.panel()?;
        self.0.iter().find(|(held, _)| *held == panel).map(|(_, rows)| rows.clone())
    }

    /// Reads what several of these questions can share. What cannot be read is left to the question that needs it, and so is
    /// the reason why.
    pub(super) async fn read(
        answers: &Answers,
        questions: &[Question],
        audience: Audience,
        now: Timestamp,
    ) -> Self {
        let mut lists = Vec::new();
        for question in questions {
            lists.extend(lists_of(answers, question, audience, now).await.unwrap_or_default());
        }
        let mut groups: Vec<(Plan<'_>, Vec<Panel>)> = Vec::new();
        for (question, period, site) in &lists {
            let care = Care::of(question, audience, site.rules.thresholds);
            let Ok(plan) = Plan::new(question, *period, site, care) else { continue };
            let Some(panel) = plan.panel() else { continue };
            match groups.iter_mut().find(|(_, panels)| panels.iter().any(|one| one.page == panel.page)) {
                Some((_, panels)) if panels.contains(&panel) => {}
                Some((_, panels)) => panels.push(panel),
                None => groups.push((plan, vec![panel])),
            }
        }
        let read = groups.iter().filter(|(_, panels)| panels.len() > 1).map(|(plan, panels)| async move {
            let stats: Vec<Stat> = panels.iter().map(|panel| panel.stat).collect();
            let may_touch = |at| plan.may_touch(at);
            let rows = answers
                .consistent(now, may_touch, |store, open| plan.statement_of(store, open, &stats))
                .await
                .ok()?;
            Some(apart(panels, rows))
        });
        Self(join_all(read).await.into_iter().flatten().flatten().collect())
    }
}

/// The rows of each list, which come numbered from 1.
fn apart(panels: &[Panel], rows: Vec<Counted>) -> Vec<(Panel, Vec<Counted>)> {
    let mut lists: Vec<_> = panels.iter().map(|panel| (panel.clone(), Vec::new())).collect();
    for row in rows {
        let (number, row) = row.taken_apart();
        if let Some((_, list)) = number.checked_sub(1).and_then(|place| lists.get_mut(place)) {
            list.push(row);
        }
    }
    lists
}

/// The question on the days it is about, and on those it is compared with.
async fn lists_of(
    answers: &Answers,
    question: &Question,
    audience: Audience,
    now: Timestamp,
) -> Result<Vec<(Question, Period, Arc<Site>)>, QuestionError> {
    let site = answers.sites.by_domain(&question.site_id).ok_or(QuestionError::UnknownSite)?;
    if question.date_range == DateRange::Realtime {
        return Ok(Vec::new());
    }
    let period = Asking { answers, site: &site, audience, now, shelf: &EMPTY }.period(question).await?;
    let mut lists = vec![(question.clone(), period, Arc::clone(&site))];
    if let Some(comparisons) = &question.include.comparisons
        && let Ok(before) = period.compared(comparisons)
    {
        let whole = Question { pagination: Pagination::default(), ..question.clone() };
        lists.push((whole, before, site));
    }
    Ok(lists)
}
