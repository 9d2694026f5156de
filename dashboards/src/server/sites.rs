//! `/api/sites` and `/api/timezones`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use events::SiteId;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Staff;
use super::authorise::{Action, SignedIn};
use super::body::JsonBody;
use super::error::ApiError;
use super::settings;
use crate::control::{Author, Role, SiteRecord};
use crate::domain;

/// Questions under way for one list of sites.
const AT_ONCE: usize = 8;

/// When each site's first beacon came. It never changes once there is one, so it is asked for until then only.
#[derive(Default)]
pub(super) struct FirstBeacons(Mutex<HashMap<SiteId, i64>>);

impl FirstBeacons {
    async fn of(&self, staff: &Staff, site: SiteId) -> Result<Option<i64>, ApiError> {
        if let Some(at) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&site) {
            return Ok(Some(*at));
        }
        let found = staff.0.asker.first_event(site).await?;
        if let Some(at) = found {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(site, at);
        }
        Ok(found)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSite {
    domain: String,
    timezone: String,
}

/// `GET /api/sites`
pub(super) async fn list(State(staff): State<Staff>, signed_in: SignedIn) -> Result<Json<Value>, ApiError> {
    signed_in.may(Action::ListSites)?;
    let mut sites = staff.control(|control| control.list_sites()).await?;
    sites.retain(|site| signed_in.may(Action::SeeSite(site.id)).is_ok());
    let sites: Vec<Value> =
        stream::iter(sites).map(|site| described(&staff, site)).buffered(AT_ONCE).try_collect().await?;
    Ok(Json(json!({ "sites": sites })))
}

/// `POST /api/sites`
pub(super) async fn add(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    JsonBody(new): JsonBody<NewSite>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    signed_in.may(Action::AddSite)?;
    let by = Author::User(signed_in.session.user.id);
    let added = staff.control(move |control| control.add_site(by, &new.domain, &new.timezone)).await?;
    // Nobody can have counted anything under a number that is new.
    Ok((StatusCode::CREATED, Json(shown(&added, None))))
}

/// `GET /api/sites/{domain}`
pub(super) async fn show(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    domain: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path(domain) = domain.map_err(|_| ApiError::UnknownSite)?;
    let site = staff.control(move |control| control.site(&domain)).await?;
    signed_in.may(Action::SeeSite(site.id))?;
    let snippet = snippet(&staff.0.public_origin, &site.domain);
    // Rules name networks and pages that only those who set them need to know.
    let settings = signed_in.may(Action::EditSite(site.id)).is_ok().then(|| settings::shown(&site));
    let role = signed_in.session.role_at(site.id);
    let mut described = described(&staff, site).await?;
    described["snippet"] = Value::String(snippet);
    described["role"] = json!(role.map(Role::code));
    if let (Value::Object(described), Some(Value::Object(settings))) = (&mut described, settings) {
        described.extend(settings);
    }
    Ok(Json(described))
}

/// `GET /api/timezones`
pub(super) async fn timezones(_signed_in: SignedIn) -> Json<Value> {
    Json(json!({ "timezones": domain::timezones() }))
}

/// When the first beacon of a site came.
pub(super) async fn first_beacon(staff: &Staff, site: SiteId) -> Result<Option<i64>, ApiError> {
    staff.0.first_beacons.of(staff, site).await
}

async fn described(staff: &Staff, site: SiteRecord) -> Result<Value, ApiError> {
    let first_beacon_at = staff.0.first_beacons.of(staff, site.id).await?;
    Ok(shown(&site, first_beacon_at))
}

fn shown(site: &SiteRecord, first_beacon_at: Option<i64>) -> Value {
    json!({
        "domain": site.domain,
        "timezone": site.timezone,
        "week_start": site.week_start,
        "opt_out": site.opt_out.name(),
        "first_beacon_at": first_beacon_at,
    })
}

/// The line to paste into a page. Neither part can hold a character that HTML would mind: a domain is letters, digits,
/// hyphens and dots, and an origin is what a URL parser has written.
fn snippet(public_origin: &str, domain: &str) -> String {
    format!(r#"<script defer data-site="{domain}" src="{public_origin}/js/script.js"></script>"#)
}
