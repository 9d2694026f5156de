//! `/api/account`: one's own password and sessions. Whatever changes how somebody gets in asks for the password again, so that
//! a machine left open gives away no account.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use serve::access::Secret;

use super::Staff;
use super::authorise::{Entering, SignedIn};
use super::body::{JsonBody, secret};
use super::error::ApiError;
use super::sign_in::{prove, renewed};
use crate::control::sessions::{Listed, Which};
use crate::control::{Language, Role};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    #[serde(deserialize_with = "secret")]
    current: Secret,
    #[serde(deserialize_with = "secret")]
    new: Secret,
}

/// `GET /api/account`
pub(super) async fn show(
    State(staff): State<Staff>,
    Entering(signed_in): Entering,
) -> Result<Json<Value>, ApiError> {
    let (user, this) = (signed_in.session.user.clone(), signed_in.session.id);
    let id = user.id;
    let (codes, required, sessions) = staff
        .control(move |control| {
            let codes = control.recovery_codes_left(id)?;
            Ok::<_, ApiError>((codes, control.requires_second_factor()?, control.list_sessions(id)?))
        })
        .await?;
    let sessions: Vec<Value> = sessions.iter().map(|session| described(session, this)).collect();
    Ok(Json(json!({
        "email": user.email,
        "role": user.role.map(Role::code),
        "language": user.language.map(Language::code),
        "second_factor": { "on": codes.is_some(), "required": required, "recovery_codes_left": codes },
        "sessions": sessions,
    })))
}

/// `POST /api/account/password`
pub(super) async fn change_password(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    JsonBody(NewPassword { current, new }): JsonBody<NewPassword>,
) -> Result<Response, ApiError> {
    prove(&staff, &signed_in, current).await?;
    let token = signed_in.token;
    let work = staff.control(move |control| control.change_password(&token, &new));
    renewed(&staff, staff.0.desk.in_turn(work).await?)
}

/// `DELETE /api/account/sessions`: all but this one.
pub(super) async fn end_others(
    State(staff): State<Staff>,
    signed_in: SignedIn,
) -> Result<StatusCode, ApiError> {
    let (user, this) = (signed_in.session.user.id, signed_in.session.id);
    staff.control(move |control| control.end_sessions(user, Which::AllBut(this))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/account/sessions/{session}`
pub(super) async fn end(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    session: Result<Path<i64>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let Path(session) = session.map_err(|_| ApiError::UnknownRoute)?;
    let user = signed_in.session.user.id;
    staff.control(move |control| control.end_sessions(user, Which::One(session))).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn described(session: &Listed, this: i64) -> Value {
    json!({
        "id": session.id,
        "current": session.id == this,
        "way": session.way.code(),
        "browser": session.browser,
        "system": session.system,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "ends_at": session.ends_at,
    })
}
