//! `GET /api/start?site=example.kz`: what the interface needs before it can show a page, in one answer instead of three.
//!
//! ```json
//! {"session": {"user": {…}, "csrf": "…", "language": "kk"}, "sites": [{"domain": "example.kz", …}],
//!  "annotations": [{"id": 1, "date": "2026-11-01", "text": "new site"}]}
//! ```
//! Each part is what its own route answers: `/api/session`, `/api/sites`, `/api/sites/{domain}/annotations`. `sites` is null
//! for somebody who still has to set up the second factor; `annotations` is null without a site that they may see.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Staff;
use super::authorise::Entering;
use super::error::ApiError;
use super::{segments, sign_in, sites};

#[derive(Deserialize)]
pub(super) struct Opened {
    site: Option<String>,
}

/// `GET /api/start`
pub(super) async fn show(
    State(staff): State<Staff>,
    Entering(signed_in): Entering,
    opened: Result<Query<Opened>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(session) = sign_in::described(&signed_in);
    if signed_in.session.must_enrol {
        return Ok(Json(json!({ "session": session, "sites": null, "annotations": null })));
    }
    let annotations = match opened.ok().and_then(|Query(opened)| opened.site) {
        Some(domain) => segments::notes(&staff, &signed_in, &domain).await.ok(),
        None => None,
    };
    let Json(listed) = sites::list(State(staff), signed_in).await?;
    Ok(Json(json!({ "session": session, "sites": listed["sites"], "annotations": annotations })))
}
