//! `/api/sites/{domain}/segments` and `…/annotations`. Everybody who sees the site may keep segments of their own; what all
//! see, editors lay down.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Staff;
use super::authorise::{Action, SignedIn};
use super::body::JsonBody;
use super::error::ApiError;
use super::place::{AtSite, Entry};
use crate::control::segments::{Annotation, NewSegment, Segment};
use crate::control::{Author, ControlPlane};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SegmentBody {
    name: String,
    #[serde(default)]
    shared: bool,
    filters: Value,
    /// Sent back as they were got.
    #[serde(default, rename = "id")]
    _id: Option<i64>,
    #[serde(default, rename = "mine")]
    _mine: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnnotationBody {
    date: String,
    text: String,
}

/// `GET /api/sites/{domain}/segments`
pub(super) async fn segments(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
) -> Result<Json<Value>, ApiError> {
    let site = signed_in.site(&staff, &domain)?;
    let by = signed_in.author();
    let segments = staff.control(move |control| control.segments(by, &site.domain)).await?;
    let segments: Vec<Value> = segments.iter().map(|segment| shown(segment, by)).collect();
    Ok(Json(json!({ "segments": segments })))
}

/// `POST /api/sites/{domain}/segments`
pub(super) async fn add_segment(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
    JsonBody(body): JsonBody<SegmentBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    Ok((StatusCode::CREATED, put(&staff, &signed_in, &domain, None, body).await?))
}

/// `PUT /api/sites/{domain}/segments/{id}`
pub(super) async fn change_segment(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    Entry { domain, id }: Entry,
    JsonBody(body): JsonBody<SegmentBody>,
) -> Result<Json<Value>, ApiError> {
    put(&staff, &signed_in, &domain, Some(id), body).await
}

/// `DELETE /api/sites/{domain}/segments/{id}`
pub(super) async fn delete_segment(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    Entry { domain, id }: Entry,
) -> Result<StatusCode, ApiError> {
    allowed(&staff, &signed_in, &domain, Some(id), false).await?;
    let by = signed_in.author();
    staff.control(move |control| control.delete_segment(by, &domain, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn put(
    staff: &Staff,
    signed_in: &SignedIn,
    domain: &str,
    id: Option<i64>,
    SegmentBody { name, shared, filters, .. }: SegmentBody,
) -> Result<Json<Value>, ApiError> {
    allowed(staff, signed_in, domain, id, shared).await?;
    let (by, domain) = (signed_in.author(), domain.to_owned());
    let new = NewSegment { name, shared, filters };
    let put = staff.control(move |control| control.put_segment(by, &domain, id, &new)).await?;
    Ok(Json(shown(&put, by)))
}

/// One's own needs the right to see the site; one that all see, now or afterwards, the right to edit it.
async fn allowed(
    staff: &Staff,
    signed_in: &SignedIn,
    domain: &str,
    id: Option<i64>,
    shared: bool,
) -> Result<(), ApiError> {
    let site = signed_in.site(staff, domain)?;
    let by = signed_in.author();
    let id_site = site.id;
    let is_shared = match id {
        None => false,
        Some(id) => staff.control(move |control| control.segment(by, &site.domain, id)).await?.shared,
    };
    if shared || is_shared { signed_in.may(Action::EditSite(id_site)) } else { Ok(()) }
}

/// `GET /api/sites/{domain}/annotations`
pub(super) async fn annotations(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "annotations": notes(&staff, &signed_in, &domain).await? })))
}

/// The notes on a site's chart, for somebody who sees the site.
pub(super) async fn notes(staff: &Staff, signed_in: &SignedIn, domain: &str) -> Result<Vec<Value>, ApiError> {
    let site = signed_in.site(staff, domain)?;
    let notes = staff.control(move |control| control.annotations(&site.domain)).await?;
    Ok(notes.iter().map(shown_note).collect())
}

/// `POST /api/sites/{domain}/annotations`
pub(super) async fn add_annotation(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
    JsonBody(AnnotationBody { date, text }): JsonBody<AnnotationBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let site = signed_in.site_to(&staff, &domain, Action::EditSite)?;
    let by = signed_in.author();
    let added = staff.control(move |control| control.add_annotation(by, &site.domain, &date, &text)).await?;
    Ok((StatusCode::CREATED, Json(shown_note(&added))))
}

/// `DELETE /api/sites/{domain}/annotations/{id}`
pub(super) async fn delete_annotation(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    entry: Entry,
) -> Result<StatusCode, ApiError> {
    entry.take_away(&staff, &signed_in, ControlPlane::delete_annotation).await
}

fn shown(segment: &Segment, reader: Author) -> Value {
    let mine = segment.owner.is_some_and(|owner| reader == Author::User(owner));
    json!({
        "id": segment.id, "name": segment.name, "shared": segment.shared, "mine": mine, "filters": segment.filters,
    })
}

fn shown_note(note: &Annotation) -> Value {
    json!({ "id": note.id, "date": note.date, "text": note.text })
}
