//! `/api/users`, `/api/invitations` and `/api/instance`: all staff, invitations to the whole instance, and what holds for it.
//! Nobody gives or takes a role above their own.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Staff;
use super::authorise::{Action, SignedIn};
use super::body::JsonBody;
use super::error::ApiError;
use super::members::{NewInvitation, described, handed_out, read_role};
use crate::control::users::StaffMember;
use crate::control::{Author, Role, UserId};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    // Must be there; null is no role on the instance.
    #[serde(deserialize_with = "Option::deserialize")]
    role: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Instance {
    require_second_factor: bool,
}

type Number = Result<Path<i64>, PathRejection>;

/// `GET /api/users`
pub(super) async fn list(State(staff): State<Staff>, signed_in: SignedIn) -> Result<Json<Value>, ApiError> {
    signed_in.may(Action::ManageStaff)?;
    let (users, invitations) = staff
        .control(|control| Ok::<_, ApiError>((control.list_staff()?, control.list_invitations(None)?)))
        .await?;
    let users: Vec<Value> = users.iter().map(shown).collect();
    let invitations: Vec<Value> = invitations.iter().map(described).collect();
    Ok(Json(json!({ "users": users, "invitations": invitations })))
}

/// `PATCH /api/users/{user}`
pub(super) async fn set_role(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    user: Number,
    JsonBody(Given { role }): JsonBody<Given>,
) -> Result<StatusCode, ApiError> {
    let role = role.as_deref().map(read_role).transpose()?;
    let user = reachable(&staff, &signed_in, user, role).await?;
    let by = Author::User(signed_in.session.user.id);
    staff.control(move |control| control.set_role(by, user, role)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/users/{user}`
pub(super) async fn remove(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    user: Number,
) -> Result<StatusCode, ApiError> {
    let user = reachable(&staff, &signed_in, user, None).await?;
    let by = Author::User(signed_in.session.user.id);
    staff.control(move |control| control.remove_user(by, user)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/users/{user}/totp`: for a colleague whose telephone and recovery codes are lost.
pub(super) async fn drop_second_factor(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    user: Number,
) -> Result<StatusCode, ApiError> {
    let user = reachable(&staff, &signed_in, user, None).await?;
    let me = signed_in.session.user.id;
    if user == me {
        // One's own asks for the password: `second_factor.rs`.
        return Err(ApiError::Forbidden);
    }
    staff.control(move |control| control.drop_second_factor(Author::User(me), user)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/invitations`
pub(super) async fn invite(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    JsonBody(new): JsonBody<NewInvitation>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let role = read_role(&new.role)?;
    signed_in.may(Action::GiveOnInstance(role))?;
    let by = Author::User(signed_in.session.user.id);
    let (token, made) = staff.control(move |control| control.invite(by, &new.email, None, role)).await?;
    Ok((StatusCode::CREATED, Json(handed_out(&staff, &token.reveal(), &made))))
}

/// `DELETE /api/invitations/{invitation}`
pub(super) async fn withdraw(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    invitation: Number,
) -> Result<StatusCode, ApiError> {
    signed_in.may(Action::ManageStaff)?;
    let Path(id) = invitation.map_err(|_| ApiError::UnknownInvitation)?;
    let by = Author::User(signed_in.session.user.id);
    staff.control(move |control| control.withdraw_invitation(by, None, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/instance`
pub(super) async fn show_instance(
    State(staff): State<Staff>,
    signed_in: SignedIn,
) -> Result<Json<Value>, ApiError> {
    signed_in.may(Action::ManageStaff)?;
    let required = staff.control(|control| control.requires_second_factor()).await?;
    Ok(Json(json!({ "require_second_factor": required })))
}

/// `PATCH /api/instance`
pub(super) async fn set_instance(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    JsonBody(Instance { require_second_factor }): JsonBody<Instance>,
) -> Result<Json<Value>, ApiError> {
    signed_in.may(Action::OwnInstance)?;
    let by = Author::User(signed_in.session.user.id);
    staff.control(move |control| control.require_second_factor(by, require_second_factor)).await?;
    Ok(Json(json!({ "require_second_factor": require_second_factor })))
}

/// The user of this number, if their role and the one they are to have are within reach of who asks.
async fn reachable(
    staff: &Staff,
    signed_in: &SignedIn,
    user: Number,
    role: Option<Role>,
) -> Result<UserId, ApiError> {
    signed_in.may(Action::ManageStaff)?;
    let Path(user) = user.map_err(|_| ApiError::UnknownUser)?;
    let user = staff.control(move |control| control.user(UserId(user))).await?;
    if let Some(highest) = user.role.max(role) {
        signed_in.may(Action::GiveOnInstance(highest))?;
    }
    Ok(user.id)
}

fn shown(member: &StaffMember) -> Value {
    let sites: Vec<Value> =
        member.sites.iter().map(|(domain, role)| json!({ "domain": domain, "role": role.code() })).collect();
    json!({
        "id": member.user.id.0,
        "email": member.user.email,
        "role": member.user.role.map(Role::code),
        "second_factor": member.second_factor,
        "created_at": member.user.created_at,
        "last_seen_at": member.last_seen_at,
        "sites": sites,
    })
}
