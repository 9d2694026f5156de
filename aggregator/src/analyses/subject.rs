//! What an analysis is about: site, days, and which visits, in the grammar of v2's questions.

use std::sync::Arc;

use events::{LocalDay, Site};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::answers::{Answers, Place, Predicates, Relations, Shift, Values, out_of_calendar, spelled};
use crate::question::{DateRange, Dimension, Filter, Goal, Period, Question, QuestionError, only_keys};
use crate::sql;
use crate::store::{Statement, Store};
use crate::suppress::{Audience, Care};

/// Keys that an analysis shares with a question.
const SHARED: [&str; 5] = ["kind", "site_id", "date_range", "filters", "goals"];

/// A partition can hold days this far beyond what its instant says: sites change their zone.
const ZONE_MARGIN_S: i64 = 2 * 86_400;

/// Which visits of which site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    /// As asked.
    pub(super) asked: Question,
    /// The same, its filters all of visits: what they ask of events has become a deed.
    question: Question,
}

/// A subject on its site's calendar.
pub(super) struct Setting {
    pub(super) site: Arc<Site>,
    pub(super) period: Period,
    now: Timestamp,
    span: (i64, i64),
    shift: Shift,
}

impl Subject {
    /// Reads what is shared; `own` are the keys of the analysis itself.
    pub(super) fn from_json(json: &Value, own: &[&str]) -> Result<Self, QuestionError> {
        let Value::Object(body) = json else {
            return Err(QuestionError::invalid("invalid_question", "#", "Expected an object."));
        };
        let known: Vec<&str> = SHARED.iter().chain(own).copied().collect();
        only_keys(body, "#", &known)?;
        let shared = ["site_id", "date_range", "filters", "goals", "pagination"];
        let mut question: Map<String, Value> = body
            .iter()
            .filter(|(key, _)| shared.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        question.insert("metrics".to_owned(), json!(["visits"]));
        let asked = Question::from_json(&Value::Object(question))?;
        let whole_days = matches!(
            asked.date_range,
            DateRange::Today
                | DateRange::Days(_)
                | DateRange::Month
                | DateRange::Months(_)
                | DateRange::Year
                | DateRange::All
                | DateRange::Dates(..)
        );
        if !whole_days {
            return Err(unsupported("#/date_range", "Analyses are answered of whole days."));
        }
        let question = Question { filters: of_visits(&asked.filters)?, ..asked.clone() };
        Ok(Self { asked, question })
    }

    /// How many dimensions the filters involve.
    pub(super) fn axes(&self) -> usize {
        self.question.axes().len() + self.question.deeds().len()
    }

    /// What `audience` may be told of a table of so many dimensions beside those of the filters.
    pub(super) fn care(&self, more: usize, audience: Audience, site: &Site) -> Care {
        Care::of_ways(self.axes() + more, audience, site.rules.thresholds)
    }

    /// Finds the site and its days.
    pub(super) async fn set(&self, answers: &Answers, audience: Audience) -> Result<Setting, QuestionError> {
        let (site, period, now) = answers.setting(&self.asked, audience).await?;
        let ends = |day| LocalDay::of(day, &site.zone).map_err(|_| out_of_calendar());
        let (first, last) = (ends(period.first)?, ends(period.last)?);
        let span = (first.opens_at, last.closes_at);
        let shift = Shift::within(span.0, span.1, &site);
        Ok(Setting { site, period, now, span, shift })
    }

    /// Writes conditions on the events and visits of these relations.
    pub(super) fn predicates<'a>(&'a self, relations: &'a Relations) -> Predicates<'a> {
        Predicates { question: &self.question, relations, values: Values::default() }
    }

    /// Every visit with its group.
    pub(super) fn population(&self, predicates: &mut Predicates<'_>) -> String {
        let cell =
            if self.axes() == 0 { "emptyArrayString()".to_owned() } else { predicates.cell(Place::Visit) };
        let matches = predicates.all(&self.question.filters, Place::Visit);
        sql::POPULATION.fill(&[
            ("cell", &cell),
            ("where", &matches),
            ("visits", &predicates.relations.visits()),
        ])
    }

    /// The request as understood, without what is the analysis's own.
    pub(super) fn echo(&self, kind: &str, setting: &Setting) -> Result<Map<String, Value>, QuestionError> {
        let range = spelled(setting.period, &setting.site).map_err(|_| out_of_calendar())?;
        let mut query = Map::new();
        query.insert("kind".to_owned(), json!(kind));
        query.insert("site_id".to_owned(), json!(self.asked.site_id));
        query.insert("date_range".to_owned(), json!(range));
        let filters: Vec<_> = self.asked.filters.iter().map(Filter::to_json).collect();
        query.insert("filters".to_owned(), json!(filters));
        if !self.asked.goals.is_empty() {
            let goals: Vec<_> = self.asked.goals.iter().map(Goal::to_json).collect();
            query.insert("goals".to_owned(), json!(goals));
        }
        Ok(query)
    }
}

impl Setting {
    /// The rows of a statement over the subject's days, every day from one side.
    pub(super) async fn rows<T: clickhouse::RowOwned + clickhouse::RowRead>(
        &self,
        answers: &Answers,
        write: impl Fn(&Store, &Relations) -> Statement,
    ) -> Result<Vec<T>, QuestionError> {
        let (from, until) = (self.span.0 - ZONE_MARGIN_S, self.span.1 + ZONE_MARGIN_S);
        let statement = |store: &Store, open: &[i64]| {
            write(store, &Relations::new(!open.is_empty()))
                .param("site", self.site.id.0)
                .param("first", self.period.first.to_string())
                .param("last", self.period.last.to_string())
                .param("open", open)
                .param("shift_from", self.shift.from)
                .param("shift_until", self.shift.until)
                .param("shift_by", self.shift.by)
        };
        answers.consistent(self.now, |at| (from..=until).contains(&at), statement).await
    }
}

fn unsupported(at: &str, message: &str) -> QuestionError {
    QuestionError::invalid("unsupported_combination", at, message)
}

/// Filters of visits alone. What is asked of events, together, becomes a deed: one event of the visit has all of it.
fn of_visits(filters: &[Filter]) -> Result<Vec<Filter>, QuestionError> {
    let mut single = Vec::new();
    for filter in filters {
        flatten(filter, &mut single);
    }
    let about =
        |filter: &Filter, of: fn(Dimension) -> bool| filter.own_tests().iter().any(|test| of(test.dimension));
    let (of_events, mut of_visits): (Vec<Filter>, Vec<Filter>) =
        single.into_iter().partition(|filter| about(filter, Dimension::is_of_event));
    // A visit's first and last page stand beside its events, not with them.
    let ends = |d| matches!(d, Dimension::EntryPage | Dimension::ExitPage | Dimension::EntryHost);
    if of_events.iter().any(|filter| about(filter, ends)) {
        return Err(unsupported(
            "#/filters",
            "One filter speaks of events or of the pages a visit began and ended with, not of both.",
        ));
    }
    if !of_events.is_empty() {
        of_visits.push(Filter::HasDone(Box::new(Filter::And(of_events))));
    }
    Ok(of_visits)
}

fn flatten(filter: &Filter, into: &mut Vec<Filter>) {
    match filter {
        Filter::And(parts) => parts.iter().for_each(|part| flatten(part, into)),
        Filter::Or(_) | Filter::Not(_) | Filter::Test(_) | Filter::HasDone(_) | Filter::HasNotDone(_) => {
            into.push(filter.clone());
        }
    }
}
