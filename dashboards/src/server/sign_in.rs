//! `/api/session` and `/api/setup`: signing in, staying so, signing out, and the first owner.

use std::thread::available_parallelism;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use serve::access::Secret;
use tokio::sync::Semaphore;

use super::Staff;
use super::authorise::SignedIn;
use super::body::{JsonBody, secret};
use super::error::ApiError;
use crate::control::{ControlError, Language, NewSession, Role};
use crate::metrics::SignInResult;
use crate::throttle::{Key, Throttle};
use crate::token::Token;

/// Passwords that may wait to be hashed; each one in work takes 19 MiB and about 20 ms.
const WAITING: usize = 64;
/// How long one may wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where passwords are looked at: a few at a time, in a short queue, and slowly for whoever guesses.
pub(super) struct Desk {
    throttle: Throttle,
    waiting: Semaphore,
    hashing: Semaphore,
}

impl Default for Desk {
    fn default() -> Self {
        // Half the cores: the other half goes on answering while somebody floods the door.
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            throttle: Throttle::default(),
            waiting: Semaphore::new(WAITING),
            hashing: Semaphore::new((cores / 2).clamp(1, 4)),
        }
    }
}

impl Desk {
    /// Runs work that hashes a password, when its turn comes.
    async fn in_turn<T>(&self, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        let _place = self.waiting.try_acquire().map_err(|_| ApiError::Busy)?;
        let turn = tokio::time::timeout(PATIENCE, self.hashing.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(ApiError::Busy) };
        work.await
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    email: String,
    #[serde(deserialize_with = "secret")]
    password: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FirstOwner {
    token: String,
    email: String,
    #[serde(deserialize_with = "secret")]
    password: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    // Must be there; null is the browser's own choice.
    #[serde(deserialize_with = "Option::deserialize")]
    language: Option<String>,
}

/// `GET /api/session`
pub(super) async fn show(signed_in: SignedIn) -> Json<Value> {
    described(&signed_in)
}

/// `POST /api/session`
pub(super) async fn sign_in(
    State(staff): State<Staff>,
    headers: HeaderMap,
    JsonBody(credentials): JsonBody<Credentials>,
) -> Result<Response, ApiError> {
    let done = admit(&staff, &headers, credentials).await;
    staff.0.metrics.sign_in(match &done {
        Ok(_) => SignInResult::Ok,
        Err(ApiError::WrongCredentials) => SignInResult::WrongCredentials,
        Err(ApiError::SlowDown { .. }) => SignInResult::SlowDown,
        Err(ApiError::Busy) => SignInResult::Busy,
        Err(_) => SignInResult::Failed,
    });
    done
}

async fn admit(staff: &Staff, headers: &HeaderMap, credentials: Credentials) -> Result<Response, ApiError> {
    let Credentials { email, password } = credentials;
    let cookies = staff.cookies();
    let spelt = email.trim().to_lowercase();
    let device = cookies.device(headers, staff.0.control.device_key(), &spelt);
    let key = Key::of(&spelt, device.as_ref().map(Token::reveal).as_deref());
    let now_ms = staff.0.clock.now().as_millisecond();
    let desk = &staff.0.desk;
    desk.throttle.attempt(key, now_ms).map_err(|seconds| ApiError::SlowDown { seconds })?;

    let instead_of = cookies.session(headers);
    let work = staff.control(move |control| control.sign_in(&email, &password, instead_of.as_ref()));
    match desk.in_turn(work).await {
        Ok(new) => {
            desk.throttle.forgive(key);
            begun(staff, new, device, StatusCode::OK)
        }
        Err(error) => {
            if !matches!(error, ApiError::WrongCredentials) {
                desk.throttle.refund(key);
            }
            Err(error)
        }
    }
}

/// `POST /api/setup`
pub(super) async fn set_up(
    State(staff): State<Staff>,
    JsonBody(owner): JsonBody<FirstOwner>,
) -> Result<Response, ApiError> {
    let FirstOwner { token, email, password } = owner;
    let token = Token::parse(&token).ok_or(ApiError::SetupLinkUsed)?;
    let work = staff.control(move |control| control.redeem_setup_link(&token, &email, &password));
    begun(&staff, staff.0.desk.in_turn(work).await?, None, StatusCode::OK)
}

/// `PATCH /api/session`: what the signed-in person may change about themselves.
pub(super) async fn change(
    State(staff): State<Staff>,
    mut signed_in: SignedIn,
    JsonBody(change): JsonBody<Change>,
) -> Result<Json<Value>, ApiError> {
    let language = match change.language {
        None => None,
        Some(code) => Some(Language::of(&code).ok_or(ApiError::BadLanguage)?),
    };
    let user = signed_in.session.user.id;
    staff.control(move |control| control.set_language(user, language)).await?;
    signed_in.session.user.language = language;
    Ok(described(&signed_in))
}

/// `DELETE /api/session`
pub(super) async fn sign_out(State(staff): State<Staff>, signed_in: SignedIn) -> Result<Response, ApiError> {
    let token = signed_in.token;
    staff.control(move |control| control.revoke_session(&token)).await?;
    let cleared = AppendHeaders([(SET_COOKIE, staff.cookies().clear_session())]);
    Ok((StatusCode::NO_CONTENT, cleared).into_response())
}

/// The answer that begins a session: its cookie, and the cookie by which this browser is known from now on.
fn begun(
    staff: &Staff,
    new: NewSession,
    device: Option<Token>,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let number = match device {
        Some(number) => number,
        None => Token::generate().map_err(ControlError::from)?,
    };
    let cookies = staff.cookies();
    let device = cookies.set_device(staff.0.control.device_key(), &number, &new.session.user.email);
    let set = AppendHeaders([(SET_COOKIE, cookies.set_session(&new.token)), (SET_COOKIE, device)]);
    let signed_in = SignedIn { session: new.session, token: new.token };
    Ok((status, set, described(&signed_in)).into_response())
}

fn described(signed_in: &SignedIn) -> Json<Value> {
    let user = &signed_in.session.user;
    Json(json!({
        "user": { "email": user.email, "role": user.role.map(Role::code) },
        "csrf": signed_in.csrf().reveal(),
        "language": user.language.map(Language::code),
    }))
}
