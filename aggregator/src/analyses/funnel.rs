//! Funnels: how many visits came through a row of steps.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::percent;
use super::subject::{Setting, Subject};
use crate::answers::{Answers, Predicates, Relations};
use crate::question::{Goal, GoalKind, QuestionError, read_goal, read_list};
use crate::sql;
use crate::store::{Statement, Store};
use crate::suppress::{Audience, Care, Found, cleared, funnel_shown};

/// A row of steps that visits come through in order; other things may happen in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funnel {
    subject: Subject,
    steps: Vec<Goal>,
}

/// The answer to a funnel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FunnelAnswer {
    /// Always `funnel`.
    pub kind: &'static str,
    /// The steps in order.
    pub results: Vec<FunnelStep>,
    /// What they are part of.
    pub meta: FunnelMeta,
    /// The request as understood.
    pub query: Value,
}

/// One step. Without figures where nothing may be told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FunnelStep {
    /// Its place, from 1.
    pub step: usize,
    /// Name of its goal.
    pub name: String,
    /// Visits that came to it.
    pub visits: Option<u64>,
    /// Visitors with such a visit: distinct within each day, added up over days.
    pub visitors: Option<u64>,
    /// Percent of the visits of the step before; of the first step, of all visits of the question.
    pub from_previous: Option<f64>,
    /// Percent of the visits of the first step.
    pub from_first: Option<f64>,
    /// Visits of the step before that did not come to it; of the first step, visits of the question.
    pub dropped: Option<u64>,
}

/// What the steps are part of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FunnelMeta {
    /// Visits of the question, in the funnel or not.
    pub visits: Option<u64>,
    /// Their visitors.
    pub visitors: Option<u64>,
    /// Days with visits that the figures count.
    pub days_told: u64,
    /// Days with visits that they leave out, because a group is too small.
    pub days_untold: u64,
    /// Groups of fewer visitors of a day than this are not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folded_below: Option<u64>,
}

/// Visits and visitors that came to each step; the first pair is all of them. Empty where nothing may be told.
#[derive(Row, Deserialize)]
struct Counted {
    reached: Vec<u64>,
    visitors: Vec<u64>,
    days_told: u64,
    days_in_all: u64,
}

impl Funnel {
    /// Fewest and most steps.
    pub const STEPS: (usize, usize) = (2, 8);

    pub(super) fn from_json(json: &Value) -> Result<Self, QuestionError> {
        let subject = Subject::from_json(json, &["steps"])?;
        let (least, most) = Self::STEPS;
        let invalid = || {
            let message = format!("Expected {least} to {most} steps.");
            QuestionError::invalid("invalid_steps", "#/steps", message)
        };
        let steps = json.get("steps").ok_or_else(invalid)?;
        let steps = read_list(steps, "invalid_steps", "#/steps")?;
        if !(least..=most).contains(&steps.len()) {
            return Err(invalid());
        }
        let steps =
            steps.iter().enumerate().map(|(index, step)| read_goal(step, &format!("#/steps/{index}")));
        Ok(Self { subject, steps: steps.collect::<Result<_, _>>()? })
    }

    pub(super) fn site_id(&self) -> &str {
        &self.subject.asked.site_id
    }

    pub(super) async fn answer(
        &self,
        answers: &Answers,
        audience: Audience,
    ) -> Result<FunnelAnswer, QuestionError> {
        let setting = self.subject.set(answers, audience).await?;
        let care = self.subject.care(1, audience, &setting.site);
        let rows: Vec<Counted> =
            setting.rows(answers, |store, relations| self.statement(store, relations, care)).await?;
        let counted = rows.into_iter().next().ok_or(QuestionError::Unavailable { clickhouse: 0 })?;
        let counted = cleared(care, Found(counted)).into_inner();
        self.told(&counted, care, &setting)
    }

    fn statement(&self, store: &Store, relations: &Relations, care: Care) -> Statement {
        let mut predicates = self.subject.predicates(relations);
        let groups = sql::FUNNEL_GROUPS.fill(&[
            ("population", &self.subject.population(&mut predicates)),
            ("reached", &self.reached(&mut predicates, relations)),
        ]);
        // A rare value of a property is folded when its day is sealed: then nobody is told like few, as before.
        let conditions = self.steps.iter().any(|step| !step.conditions.is_empty());
        let shown = funnel_shown(&groups, care, conditions.then(|| self.steps.len() + 1));
        let each = |count: &dyn Fn(usize) -> String| {
            (0..=self.steps.len()).map(count).collect::<Vec<_>>().join(", ")
        };
        let told = "matches AND NOT hidden AND best = 0";
        let sql = sql::FUNNEL.fill(&[
            ("reached", &each(&|step| format!("sumIf(visits, {told} AND depth >= {step})"))),
            ("visitors", &each(&|step| format!("uniqExactMergeIf(who, {told} AND depth >= {step})"))),
            ("least", &care.least().unwrap_or(0).to_string()),
            ("groups", &shown),
        ]);
        predicates.values.bind(store.statement(sql::FUNNEL.name(), &sql))
    }

    /// How far each visit came.
    fn reached(&self, predicates: &mut Predicates<'_>, relations: &Relations) -> String {
        let steps: Vec<_> = self
            .steps
            .iter()
            .enumerate()
            .map(|(bit, step)| format!("{} * {}", predicates.goal(step), 1_u16 << bit))
            .collect();
        let scrolls = self.steps.iter().any(|step| matches!(step.kind, GoalKind::Scroll(..)));
        let at = if scrolls { sql::SCROLLED_AT.fill(&[]) } else { "2 * step".to_owned() };
        sql::REACHED.fill(&[("at", &at), ("steps", &steps.join(" + ")), ("ordered", &relations.ordered())])
    }

    fn told(&self, counted: &Counted, care: Care, setting: &Setting) -> Result<FunnelAnswer, QuestionError> {
        // A site without visits has nothing to hide, a filter without any may.
        let nothing = counted.days_in_all == 0 && (care.least().is_none() || self.subject.axes() == 0);
        let at = |figures: &[u64], step: usize| figures.get(step).copied().or_else(|| nothing.then_some(0));
        let results = self.steps.iter().zip(1..).map(|(goal, step)| {
            let visits = at(&counted.reached, step);
            let before = at(&counted.reached, step - 1);
            let first = at(&counted.reached, 1);
            FunnelStep {
                step,
                name: goal.name.clone(),
                visits,
                visitors: at(&counted.visitors, step),
                from_previous: visits.zip(before).map(|(visits, before)| percent(visits, before)),
                from_first: visits.zip(first).map(|(visits, first)| percent(visits, first)),
                dropped: visits.zip(before).map(|(visits, before)| before.saturating_sub(visits)),
            }
        });
        let mut query = self.subject.echo("funnel", setting)?;
        query.insert("steps".to_owned(), self.steps.iter().map(Goal::to_json).collect());
        Ok(FunnelAnswer {
            kind: "funnel",
            results: results.collect(),
            meta: FunnelMeta {
                visits: at(&counted.reached, 0),
                visitors: at(&counted.visitors, 0),
                days_told: counted.days_told,
                days_untold: counted.days_in_all - counted.days_told,
                folded_below: care.least(),
            },
            query: Value::Object(query),
        })
    }
}
