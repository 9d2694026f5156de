//! `/api/questions`, a dashboard's whole load in one request, and `/api/v2/query`, one question of a program with a key.

use aggregator::suppress::Audience;
use aggregator::{Answer, Question};
use axum::Json;
use axum::extract::State;
use futures_util::future::{join, join_all};
use serde::{Deserialize, Serialize};
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
    let items: Vec<_> = questions.iter().map(|item| allowed(&staff, &signed_in, item)).collect();
    // What is asked together is read together.
    let asked: Vec<Question> = items
        .iter()
        .filter_map(|item| match item {
            Ok(Item::Question(question)) => Some(question.clone()),
            Ok(Item::Analysis(_)) | Err(_) => None,
        })
        .collect();
    let analysed = items.iter().map(async |item| match item {
        Ok(Item::Analysis(analysis)) => Some(analyses::ask(&staff, analysis, Audience::Staff).await),
        Ok(Item::Question(_)) | Err(_) => None,
    });
    let (told, analysed) = join(ask_all(&staff, &asked), join_all(analysed)).await;
    let mut told = told.into_iter();
    let answers = items.into_iter().zip(analysed).map(|(item, analysed)| match (item, analysed) {
        (Err(refused), _) => refused.body(),
        (Ok(_), Some(analysis)) => written(analysis),
        (Ok(_), None) => told.next().map_or_else(|| ApiError::Internal.body(), written),
    });
    Ok(Json(json!({ "answers": answers.collect::<Vec<_>>() })))
}

/// An item of the batch, if it is understood and about a site of theirs.
fn allowed(staff: &Staff, signed_in: &SignedIn, item: &Value) -> Result<Item, ApiError> {
    let item = Item::from_json(item)?;
    let site = match &item {
        Item::Question(question) => &question.site_id,
        Item::Analysis(analysis) => analysis.site_id(),
    };
    signed_in.site(staff, site)?;
    Ok(item)
}

fn written(answer: Result<impl Serialize, ApiError>) -> Value {
    answer
        .and_then(|answer| serde_json::to_value(answer).map_err(|_| ApiError::Internal))
        .unwrap_or_else(|error| error.body())
}

async fn ask_all(staff: &Staff, questions: &[Question]) -> Vec<Result<Answer, ApiError>> {
    if questions.is_empty() {
        return Vec::new();
    }
    let timer = staff.0.metrics.question_seconds.start_timer();
    let answers = staff.0.asker.answer_all(questions, Audience::Staff).await;
    timer.observe_duration();
    answers.into_iter().map(|answer| Ok(answer?)).collect()
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
