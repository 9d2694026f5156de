//! `/api/sites/{domain}/keys` and `/api/keys`: API keys of a site, and those for all sites. A key is shown once, when it is made.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use events::SiteId;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Staff;
use super::authorise::{Action, SignedIn};
use super::body::JsonBody;
use super::error::ApiError;
use crate::control::{ApiKey, Author, KeyId, KeyOrder, Scope};

const DAY_SECONDS: i64 = 24 * 3600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    #[serde(default)]
    name: String,
    scope: String,
    /// Without: until it is revoked.
    #[serde(default)]
    expires_in_days: Option<u16>,
}

/// `GET /api/sites/{domain}/keys`
pub(super) async fn list(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    domain: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path(domain) = domain.map_err(|_| ApiError::UnknownSite)?;
    let site = signed_in.site_to(&staff, &domain, Action::ManageSite)?.id;
    listed(&staff, Some(site)).await
}

/// `POST /api/sites/{domain}/keys`
pub(super) async fn make(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    domain: Result<Path<String>, PathRejection>,
    JsonBody(new): JsonBody<NewKey>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Path(domain) = domain.map_err(|_| ApiError::UnknownSite)?;
    let site = signed_in.site_to(&staff, &domain, Action::ManageSite)?;
    made(&staff, &signed_in, Some(site.domain.clone()), new).await
}

/// `DELETE /api/sites/{domain}/keys/{key}`
pub(super) async fn revoke(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    place: Result<Path<(String, i64)>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let Path((domain, key)) = place.map_err(|_| ApiError::UnknownKey)?;
    let site = signed_in.site_to(&staff, &domain, Action::ManageSite)?.id;
    revoked(&staff, &signed_in, Some(site), key).await
}

/// `GET /api/keys`
pub(super) async fn list_for_all(
    State(staff): State<Staff>,
    signed_in: SignedIn,
) -> Result<Json<Value>, ApiError> {
    signed_in.may(Action::OwnInstance)?;
    listed(&staff, None).await
}

/// `POST /api/keys`
pub(super) async fn make_for_all(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    JsonBody(new): JsonBody<NewKey>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    signed_in.may(Action::OwnInstance)?;
    made(&staff, &signed_in, None, new).await
}

/// `DELETE /api/keys/{key}`
pub(super) async fn revoke_for_all(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    key: Result<Path<i64>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    signed_in.may(Action::OwnInstance)?;
    let Path(key) = key.map_err(|_| ApiError::UnknownKey)?;
    revoked(&staff, &signed_in, None, key).await
}

async fn listed(staff: &Staff, site: Option<SiteId>) -> Result<Json<Value>, ApiError> {
    let mut keys = staff.control(|control| control.list_api_keys()).await?;
    keys.retain(|key| key.site == site);
    let keys: Vec<Value> = keys.iter().rev().map(described).collect();
    Ok(Json(json!({ "keys": keys })))
}

async fn made(
    staff: &Staff,
    signed_in: &SignedIn,
    domain: Option<String>,
    new: NewKey,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let scope = Scope::of(&new.scope).ok_or(ApiError::BadKey)?;
    let now = staff.0.clock.now().as_second();
    let expires_at = new.expires_in_days.map(|days| now + i64::from(days) * DAY_SECONDS);
    let order = KeyOrder { name: new.name, domain, scope, expires_at };
    let by = Author::User(signed_in.session.user.id);
    let made = staff.control(move |control| control.order_api_key(by, order)).await?;
    let answer = json!({ "key": described(&made.key), "secret": made.reveal() });
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn revoked(
    staff: &Staff,
    signed_in: &SignedIn,
    site: Option<SiteId>,
    key: i64,
) -> Result<StatusCode, ApiError> {
    let by = Author::User(signed_in.session.user.id);
    staff.control(move |control| control.revoke_key_of(by, site, KeyId(key))).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn described(key: &ApiKey) -> Value {
    json!({
        "id": key.id.0,
        "prefix": key.prefix,
        "name": key.name,
        "scope": key.scope.code(),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    })
}
