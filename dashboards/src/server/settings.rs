//! `PATCH` and `DELETE /api/sites/{domain}`: how a site's figures are counted, shown and kept, and its end.

use aggregator::Question;
use axum::Json;
use axum::extract::State;
use events::{KeepMonths, OptOutMode, SiteRules, Thresholds};
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::Staff;
use super::authorise::{Action, SignedIn};
use super::body::JsonBody;
use super::error::ApiError;
use super::place::AtSite;
use super::{questions, sites};
use crate::control::settings::SiteChange;
use crate::control::{EntryError, SiteRecord};

/// What is to change; what isn't there stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    timezone: Option<String>,
    week_start: Option<u8>,
    rules: Option<Rules>,
    thresholds: Option<Least>,
    /// Null: as configured.
    #[serde(default, deserialize_with = "there")]
    retention: Option<Option<Months>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Rules {
    hosts: Option<Vec<String>>,
    shields: Shields,
    parameters: Option<Vec<String>>,
    properties: Option<Vec<String>>,
    opt_out: Option<String>,
    #[serde(deserialize_with = "there")]
    umami_id: Option<Option<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Shields {
    addresses: Option<Vec<String>>,
    countries: Option<Vec<String>>,
    pages: Option<Vec<String>>,
    hosts: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Least {
    staff_k: Option<u32>,
    public_k: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Months {
    detail_months: u16,
    statistics_months: Option<u16>,
}

/// Tells a null from what isn't there.
fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Rules {
    fn put(self, rules: &mut SiteRules) {
        for (given, list) in [
            (self.hosts, &mut rules.allow_hosts),
            (self.shields.addresses, &mut rules.shield_addresses),
            (self.shields.countries, &mut rules.shield_countries),
            (self.shields.pages, &mut rules.shield_pages),
            (self.shields.hosts, &mut rules.shield_hosts),
            (self.parameters, &mut rules.keep_params),
            (self.properties, &mut rules.allow_props),
        ] {
            if let Some(given) = given {
                *list = given;
            }
        }
        if let Some(id) = self.umami_id {
            rules.umami_id = id;
        }
    }
}

/// `PATCH /api/sites/{domain}`
pub(super) async fn change(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
    JsonBody(body): JsonBody<Change>,
) -> Result<Json<Value>, ApiError> {
    let site = signed_in.site_to(&staff, &domain, Action::EditSite)?;
    let rules = body.rules.unwrap_or_default();
    if let Some(addresses) = &rules.shields.addresses {
        let is_network = staff.0.is_network;
        if !addresses.iter().map(|text| text.trim()).all(|text| text.is_empty() || is_network(text)) {
            return Err(ApiError::BadRule);
        }
    }
    let opt_out = match rules.opt_out.as_deref() {
        None => None,
        Some(name) => Some(OptOutMode::named(name).ok_or(EntryError::BadSetting("opt_out"))?),
    };
    let change = SiteChange {
        timezone: body.timezone,
        week_start: body.week_start,
        opt_out,
        thresholds: body.thresholds.map(|least| Thresholds { staff: least.staff_k, public: least.public_k }),
        keep: body.retention.map(|months| {
            months.map(|of| KeepMonths { detail: of.detail_months, statistics: of.statistics_months })
        }),
    };
    let by = signed_in.author();
    let changed = staff
        .control(move |control| control.change_site(by, &site.domain, change, |now| rules.put(now)))
        .await?;
    Ok(Json(shown(&changed)))
}

/// `GET /api/sites/{domain}/deletion`: what would go.
pub(super) async fn deletion(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
) -> Result<Json<Value>, ApiError> {
    let site = signed_in.site_to(&staff, &domain, Action::OwnSite)?;
    let asked = site.domain.clone();
    let belongings = staff.control(move |control| control.belongings(&asked)).await?;
    let question = Question::from_json(&json!({
        "site_id": site.domain, "metrics": ["pageviews"], "date_range": "all",
    }))?;
    let answer = questions::ask(&staff, &question).await?;
    let pageviews = answer.results.first().and_then(|row| row.metrics.first());
    Ok(Json(json!({
        "domain": site.domain,
        "first_beacon_at": sites::first_beacon(&staff, site.id).await?,
        "pageviews": pageviews,
        "goals": belongings.goals,
        "funnels": belongings.funnels,
        "segments": belongings.segments,
        "annotations": belongings.annotations,
        "links": belongings.links,
        "keys": belongings.keys,
    })))
}

/// `DELETE /api/sites/{domain}`: not counted from now on; its figures leave ClickHouse in the background.
pub(super) async fn delete(
    State(staff): State<Staff>,
    signed_in: SignedIn,
    AtSite(domain): AtSite,
) -> Result<StatusCode, ApiError> {
    let site = signed_in.site_to(&staff, &domain, Action::OwnSite)?;
    let by = signed_in.author();
    staff.control(move |control| control.delete_site(by, &site.domain)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What editors see of a site beside what everybody does.
pub(super) fn shown(site: &SiteRecord) -> Value {
    let SiteRules {
        allow_hosts,
        shield_addresses,
        shield_countries,
        shield_pages,
        shield_hosts,
        keep_params,
        allow_props,
        umami_id,
        thresholds,
        keep,
    } = &site.rules;
    json!({
        "domain": site.domain,
        "timezone": site.timezone,
        "week_start": site.week_start,
        "rules": {
            "hosts": allow_hosts,
            "shields": {
                "addresses": shield_addresses,
                "countries": shield_countries,
                "pages": shield_pages,
                "hosts": shield_hosts,
            },
            "parameters": keep_params,
            "properties": allow_props,
            "opt_out": site.opt_out.name(),
            "umami_id": umami_id,
        },
        "retention": keep.map(|keep| json!({
            "detail_months": keep.detail, "statistics_months": keep.statistics,
        })),
        "thresholds": { "staff_k": thresholds.staff, "public_k": thresholds.public },
    })
}
