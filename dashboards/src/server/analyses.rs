//! Items of a batch that are no questions of v2: funnels and journeys, told apart by `kind`.

use aggregator::suppress::Audience;
use aggregator::{Analysis, AnalysisAnswer, Question, QuestionError};
use serde_json::Value;

use super::Staff;
use super::error::ApiError;

/// One item of a batch.
pub(super) enum Item {
    /// A question of v2: without `kind`, or of the kind `query`.
    Question(Question),
    /// Anything else.
    Analysis(Box<Analysis>),
}

impl Item {
    pub(super) fn from_json(json: &Value) -> Result<Self, QuestionError> {
        match json.get("kind") {
            None => Question::from_json(json).map(Self::Question),
            Some(kind) if kind == "query" => {
                let mut question = json.clone();
                question.as_object_mut().map(|object| object.remove("kind"));
                Question::from_json(&question).map(Self::Question)
            }
            Some(_) => Analysis::from_json(json).map(|analysis| Self::Analysis(Box::new(analysis))),
        }
    }
}

/// What these readers may be told.
pub(super) async fn ask(
    staff: &Staff,
    analysis: &Analysis,
    audience: Audience,
) -> Result<AnalysisAnswer, ApiError> {
    let timer = staff.0.metrics.question_seconds.start_timer();
    let answer = staff.0.asker.analyse(analysis, audience).await;
    timer.observe_duration();
    Ok(answer?)
}
