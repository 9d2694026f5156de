//! `GET /api/sites/{domain}/drops?from=2026-11-01&to=2026-11-22`: what a site did not keep, and why.
//!
//! ```json
//! {"from":"2026-11-01","to":"2026-11-22","drops":[{"day":"2026-11-22","reason":"shield_country","count":3}]}
//! ```
//! Both days are included and are the site's own. Without `to` it is today there, without `from` the same day as `to`. Days and
//! reasons without drops are left out.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use events::LocalDay;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Staff;
use super::authorise::SignedIn;
use super::error::ApiError;

/// Days one answer may span.
const MOST_DAYS: i32 = 400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    from: Option<String>,
    to: Option<String>,
}

/// `GET /api/sites/{domain}/drops`
pub(super) async fn show(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    domain: Result<Path<String>, PathRejection>,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Path(domain) = domain.map_err(|_| ApiError::UnknownSite)?;
    let Query(range) = range.map_err(|_| ApiError::BadDropsRange)?;
    let site = signed_in.site(&staff, &domain)?;
    let date = |text: String| text.parse::<Date>().map_err(|_| ApiError::BadDropsRange);
    let to = match range.to {
        Some(to) => date(to)?,
        None => LocalDay::at(staff.0.clock.now(), &site.zone).map_err(|_| ApiError::BadDropsRange)?.date,
    };
    let from = range.from.map_or(Ok(to), date)?;
    let days = from.until(to).map_err(|_| ApiError::BadDropsRange)?.get_days();
    if !(0..MOST_DAYS).contains(&days) {
        return Err(ApiError::BadDropsRange);
    }
    let drops = staff.0.asker.drops(site.id, from, to).await?;
    Ok(Json(json!({ "from": from.to_string(), "to": to.to_string(), "drops": drops })))
}
