//! `/api/questions`, a dashboard's whole load in one request, and `/api/v2/query`, one question of a program with a key.

use aggregator::suppress::Audience;
use aggregator::{Answer, Question};
use axum::Json;
use axum::extract::State;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Staff;
use super::analyses::{self, Item};
use super::authorise::{Action, Actor, Asking, SignedIn, WithKey, authorise};
use super::body::{JsonBody, JsonBytes};
use super::error::ApiError;

/// Most questions of one request.
const MOST: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    questions: Vec<Value>,
}

/// `POST /api/questions`. A question that can't be answered has its error in its place; the others are not held up.
pub(super) async fn batch(
    State(staff): State<Staff>,
    Asking(signed_in): Asking,
    JsonBody(Batch { questions }): JsonBody<Batch>,
) -> Result<Json<Value>, ApiError> {
    if questions.len() > MOST {
        return Err(ApiError::TooManyQuestions);
    }
    let answers = questions.iter().map(|question| async {
        match one(&staff, &signed_in, question).await {
            Ok(answer) => answer,
            Err(error) => error.body(),
        }
    });
    Ok(Json(json!({ "answers": join_all(answers).await })))
}

async fn one(staff: &Staff, signed_in: &SignedIn, item: &Value) -> Result<Value, ApiError> {
    let answer = match Item::from_json(item)? {
        Item::Question(question) => {
            signed_in.site(staff, &question.site_id)?;
            serde_json::to_value(ask(staff, &question).await?)
        }
        Item::Analysis(analysis) => {
            signed_in.site(staff, analysis.site_id())?;
            serde_json::to_value(analyses::ask(staff, &analysis, Audience::Staff).await?)
        }
    };
    answer.map_err(|_| ApiError::Internal)
}

/// `POST /api/v2/query`
pub(super) async fn query(
    State(staff): State<Staff>,
    WithKey(key): WithKey,
    JsonBytes(body): JsonBytes,
) -> Result<Json<Answer>, ApiError> {
    let question = Question::from_slice(&body)?;
    // A site that isn't there and one that isn't theirs are told alike.
    let site = staff.sites().by_domain(&question.site_id).ok_or(ApiError::InvalidApiKey)?;
    authorise(Actor::Key(&key), Action::AskAbout(site.id))?;
    ask(&staff, &question).await.map(Json)
}

pub(super) async fn ask(staff: &Staff, question: &Question) -> Result<Answer, ApiError> {
    let timer = staff.0.metrics.question_seconds.start_timer();
    let answer = staff.0.asker.answer(question).await;
    timer.observe_duration();
    Ok(answer?)
}
