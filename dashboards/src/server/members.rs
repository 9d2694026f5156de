//! `/api/sites/{domain}/members` and `…/invitations`: who may do what at one site. Nobody gives or takes a role above their own.

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
use crate::control::invitations::Invitation;
use crate::control::{Author, Role, UserId};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewInvitation {
    pub(super) email: String,
    pub(super) role: String,
}

type Domain = Result<Path<String>, PathRejection>;
type DomainAndNumber = Result<Path<(String, i64)>, PathRejection>;

/// `GET /api/sites/{domain}/members`
pub(super) async fn list(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    domain: Domain,
) -> Result<Json<Value>, ApiError> {
    let Path(domain) = domain.map_err(|_| ApiError::UnknownSite)?;
    let site = signed_in.site_to(&staff, &domain, Action::ManageSite)?.id;
    let (members, invitations, users) = staff
        .control(move |control| {
            let members = control.list_members(site)?;
            Ok::<_, ApiError>((members, control.list_invitations(Some(site))?, control.list_users()?))
        })
        .await?;
    let members: Vec<Value> = members
        .iter()
        .map(|member| {
            json!({
                "id": member.user.0,
                "email": member.email,
                "role": member.role.code(),
                "created_at": member.created_at,
            })
        })
        .collect();
    // They may see this site as well, and it should not look as if nobody else could.
    let instance_wide: Vec<Value> = users
        .iter()
        .filter_map(|user| Some(json!({ "email": user.email, "role": user.role?.code() })))
        .collect();
    let invitations: Vec<Value> = invitations.iter().map(described).collect();
    Ok(Json(json!({ "members": members, "invitations": invitations, "instance_wide": instance_wide })))
}

/// `PUT /api/sites/{domain}/members/{user}`
pub(super) async fn set(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    place: DomainAndNumber,
    JsonBody(Given { role }): JsonBody<Given>,
) -> Result<StatusCode, ApiError> {
    let Path((domain, user)) = place.map_err(|_| ApiError::UnknownUser)?;
    let site = signed_in.site_to(&staff, &domain, Action::ManageSite)?.id;
    let (user, role) = (UserId(user), read_role(&role)?);
    let has = staff.control(move |control| control.member_role(site, user)).await?;
    // Nobody is made a member without their consent: that is what invitations are for.
    let has = has.ok_or(ApiError::UnknownUser)?;
    signed_in.may(Action::GiveAtSite(site, role.max(has)))?;
    let by = Author::User(signed_in.session.user.id);
    staff.control(move |control| control.set_member(by, site, user, role)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/sites/{domain}/members/{user}`: by those who manage the site, or by the member themselves.
pub(super) async fn remove(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    place: DomainAndNumber,
) -> Result<StatusCode, ApiError> {
    let Path((domain, user)) = place.map_err(|_| ApiError::UnknownUser)?;
    let site = signed_in.site(&staff, &domain)?.id;
    let user = UserId(user);
    let me = signed_in.session.user.id;
    if user != me {
        signed_in.may(Action::ManageSite(site))?;
        let has = staff.control(move |control| control.member_role(site, user)).await?;
        signed_in.may(Action::GiveAtSite(site, has.ok_or(ApiError::UnknownUser)?))?;
    }
    staff.control(move |control| control.remove_member(Author::User(me), site, user)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/sites/{domain}/invitations`
pub(super) async fn invite(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    domain: Domain,
    JsonBody(new): JsonBody<NewInvitation>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Path(domain) = domain.map_err(|_| ApiError::UnknownSite)?;
    let site = signed_in.site_to(&staff, &domain, Action::ManageSite)?.id;
    let role = read_role(&new.role)?;
    signed_in.may(Action::GiveAtSite(site, role))?;
    let by = Author::User(signed_in.session.user.id);
    let (token, made) =
        staff.control(move |control| control.invite(by, &new.email, Some(site), role)).await?;
    Ok((StatusCode::CREATED, Json(handed_out(&staff, &token.reveal(), &made))))
}

/// `DELETE /api/sites/{domain}/invitations/{invitation}`
pub(super) async fn withdraw(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    place: DomainAndNumber,
) -> Result<StatusCode, ApiError> {
    let Path((domain, id)) = place.map_err(|_| ApiError::UnknownInvitation)?;
    let site = signed_in.site_to(&staff, &domain, Action::ManageSite)?.id;
    let by = Author::User(signed_in.session.user.id);
    staff.control(move |control| control.withdraw_invitation(by, Some(site), id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn read_role(code: &str) -> Result<Role, ApiError> {
    Role::of(code).ok_or(ApiError::BadRole)
}

pub(super) fn described(invitation: &Invitation) -> Value {
    json!({
        "id": invitation.id,
        "email": invitation.email,
        "domain": invitation.domain,
        "role": invitation.role.code(),
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
    })
}

/// A new invitation with its link, which is shown once.
pub(super) fn handed_out(staff: &Staff, token: &str, invitation: &Invitation) -> Value {
    json!({
        "invitation": described(invitation),
        "link": format!("{}/invitation#{token}", staff.origin()),
    })
}
