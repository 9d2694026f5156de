//! `/api/invitation`: what somebody with an invitation's link meets. The token travels in bodies, never in an address.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use serve::access::Secret;

use super::authorise::Entering;
use super::body::{JsonBody, optional_secret};
use super::error::ApiError;
use super::sign_in::begun;
use super::{Staff, client};
use crate::control::invitations::Taker;
use crate::token::Token;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Acceptance {
    token: String,
    /// Of somebody new.
    #[serde(default, deserialize_with = "optional_secret")]
    password: Option<Secret>,
}

/// `POST /api/invitation`: what it invites to.
pub(super) async fn show(
    State(staff): State<Staff>,
    JsonBody(Link { token }): JsonBody<Link>,
) -> Result<Json<Value>, ApiError> {
    let token = Token::parse(&token).ok_or(ApiError::InvitationUsed)?;
    let invited = staff.control(move |control| control.invited(&token)).await?;
    Ok(Json(json!({
        "email": invited.invitation.email,
        "domain": invited.invitation.domain,
        "role": invited.invitation.role.code(),
        "expires_at": invited.invitation.expires_at,
        "has_account": invited.has_account,
    })))
}

/// `POST /api/invitation/acceptance`: with a password by somebody new, without by who is signed in.
pub(super) async fn accept(
    State(staff): State<Staff>,
    entering: Option<Entering>,
    headers: HeaderMap,
    JsonBody(Acceptance { token, password }): JsonBody<Acceptance>,
) -> Result<Response, ApiError> {
    let token = Token::parse(&token).ok_or(ApiError::InvitationUsed)?;
    match (password, entering) {
        (Some(password), _) => {
            let taker = Taker::New(password, client::of(&headers));
            let work = staff.control(move |control| control.take_invitation(&token, taker));
            let new = staff.0.desk.in_turn(work).await?.ok_or(ApiError::Internal)?;
            begun(&staff, new, None, StatusCode::OK)
        }
        (None, Some(Entering(signed_in))) => {
            let taker = Taker::Known(signed_in.session.user.id);
            staff.control(move |control| control.take_invitation(&token, taker)).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        (None, None) => Err(ApiError::SignInToAccept),
    }
}
