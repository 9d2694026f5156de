//! `/api/shared/{slug}`: reading through a shared link, without an account.
//!
//! Whatever a reader asks is pinned: to the link's site, to the filters of its segment, to the goals that staff have laid
//! down, and to what the public may be told ([`Audience::Public`]). The one cookie there is says that this browser was told
//! the link's password; it is sent to the addresses of this link alone. It is a keyed hash over the link and the hash of
//! its password, so it opens nothing once the link is revoked, and nothing is kept on this side.

use std::num::NonZeroU64;

use aggregator::QuestionError;
use aggregator::question::{Dimension, Goal};
use aggregator::suppress::Audience;
use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use futures_util::future::join_all;
use http::header::{COOKIE, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use serve::access::Secret;
use tokio::sync::Semaphore;

use super::Staff;
use super::analyses::{self, Item};
use super::body::{JsonBody, secret};
use super::error::ApiError;
use super::goals;
use crate::control::EntryError;
use crate::control::goals::StoredGoal;
use crate::control::links::OpenLink;
use crate::password;
use crate::throttle::{Key, Throttle};
use crate::token::Token;

/// Most questions of one request.
const MOST: usize = 16;
/// How long a browser need not be told the password again.
const UNLOCKED_SECONDS: i64 = 30 * 24 * 3600;
/// Loads of readers under way at once: the statistics are staff's first.
const AT_ONCE: usize = 8;
const CONTEXT: &str = "sanaq 2026-11 shared link unlocked";

/// What readers share.
pub(super) struct Readers {
    throttle: Throttle,
    loads: Semaphore,
}

impl Default for Readers {
    fn default() -> Self {
        Self { throttle: Throttle::default(), loads: Semaphore::new(AT_ONCE) }
    }
}

/// A link that is there, and whether this browser may read through it.
pub(super) struct Reader {
    open: OpenLink,
    unlocked: bool,
}

impl FromRequestParts<Staff> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, staff: &Staff) -> Result<Self, ApiError> {
        let slug = Path::<String>::from_request_parts(parts, staff).await;
        let Path(slug) = slug.map_err(|_| ApiError::UnknownRoute)?;
        let open = staff.control(move |control| control.open_link(&slug)).await?;
        let now = staff.0.clock.now().as_second();
        let unlocked = open.password_hash.is_none() || carries_proof(staff, &open, &parts.headers, now);
        Ok(Self { open, unlocked })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Password {
    #[serde(deserialize_with = "secret")]
    password: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    questions: Vec<Value>,
}

/// `GET /api/shared/{slug}`. A locked link doesn't say whose it is.
pub(super) async fn show(State(staff): State<Staff>, reader: Reader) -> Result<Json<Value>, ApiError> {
    let Reader { open, unlocked } = reader;
    if !unlocked {
        return Ok(Json(json!({ "locked": true })));
    }
    let domain = open.domain.clone();
    let (site, stored, funnels) = staff
        .control(move |control| {
            Ok::<_, ApiError>((control.site(&domain)?, control.goals(&domain)?, control.funnels(&domain)?))
        })
        .await?;
    Ok(Json(json!({
        "locked": false,
        "name": open.link.name,
        "domain": site.domain,
        "timezone": site.timezone,
        "week_start": site.week_start,
        "limited": open.link.segment.is_some(),
        "goals": stored.iter().map(|goal: &StoredGoal| goals::shown(goal)).collect::<Vec<_>>(),
        "funnels": funnels.iter().map(goals::shown_funnel).collect::<Vec<_>>(),
    })))
}

/// `POST /api/shared/{slug}/password`
pub(super) async fn unlock(
    State(staff): State<Staff>,
    Reader { open, .. }: Reader,
    JsonBody(Password { password }): JsonBody<Password>,
) -> Result<Response, ApiError> {
    let Some(hash) = open.password_hash.clone() else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let now = staff.0.clock.now();
    // Whoever was let in before has the cookie: a guesser makes nobody wait who reads already.
    let key = Key::of(&format!("link {}", open.link.id), None);
    let readers = &staff.0.readers;
    readers.throttle.attempt(key, now.as_millisecond()).map_err(|seconds| ApiError::SlowDown { seconds })?;
    let work = staff.control(move |_| Ok::<_, ApiError>(password::verify(&password, Some(&hash))));
    match staff.0.desk.in_turn(work).await {
        Ok(true) => {
            readers.throttle.forgive(key);
            let cookie = cookie(&staff, &open, now.as_second() + UNLOCKED_SECONDS);
            Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, cookie)])).into_response())
        }
        Ok(false) => Err(EntryError::WrongLinkPassword.into()),
        Err(error) => {
            readers.throttle.refund(key);
            Err(error)
        }
    }
}

/// `POST /api/shared/{slug}/questions`: the batch of `/api/questions`, as the public may ask it.
pub(super) async fn questions(
    State(staff): State<Staff>,
    Reader { open, unlocked }: Reader,
    JsonBody(Batch { questions }): JsonBody<Batch>,
) -> Result<Json<Value>, ApiError> {
    if !unlocked {
        return Err(EntryError::LinkLocked.into());
    }
    if questions.len() > MOST {
        return Err(ApiError::TooManyQuestions);
    }
    let _place = staff.0.readers.loads.acquire().await.map_err(|_| ApiError::Busy)?;
    let answers = questions.into_iter().map(|question| async {
        match one(&staff, &open, question).await {
            Ok(answer) => answer,
            Err(error) => error.body(),
        }
    });
    Ok(Json(json!({ "answers": join_all(answers).await })))
}

async fn one(staff: &Staff, open: &OpenLink, question: Value) -> Result<Value, ApiError> {
    let answer = match pinned(open, question)? {
        Item::Question(question) => {
            let timer = staff.0.metrics.question_seconds.start_timer();
            let answer = staff.0.asker.answer_for(&question, Audience::Public).await;
            timer.observe_duration();
            serde_json::to_value(answer?)
        }
        Item::Analysis(analysis) => {
            serde_json::to_value(analyses::ask(staff, &analysis, Audience::Public).await?)
        }
    };
    // The question is echoed as understood, and the segment's filters are staff's business.
    let mut answer = answer.map_err(|_| ApiError::Internal)?;
    if !open.filters.is_empty()
        && let Some(Value::Array(filters)) = answer.pointer_mut("/query/filters")
    {
        filters.truncate(filters.len().saturating_sub(open.filters.len()));
    }
    Ok(answer)
}

/// The question that a reader's question is answered as.
fn pinned(open: &OpenLink, mut question: Value) -> Result<Item, ApiError> {
    let Value::Object(body) = &mut question else { return Ok(Item::from_json(&question)?) };
    if body.get("site_id").is_some_and(|named| *named != json!(open.domain)) {
        return Err(ApiError::UnknownSite);
    }
    body.insert("site_id".into(), json!(open.domain));
    let Value::Array(filters) = body.entry("filters").or_insert_with(|| json!([])) else {
        // Refused by the engine, in its words.
        return Ok(Item::from_json(&question)?);
    };
    // All that stands at the top must hold: what is added there can't be asked away.
    filters.extend(open.filters.iter().cloned());
    // A reader's own goal of the same name would redefine the segment.
    let named = |goal: &Goal| {
        let asked = body.get("goals").and_then(Value::as_array);
        asked.is_some_and(|asked| asked.iter().any(|one| one["display_name"] == json!(goal.name)))
    };
    let all = speaks_of_goals(&open.filters);
    let goals: Vec<Value> = open.goals.iter().filter(|goal| all || named(goal)).map(Goal::to_json).collect();
    body.insert("goals".into(), Value::Array(goals));
    if let Some(Value::Array(steps)) = body.get_mut("steps") {
        for (index, step) in steps.iter_mut().enumerate() {
            *step = laid_down(open, step, index)?;
        }
    }
    Ok(Item::from_json(&question)?)
}

/// A step of a funnel is a goal that staff have laid down: free steps could be chosen to differ by a few visitors.
fn laid_down(open: &OpenLink, step: &Value, index: usize) -> Result<Value, QuestionError> {
    let goal = open.goals.iter().find(|goal| step["display_name"] == json!(goal.name));
    goal.map(Goal::to_json).ok_or_else(|| QuestionError::Invalid {
        code: "invalid_steps",
        pointer: format!("#/steps/{index}"),
        message: "Steps are goals of the site, by their display_name.".into(),
    })
}

fn speaks_of_goals(filters: &[Value]) -> bool {
    let name = json!(Dimension::Goal.name());
    filters.iter().any(|filter| mentions(filter, &name))
}

fn mentions(value: &Value, name: &Value) -> bool {
    value == name || value.as_array().is_some_and(|parts| parts.iter().any(|part| mentions(part, name)))
}

fn cookie_name(staff: &Staff) -> &'static str {
    if staff.tls() { "__Secure-sanaq-shared" } else { "sanaq_shared" }
}

fn proof(staff: &Staff, open: &OpenLink, ends_at: i64) -> Token {
    let key = blake3::derive_key(CONTEXT, staff.0.control.device_key());
    let text = format!("{ends_at} {} {}", open.link.slug, open.password_hash.as_deref().unwrap_or_default());
    Token::parse(&blake3::keyed_hash(&key, text.as_bytes()).to_hex())
        .expect("a hash is 64 hexadecimal digits")
}

/// Over TLS it is sent from a frame on another site too, and kept apart there for each site that embeds it.
fn cookie(staff: &Staff, open: &OpenLink, ends_at: i64) -> HeaderValue {
    let marks = if staff.tls() { "SameSite=None; Secure; Partitioned" } else { "SameSite=Strict" };
    let text = format!(
        "{}={ends_at}.{}; Path=/api/shared/{}; HttpOnly; Max-Age={UNLOCKED_SECONDS}; {marks}",
        cookie_name(staff),
        proof(staff, open, ends_at).reveal(),
        open.link.slug,
    );
    let mut header = HeaderValue::try_from(text).expect("names and digits are visible ASCII");
    header.set_sensitive(true);
    header
}

fn carries_proof(staff: &Staff, open: &OpenLink, headers: &HeaderMap, now: i64) -> bool {
    let name = cookie_name(staff);
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .any(|(_, value)| {
            let Some((ends_at, spelt)) = value.split_once('.') else { return false };
            let Ok(ends_at) = ends_at.parse::<NonZeroU64>() else { return false };
            i64::try_from(ends_at.get())
                .is_ok_and(|ends_at| now < ends_at && proof(staff, open, ends_at).is_spelt(spelt))
        })
}
