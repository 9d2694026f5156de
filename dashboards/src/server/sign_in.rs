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

use super::authorise::{Entering, SignedIn};
use super::body::{JsonBody, optional_secret, secret};
use super::error::ApiError;
use super::{Staff, client};
use crate::control::sessions::Attempt;
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
    codes: Throttle,
    waiting: Semaphore,
    hashing: Semaphore,
}

impl Default for Desk {
    fn default() -> Self {
        // Half the cores: the other half goes on answering while somebody floods the door.
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            throttle: Throttle::default(),
            codes: Throttle::of_codes(),
            waiting: Semaphore::new(WAITING),
            hashing: Semaphore::new((cores / 2).clamp(1, 4)),
        }
    }
}

impl Desk {
    /// Runs work that hashes a password, when its turn comes.
    pub(super) async fn in_turn<T>(
        &self,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
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
    /// Of the second factor, or a recovery code; asked for when the password was right.
    #[serde(default, deserialize_with = "optional_secret")]
    code: Option<Secret>,
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
pub(super) async fn show(Entering(signed_in): Entering) -> Json<Value> {
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
        Err(ApiError::CodeNeeded) => SignInResult::CodeNeeded,
        Err(ApiError::WrongCode) => SignInResult::WrongCode,
        Err(ApiError::SlowDown { .. }) => SignInResult::SlowDown,
        Err(ApiError::Busy) => SignInResult::Busy,
        Err(_) => SignInResult::Failed,
    });
    done
}

async fn admit(staff: &Staff, headers: &HeaderMap, credentials: Credentials) -> Result<Response, ApiError> {
    let Credentials { email, password, code } = credentials;
    let cookies = staff.cookies();
    let spelt = email.trim().to_lowercase();
    let device = cookies.device(headers, staff.0.control.device_key(), &spelt);
    let key = Key::of(&spelt, device.as_ref().map(Token::reveal).as_deref());
    let now_ms = staff.0.clock.now().as_millisecond();
    let desk = &staff.0.desk;
    desk.throttle.attempt(key, now_ms).map_err(|seconds| ApiError::SlowDown { seconds })?;
    let with_code = code.is_some();
    if with_code && let Err(seconds) = desk.codes.attempt(key, now_ms) {
        desk.throttle.refund(key);
        return Err(ApiError::SlowDown { seconds });
    }

    let instead_of = cookies.session(headers);
    let attempt = Attempt { email, password, code, instead_of, client: client::of(headers) };
    let work = staff.control(move |control| control.sign_in_with(attempt));
    match desk.in_turn(work).await {
        Ok(new) => {
            desk.throttle.forgive(key);
            desk.codes.forgive(key);
            begun(staff, new, device, StatusCode::OK)
        }
        Err(error) => {
            if !matches!(error, ApiError::WrongCredentials) {
                desk.throttle.refund(key);
            }
            // Who doesn't know the password can't make its owner wait for codes.
            if with_code && !matches!(error, ApiError::WrongCode) {
                desk.codes.refund(key);
            }
            Err(error)
        }
    }
}

/// Asks somebody who is signed in for their password, before something that changes how they get in. Guessing is slowed down
/// as at the door.
pub(super) async fn prove(staff: &Staff, signed_in: &SignedIn, password: Secret) -> Result<(), ApiError> {
    let user = &signed_in.session.user;
    let key = within(signed_in);
    let desk = &staff.0.desk;
    let now_ms = staff.0.clock.now().as_millisecond();
    desk.throttle.attempt(key, now_ms).map_err(|seconds| ApiError::SlowDown { seconds })?;
    let id = user.id;
    match desk.in_turn(staff.control(move |control| control.is_password_of(id, &password))).await {
        Ok(true) => {
            desk.throttle.forgive(key);
            Ok(())
        }
        Ok(false) => Err(ApiError::WrongPassword),
        Err(error) => {
            desk.throttle.refund(key);
            Err(error)
        }
    }
}

/// Work that looks at a code of somebody who is signed in.
pub(super) async fn watched_code<T>(
    staff: &Staff,
    signed_in: &SignedIn,
    work: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    let key = within(signed_in);
    let codes = &staff.0.desk.codes;
    let now_ms = staff.0.clock.now().as_millisecond();
    codes.attempt(key, now_ms).map_err(|seconds| ApiError::SlowDown { seconds })?;
    let done = work.await;
    match &done {
        Ok(_) => codes.forgive(key),
        Err(ApiError::WrongCode) => {}
        Err(_) => codes.refund(key),
    }
    done
}

/// What is tried within a session counts for this session.
fn within(signed_in: &SignedIn) -> Key {
    Key::of(&signed_in.session.user.email, Some(&format!("session {}", signed_in.session.id)))
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
    Entering(mut signed_in): Entering,
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
pub(super) async fn sign_out(
    State(staff): State<Staff>,
    Entering(signed_in): Entering,
) -> Result<Response, ApiError> {
    let token = signed_in.token;
    staff.control(move |control| control.revoke_session(&token)).await?;
    let cleared = AppendHeaders([(SET_COOKIE, staff.cookies().clear_session())]);
    Ok((StatusCode::NO_CONTENT, cleared).into_response())
}

/// The answer that begins a session: its cookie, and the cookie by which this browser is known from now on.
pub(super) fn begun(
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

/// The answer to a session that goes on under another token.
pub(super) fn renewed(staff: &Staff, new: NewSession) -> Result<Response, ApiError> {
    let set = AppendHeaders([(SET_COOKIE, staff.cookies().set_session(&new.token))]);
    let signed_in = SignedIn { session: new.session, token: new.token };
    Ok((set, described(&signed_in)).into_response())
}

pub(super) fn described(signed_in: &SignedIn) -> Json<Value> {
    let user = &signed_in.session.user;
    Json(json!({
        "user": { "email": user.email, "role": user.role.map(Role::code) },
        "csrf": signed_in.csrf().reveal(),
        "language": user.language.map(Language::code),
        "must_enrol": signed_in.session.must_enrol,
    }))
}
