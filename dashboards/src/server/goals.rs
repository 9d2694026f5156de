//! `/api/sites/{domain}/goals` and `…/funnels`. Everybody who sees the site sees them; editors lay them down.

use aggregator::question::{Goal, GoalKind};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Staff;
use super::authorise::{Action, SignedIn};
use super::body::JsonBody;
use super::error::ApiError;
use super::place::{AtSite, Entry};
use crate::control::ControlPlane;
use crate::control::goals::{Funnel, StoredGoal};

/// A goal as the interface spells it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoalBody {
    name: String,
    kind: String,
    event: Option<String>,
    page: Option<String>,
    scroll: Option<u8>,
    #[serde(default)]
    conditions: Vec<Condition>,
    currency: Option<String>,
    /// Sent back as it was got; the address says which goal it is.
    #[serde(default, rename = "id")]
    _id: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    property: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FunnelBody {
    name: String,
    steps: Vec<i64>,
    #[serde(default, rename = "id")]
    _id: Option<i64>,
}

impl GoalBody {
    /// As the question engine spells it, which reads it next. What doesn't belong to the kind is handed on all the same,
    /// so that it is refused and not lost.
    fn for_the_engine(&self) -> Value {
        let mut goal = Map::new();
        goal.insert("display_name".into(), json!(self.name));
        if let Some(event) = &self.event {
            goal.insert("event_name".into(), json!(event));
        }
        if let Some(page) = &self.page {
            goal.insert("page_path".into(), json!(page));
        }
        if let Some(scroll) = self.scroll {
            goal.insert("scroll_threshold".into(), json!(scroll));
        }
        if !self.conditions.is_empty() {
            let conditions: Map<String, Value> =
                self.conditions.iter().map(|c| (c.property.clone(), json!(c.value))).collect();
            goal.insert("custom_props".into(), Value::Object(conditions));
        }
        Value::Object(goal)
    }

    fn kind_fits(&self) -> bool {
        match (self.kind.as_str(), &self.event, &self.page, self.scroll) {
            ("event", event, None, None) => event.is_some(),
            ("page", None, page, None) => page.is_some(),
            ("scroll", None, page, Some(_)) => page.is_some(),
            _ => false,
        }
    }
}

/// `GET /api/sites/{domain}/goals`
pub(super) async fn goals(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
) -> Result<Json<Value>, ApiError> {
    let site = signed_in.site(&staff, &domain)?;
    let goals = staff.control(move |control| control.goals(&site.domain)).await?;
    Ok(Json(json!({ "goals": goals.iter().map(shown).collect::<Vec<_>>() })))
}

/// `POST /api/sites/{domain}/goals`
pub(super) async fn add_goal(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
    JsonBody(body): JsonBody<GoalBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    Ok((StatusCode::CREATED, put_goal(&staff, &signed_in, &domain, None, body).await?))
}

/// `PUT /api/sites/{domain}/goals/{id}`
pub(super) async fn change_goal(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    Entry { domain, id }: Entry,
    JsonBody(body): JsonBody<GoalBody>,
) -> Result<Json<Value>, ApiError> {
    put_goal(&staff, &signed_in, &domain, Some(id), body).await
}

async fn put_goal(
    staff: &Staff,
    signed_in: &SignedIn,
    domain: &str,
    id: Option<i64>,
    body: GoalBody,
) -> Result<Json<Value>, ApiError> {
    let site = signed_in.site_to(staff, domain, Action::EditSite)?;
    if !body.kind_fits() {
        return Err(ApiError::MalformedBody);
    }
    let (by, goal, currency) = (signed_in.author(), body.for_the_engine(), body.currency);
    let put = staff.control(move |control| control.put_goal(by, &site.domain, id, &goal, currency)).await?;
    Ok(Json(shown(&put)))
}

/// `DELETE /api/sites/{domain}/goals/{id}`
pub(super) async fn delete_goal(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    entry: Entry,
) -> Result<StatusCode, ApiError> {
    entry.take_away(&staff, &signed_in, ControlPlane::delete_goal).await
}

/// `GET /api/sites/{domain}/funnels`
pub(super) async fn funnels(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
) -> Result<Json<Value>, ApiError> {
    let site = signed_in.site(&staff, &domain)?;
    let funnels = staff.control(move |control| control.funnels(&site.domain)).await?;
    Ok(Json(json!({ "funnels": funnels.iter().map(shown_funnel).collect::<Vec<_>>() })))
}

/// `POST /api/sites/{domain}/funnels`
pub(super) async fn add_funnel(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
    JsonBody(body): JsonBody<FunnelBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    Ok((StatusCode::CREATED, put_funnel(&staff, &signed_in, &domain, None, body).await?))
}

/// `PUT /api/sites/{domain}/funnels/{id}`
pub(super) async fn change_funnel(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    Entry { domain, id }: Entry,
    JsonBody(body): JsonBody<FunnelBody>,
) -> Result<Json<Value>, ApiError> {
    put_funnel(&staff, &signed_in, &domain, Some(id), body).await
}

async fn put_funnel(
    staff: &Staff,
    signed_in: &SignedIn,
    domain: &str,
    id: Option<i64>,
    FunnelBody { name, steps, .. }: FunnelBody,
) -> Result<Json<Value>, ApiError> {
    let site = signed_in.site_to(staff, domain, Action::EditSite)?;
    let by = signed_in.author();
    let put = staff.control(move |control| control.put_funnel(by, &site.domain, id, &name, &steps)).await?;
    Ok(Json(shown_funnel(&put)))
}

/// `DELETE /api/sites/{domain}/funnels/{id}`
pub(super) async fn delete_funnel(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    entry: Entry,
) -> Result<StatusCode, ApiError> {
    entry.take_away(&staff, &signed_in, ControlPlane::delete_funnel).await
}

/// A goal as the interface reads it. Readers of a shared link get the same.
pub(super) fn shown(stored: &StoredGoal) -> Value {
    let Goal { name, kind, conditions } = &stored.goal;
    let (kind, event, page, scroll) = match kind {
        GoalKind::Event(event) => ("event", Some(event), None, None),
        GoalKind::Page(page) => ("page", None, Some(page), None),
        GoalKind::Scroll(page, percent) => ("scroll", None, Some(page), Some(percent)),
    };
    let conditions: Vec<Value> = conditions
        .iter()
        .map(|(property, value)| json!({ "property": property.as_str(), "value": value }))
        .collect();
    json!({
        "id": stored.id, "name": name, "kind": kind, "event": event, "page": page, "scroll": scroll,
        "conditions": conditions, "currency": stored.currency,
    })
}

pub(super) fn shown_funnel(funnel: &Funnel) -> Value {
    json!({ "id": funnel.id, "name": funnel.name, "steps": funnel.steps })
}
