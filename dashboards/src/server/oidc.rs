//! `/api/oidc…`: signing in through the identity provider. Both addresses are opened by the browser itself, so what goes
//! wrong is said by the sign-in page: it gets the code as `/?oidc=oidc_denied`.
//!
//! The provider sends people back from its own site, which is why the cookie they carry meanwhile is the one that is
//! `SameSite=Lax`, and why no session is brought along then: whoever has one isn't sent away in the first place.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::authorise::Entering;
use super::error::ApiError;
use super::{Staff, client, sign_in};
use crate::control::identities::IdentityError;
use crate::metrics::SignInResult;
use crate::oidc::{OidcError, Provider, Returned};

/// `GET /api/oidc`: what the button says; null where there is none.
pub(super) async fn show(State(staff): State<Staff>) -> Json<Value> {
    Json(json!({ "name": staff.0.oidc.as_ref().map(Provider::name) }))
}

/// `GET /api/oidc/start`
pub(super) async fn start(
    State(staff): State<Staff>,
    signed_in: Option<Entering>,
) -> Result<Response, ApiError> {
    let provider = staff.0.oidc.as_ref().ok_or(ApiError::NoProvider)?;
    if signed_in.is_some() {
        return Ok(to("/"));
    }
    match provider.begin().await {
        Ok(beginning) => {
            let cookie = staff.cookies().set_started(&beginning.cookie);
            Ok((AppendHeaders([(SET_COOKIE, cookie)]), to(&beginning.address)).into_response())
        }
        Err(error) => Ok(refused(&staff, error)),
    }
}

/// `GET /api/oidc/callback`
pub(super) async fn callback(
    State(staff): State<Staff>,
    headers: HeaderMap,
    returned: Result<Query<Returned>, QueryRejection>,
) -> Result<Response, ApiError> {
    let provider = staff.0.oidc.as_ref().ok_or(ApiError::NoProvider)?;
    let cookies = staff.cookies();
    let Query(returned) = returned.unwrap_or_default();
    let person = match provider.finish(cookies.started(&headers), returned).await {
        Ok(person) => person,
        Err(error) => return Ok(refused(&staff, error)),
    };
    let (instead_of, client) = (cookies.session(&headers), client::of(&headers));
    let done = staff
        .control(move |control| Ok::<_, ApiError>(control.sign_in_as(&person, instead_of.as_ref(), client)))
        .await?;
    match done {
        Ok(new) => {
            staff.0.metrics.sign_in(SignInResult::Ok);
            let mut response = sign_in::begun(&staff, new, None, StatusCode::SEE_OTHER)?;
            // The page asks for what it needs by itself.
            *response.body_mut() = axum::body::Body::empty();
            let head = response.headers_mut();
            head.remove(http::header::CONTENT_TYPE);
            head.remove(http::header::CONTENT_LENGTH);
            head.insert(LOCATION, HeaderValue::from_static("/"));
            head.append(SET_COOKIE, cookies.clear_started());
            Ok(response)
        }
        Err(IdentityError::UnknownPerson) => Ok(refused(&staff, OidcError::UnknownPerson)),
        Err(IdentityError::OtherSubject) => Ok(refused(&staff, OidcError::OtherSubject)),
        Err(IdentityError::SecondFactor) => Ok(refused(&staff, OidcError::SecondFactor)),
        Err(IdentityError::Control(error)) => Err(error.into()),
    }
}

/// Back to the sign-in page, which says why. The cookie is done with.
fn refused(staff: &Staff, error: OidcError) -> Response {
    staff.0.metrics.sign_in(SignInResult::Failed);
    tracing::info!(code = error.code(), "nobody was signed in through the identity provider");
    let cookie = staff.cookies().clear_started();
    (AppendHeaders([(SET_COOKIE, cookie)]), to(&format!("/?oidc={}", error.code()))).into_response()
}

fn to(address: &str) -> Response {
    match HeaderValue::try_from(address) {
        Ok(address) => (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response(),
        Err(_) => ApiError::Internal.into_response(),
    }
}
