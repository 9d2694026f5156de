//! Plausible's Sites API, for the scripts that provision sites with it: `/api/v1/sites…`, with a key of scope `sites`.
//! Shapes and statuses are Plausible's; errors have our code beside its `error`. Guests are members of a site with the role
//! viewer or editor, or open invitations to become one.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use events::Site;
use serde::Deserialize;
use serde_json::{Value, json};

use std::collections::HashMap;
use std::sync::Arc;

use super::Staff;
use super::authorise::{Action, Actor, WithKey, authorise};
use super::body::JsonBody;
use super::error::ApiError;
use super::links;
use crate::control::goals::StoredGoal;
use crate::control::settings::SiteChange;
use crate::control::{ApiKey, Author, ControlError, EntryError, Kind, Role, Scope, SiteRecord};
use aggregator::question::{Goal, GoalKind};

type Answered = Result<Json<Value>, ApiError>;
type Asked = Result<Query<HashMap<String, String>>, QueryRejection>;
type Named = Result<Path<String>, PathRejection>;

/// Sites of one answer, where the request doesn't say.
const LIMIT: usize = 100;
const MOST: usize = 1_000;

#[derive(Deserialize)]
pub(super) struct NewSite {
    domain: String,
    timezone: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ChangedSite {
    domain: Option<String>,
    timezone: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SharedLink {
    site_id: String,
    name: String,
}

#[derive(Deserialize)]
pub(super) struct NewGoal {
    site_id: String,
    goal_type: String,
    event_name: Option<String>,
    page_path: Option<String>,
    display_name: Option<String>,
    scroll_threshold: Option<u8>,
    custom_props: Option<Value>,
    currency: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct OfSite {
    site_id: String,
}

#[derive(Deserialize)]
pub(super) struct Guest {
    site_id: String,
    email: String,
    role: String,
}

/// A key that may do something at a site, and on whose behalf.
struct Caller {
    site: Arc<Site>,
    by: Author,
}

async fn at(
    staff: &Staff,
    key: &ApiKey,
    domain: &str,
    action: fn(events::SiteId) -> Action,
) -> Result<Caller, ApiError> {
    let site = staff.sites().by_domain(domain).ok_or(match key.site {
        // A key of one site can't tell another from one that isn't there.
        Some(_) => ApiError::InvalidApiKey,
        None => ApiError::UnknownSite,
    })?;
    if key.scope != Scope::Sites {
        return Err(ApiError::InvalidApiKey);
    }
    authorise(Actor::Key(key), action(site.id))?;
    Ok(Caller { site, by: author(staff, key).await? })
}

async fn author(staff: &Staff, key: &ApiKey) -> Result<Author, ApiError> {
    let id = key.id;
    staff.control(move |control| control.author_with(id)).await
}

fn query(asked: Asked, name: &str) -> Result<String, ApiError> {
    let Query(parameters) = asked.map_err(|_| EntryError::NotHere("The parameters cannot be read."))?;
    parameters.get(name).cloned().ok_or_else(|| {
        EntryError::NotHere(
            "Missing site ID. Please provide the required site_id parameter with your request.",
        )
        .into()
    })
}

/// `GET /api/v1/sites`: in order of their domains; `after` and `limit` page.
pub(super) async fn list(State(staff): State<Staff>, WithKey(key): WithKey, asked: Asked) -> Answered {
    authorise(Actor::Key(&key), Action::ListSites)?;
    let Query(parameters) = asked.map_err(|_| EntryError::NotHere("The parameters cannot be read."))?;
    let limit = match parameters.get("limit") {
        None => LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|n| (1..=MOST).contains(n))
            .ok_or(EntryError::NotHere("The `limit` parameter is a number from 1 to 1000."))?,
    };
    let after = parameters.get("after").cloned().unwrap_or_default();
    let sites = staff.control(|control| control.list_sites()).await?;
    let mut theirs = sites
        .into_iter()
        .filter(|site| authorise(Actor::Key(&key), Action::SeeSite(site.id)).is_ok())
        .filter(|site| after.is_empty() || site.domain > after);
    let page: Vec<SiteRecord> = theirs.by_ref().take(limit).collect();
    let next = theirs.next().and(page.last()).map(|site| site.domain.clone());
    let before = (!after.is_empty()).then(|| page.first().map(|site| site.domain.clone())).flatten();
    Ok(Json(json!({
        "sites": page.iter().map(short).collect::<Vec<_>>(),
        "meta": { "after": next, "before": before, "limit": limit },
    })))
}

/// `POST /api/v1/sites`
pub(super) async fn add(
    State(staff): State<Staff>,
    WithKey(key): WithKey,
    JsonBody(new): JsonBody<NewSite>,
) -> Answered {
    authorise(Actor::Key(&key), Action::AddSite)?;
    let by = author(&staff, &key).await?;
    let timezone = new.timezone.unwrap_or_else(|| "Etc/UTC".to_owned());
    let added = staff.control(move |control| control.add_site(by, &new.domain, &timezone)).await?;
    Ok(Json(full(&added)))
}

/// `GET /api/v1/sites/{site_id}`
pub(super) async fn show(State(staff): State<Staff>, WithKey(key): WithKey, named: Named) -> Answered {
    let Path(domain) = named.map_err(|_| ApiError::UnknownSite)?;
    let Caller { site, .. } = at(&staff, &key, &domain, Action::SeeSite).await?;
    let site = staff.control(move |control| control.site(&site.domain)).await?;
    Ok(Json(full(&site)))
}

/// `PUT /api/v1/sites/{site_id}`: the zone. A domain is what trackers name a site by, and stays.
pub(super) async fn change(
    State(staff): State<Staff>,
    WithKey(key): WithKey,
    named: Named,
    JsonBody(changed): JsonBody<ChangedSite>,
) -> Answered {
    let Path(domain) = named.map_err(|_| ApiError::UnknownSite)?;
    let Caller { site, by } = at(&staff, &key, &domain, Action::EditSite).await?;
    if changed.domain.is_some_and(|domain| domain != site.domain) {
        return Err(EntryError::NotHere("A site keeps its domain. Add another site instead.").into());
    }
    let change = SiteChange { timezone: changed.timezone, ..SiteChange::default() };
    let site = staff.control(move |control| control.change_site(by, &site.domain, change, |_| ())).await?;
    Ok(Json(full(&site)))
}

/// `DELETE /api/v1/sites/{site_id}`
pub(super) async fn delete(State(staff): State<Staff>, WithKey(key): WithKey, named: Named) -> Answered {
    let Path(domain) = named.map_err(|_| ApiError::UnknownSite)?;
    let Caller { site, by } = at(&staff, &key, &domain, Action::OwnSite).await?;
    staff.control(move |control| control.delete_site(by, &site.domain)).await?;
    Ok(Json(json!({ "deleted": true })))
}

/// `PUT /api/v1/sites/shared-links`: the link of this name, made if there is none.
pub(super) async fn put_link(
    State(staff): State<Staff>,
    WithKey(key): WithKey,
    JsonBody(SharedLink { site_id, name }): JsonBody<SharedLink>,
) -> Answered {
    let Caller { site, by } = at(&staff, &key, &site_id, Action::ManageSite).await?;
    let link = staff
        .control(move |control| {
            let there = control.links(&site.domain)?.into_iter().find(|link| link.name == name.trim());
            there.map_or_else(|| control.add_link(by, &site.domain, &name, None, None), Ok)
        })
        .await?;
    Ok(Json(json!({ "name": link.name, "url": links::address(&staff, &link) })))
}

/// `GET /api/v1/sites/goals?site_id=…`
pub(super) async fn goals(State(staff): State<Staff>, WithKey(key): WithKey, asked: Asked) -> Answered {
    let Caller { site, .. } = at(&staff, &key, &query(asked, "site_id")?, Action::SeeSite).await?;
    let goals = staff.control(move |control| control.goals(&site.domain)).await?;
    let shown: Vec<Value> = goals.iter().map(goal).collect();
    Ok(Json(json!({
        "goals": shown, "meta": { "after": null, "before": null, "limit": Kind::Goal.most() },
    })))
}

/// `PUT /api/v1/sites/goals`: the goal that is so, laid down if there is none.
pub(super) async fn put_goal(
    State(staff): State<Staff>,
    WithKey(key): WithKey,
    JsonBody(new): JsonBody<NewGoal>,
) -> Answered {
    let Caller { site, by } = at(&staff, &key, &new.site_id, Action::EditSite).await?;
    let (event, page) = match new.goal_type.as_str() {
        "event" => (new.event_name.as_deref(), None),
        "page" => (None, new.page_path.as_deref()),
        _ => return Err(EntryError::NotHere("The `goal_type` is event or page.").into()),
    };
    let mut wanted = json!({});
    for (name, value) in [
        ("event_name", event.map(|event| json!(event))),
        ("page_path", page.map(|page| json!(page))),
        ("scroll_threshold", new.scroll_threshold.map(|percent| json!(percent))),
        ("custom_props", new.custom_props.clone().filter(|props| *props != json!({}))),
        ("display_name", new.display_name.as_ref().map(|name| json!(name))),
    ] {
        if let Some(value) = value {
            wanted[name] = value;
        }
    }
    let domain = site.domain.clone();
    let put = staff
        .control(move |control| {
            let read = crate::control::goals::read_goal(&wanted).map_err(EntryError::from)?;
            let there = control
                .goals(&site.domain)?
                .into_iter()
                .find(|stored| stored.goal.kind == read.kind && stored.goal.conditions == read.conditions);
            match there {
                Some(there) => Ok::<_, ControlError>(there),
                None => control.put_goal(by, &site.domain, None, &read.to_json(), new.currency),
            }
        })
        .await?;
    let mut shown = goal(&put);
    shown["domain"] = json!(domain);
    Ok(Json(shown))
}

/// `DELETE /api/v1/sites/goals/{goal_id}`, with the site in the body.
pub(super) async fn delete_goal(
    State(staff): State<Staff>,
    WithKey(key): WithKey,
    named: Named,
    JsonBody(OfSite { site_id }): JsonBody<OfSite>,
) -> Answered {
    let id = named.ok().and_then(|Path(id)| id.parse::<i64>().ok());
    let id = id.ok_or(EntryError::Unknown(Kind::Goal))?;
    let Caller { site, by } = at(&staff, &key, &site_id, Action::EditSite).await?;
    staff.control(move |control| control.delete_goal(by, &site.domain, id)).await?;
    Ok(Json(json!({ "deleted": true })))
}

/// `GET /api/v1/sites/guests?site_id=…`
pub(super) async fn guests(State(staff): State<Staff>, WithKey(key): WithKey, asked: Asked) -> Answered {
    let Caller { site, .. } = at(&staff, &key, &query(asked, "site_id")?, Action::ManageSite).await?;
    let (members, invited) = staff
        .control(move |control| {
            Ok::<_, ControlError>((control.list_members(site.id)?, control.list_invitations(Some(site.id))?))
        })
        .await?;
    let members = members.iter().map(|member| guest(&member.email, member.role, "accepted"));
    let invited = invited.iter().map(|invitation| guest(&invitation.email, invitation.role, "invited"));
    let guests: Vec<Value> = members.chain(invited).collect();
    Ok(Json(json!({ "guests": guests, "meta": { "after": null, "before": null, "limit": guests.len() } })))
}

/// `PUT /api/v1/sites/guests`: a member or an open invitation of this address, invited if there is neither. The link of a
/// new invitation is in `url`: whoever calls hands it on.
pub(super) async fn put_guest(
    State(staff): State<Staff>,
    WithKey(key): WithKey,
    JsonBody(Guest { site_id, email, role }): JsonBody<Guest>,
) -> Answered {
    let Caller { site, by } = at(&staff, &key, &site_id, Action::ManageSite).await?;
    let role = Role::of(&role).filter(|role| *role <= Role::Editor);
    let role = role.ok_or(EntryError::NotHere("The `role` of a guest is viewer or editor."))?;
    let origin = staff.origin().to_owned();
    let answer = staff
        .control(move |control| {
            let same = |other: &str| other == email.trim().to_lowercase();
            if let Some(member) = control.list_members(site.id)?.into_iter().find(|m| same(&m.email)) {
                return Ok(guest(&member.email, member.role, "accepted"));
            }
            if let Some(open) = control.list_invitations(Some(site.id))?.into_iter().find(|i| same(&i.email))
            {
                return Ok(guest(&open.email, open.role, "invited"));
            }
            let (token, made) = control.invite(by, &email, Some(site.id), role)?;
            let mut shown = guest(&made.email, made.role, "invited");
            shown["url"] = json!(format!("{origin}/invitation#{}", token.reveal()));
            Ok::<_, ControlError>(shown)
        })
        .await?;
    Ok(Json(answer))
}

/// `DELETE /api/v1/sites/guests/{email}?site_id=…`
pub(super) async fn delete_guest(
    State(staff): State<Staff>,
    WithKey(key): WithKey,
    named: Named,
    asked: Asked,
) -> Answered {
    let Path(email) = named.map_err(|_| ApiError::UnknownUser)?;
    let Caller { site, by } = at(&staff, &key, &query(asked, "site_id")?, Action::ManageSite).await?;
    staff
        .control(move |control| {
            let same = |other: &str| other == email.trim().to_lowercase();
            for open in control.list_invitations(Some(site.id))?.iter().filter(|i| same(&i.email)) {
                control.withdraw_invitation(by, Some(site.id), open.id)?;
            }
            // Admins and owners are no guests: they are made and unmade by people.
            let members = control.list_members(site.id)?;
            match members.iter().find(|m| same(&m.email) && m.role <= Role::Editor) {
                Some(member) => control.remove_member(by, site.id, member.user),
                None => Ok(()),
            }
        })
        .await?;
    Ok(Json(json!({ "deleted": true })))
}

fn short(site: &SiteRecord) -> Value {
    json!({ "domain": site.domain, "timezone": site.timezone })
}

fn full(site: &SiteRecord) -> Value {
    json!({
        "domain": site.domain, "timezone": site.timezone, "custom_properties": site.rules.allow_props,
    })
}

fn guest(email: &str, role: Role, status: &str) -> Value {
    json!({ "email": email, "role": role.code(), "status": status })
}

fn goal(stored: &StoredGoal) -> Value {
    let Goal { name, kind, conditions } = &stored.goal;
    let (goal_type, event, page, scroll) = match kind {
        GoalKind::Event(event) => ("event", Some(event), None, None),
        GoalKind::Page(page) => ("page", None, Some(page), None),
        GoalKind::Scroll(page, percent) => ("page", None, Some(page), Some(percent)),
    };
    let props: serde_json::Map<String, Value> =
        conditions.iter().map(|(key, value)| (key.as_str().to_owned(), json!(value))).collect();
    json!({
        "id": stored.id.to_string(), "goal_type": goal_type, "display_name": name, "event_name": event,
        "page_path": page, "scroll_threshold": scroll, "custom_props": props,
    })
}
