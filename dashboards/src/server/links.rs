//! `/api/sites/{domain}/links`: making and revoking shared links. Reading through them is in `shared`.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use serve::access::Secret;

use super::Staff;
use super::authorise::{Action, SignedIn};
use super::body::JsonBody;
use super::error::ApiError;
use super::place::{AtSite, Entry};
use crate::control::links::Link;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkBody {
    name: String,
    #[serde(default, deserialize_with = "some_secret")]
    password: Option<Secret>,
    #[serde(default)]
    segment_id: Option<i64>,
}

fn some_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()).map(Secret::new))
}

/// `GET /api/sites/{domain}/links`
pub(super) async fn links(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
) -> Result<Json<Value>, ApiError> {
    let site = signed_in.site_to(&staff, &domain, Action::ManageSite)?;
    let links = staff.control(move |control| control.links(&site.domain)).await?;
    Ok(Json(json!({ "links": links.iter().map(|link| shown(&staff, link)).collect::<Vec<_>>() })))
}

/// `POST /api/sites/{domain}/links`
pub(super) async fn add_link(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
    JsonBody(LinkBody { name, password, segment_id }): JsonBody<LinkBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let site = signed_in.site_to(&staff, &domain, Action::ManageSite)?;
    let by = signed_in.author();
    let work = staff
        .control(move |control| control.add_link(by, &site.domain, &name, password.as_ref(), segment_id));
    // It may hash a password.
    let link = staff.0.desk.in_turn(work).await?;
    Ok((StatusCode::CREATED, Json(shown(&staff, &link))))
}

/// `DELETE /api/sites/{domain}/links/{id}`
pub(super) async fn revoke_link(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    Entry { domain, id }: Entry,
) -> Result<StatusCode, ApiError> {
    let site = signed_in.site_to(&staff, &domain, Action::ManageSite)?;
    let by = signed_in.author();
    staff.control(move |control| control.revoke_link(by, &site.domain, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where readers open a link.
pub(super) fn address(staff: &Staff, link: &Link) -> String {
    format!("{}/share/{}", staff.origin(), link.slug)
}

fn shown(staff: &Staff, link: &Link) -> Value {
    json!({
        "id": link.id,
        "name": link.name,
        "url": address(staff, link),
        "has_password": link.has_password,
        "segment_id": link.segment,
        "created_at": link.created_at,
    })
}
