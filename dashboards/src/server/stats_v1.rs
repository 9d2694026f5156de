//! Plausible's first Stats API, for the clients that still speak it: `/api/v1/stats/…`. Each request becomes a question of
//! the second one, and its answer is spelt as the first did.

use std::collections::HashMap;

use aggregator::question::{Goal, GoalKind, page_pattern};
use aggregator::{Answer, Question};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use events::{LocalDay, Site};
use jiff::Span;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::Staff;
use super::authorise::{Action, Actor, WithKey, authorise};
use super::error::ApiError;
use super::questions::ask;

type Parameters = HashMap<String, String>;
type Answered = Result<Json<Value>, ApiError>;
type Asked = Result<Query<Parameters>, QueryRejection>;

/// `GET /api/v1/stats/realtime/visitors`: a bare number.
pub(super) async fn realtime(State(staff): State<Staff>, WithKey(key): WithKey, asked: Asked) -> Answered {
    let request = Request::of(&staff, Actor::Key(&key), asked)?;
    let question = json!({
        "site_id": request.site.domain, "metrics": ["visitors"], "date_range": "realtime",
    });
    let answer = ask(&staff, &Question::from_json(&question)?).await?;
    Ok(Json(answer.results.first().map_or(json!(0), |row| json!(row.metrics.first()))))
}

/// `GET /api/v1/stats/aggregate`
pub(super) async fn aggregate(State(staff): State<Staff>, WithKey(key): WithKey, asked: Asked) -> Answered {
    let request = Request::of(&staff, Actor::Key(&key), asked)?;
    let mut question = request.question()?;
    match request.get("compare") {
        None => {}
        Some("previous_period") => {
            question["include"] = json!({ "comparisons": { "mode": "previous_period" } })
        }
        Some(_) => return refused("The only comparison is `previous_period`."),
    }
    let answer = ask(&staff, &Question::from_json(&question)?).await?;
    let mut results = Map::new();
    if let Some(row) = answer.results.first() {
        for (index, name) in request.metrics().into_iter().enumerate() {
            let mut figure = json!({ "value": row.metrics.get(index) });
            if let Some(compared) = &row.comparison {
                figure["change"] = json!(compared.change.get(index));
            }
            results.insert(name.to_owned(), figure);
        }
    }
    Ok(Json(json!({ "results": results })))
}

/// `GET /api/v1/stats/timeseries`
pub(super) async fn timeseries(State(staff): State<Staff>, WithKey(key): WithKey, asked: Asked) -> Answered {
    let request = Request::of(&staff, Actor::Key(&key), asked)?;
    let mut question = request.question()?;
    let unit = match (request.get("interval"), request.get("period").unwrap_or("30d")) {
        (Some("month"), _) | (None, "6mo" | "12mo") => "time:month",
        (None, "day") => "time:hour",
        (Some("date" | "day") | None, _) => "time:day",
        (Some(_), _) => return refused("The intervals are `date` and `month`."),
    };
    question["dimensions"] = json!([unit]);
    let answer = ask(&staff, &Question::from_json(&question)?).await?;
    Ok(Json(json!({ "results": request.rows(&answer, "date") })))
}

/// `GET /api/v1/stats/breakdown`
pub(super) async fn breakdown(State(staff): State<Staff>, WithKey(key): WithKey, asked: Asked) -> Answered {
    let request = Request::of(&staff, Actor::Key(&key), asked)?;
    let Some(property) = request.get("property") else {
        return refused(
            "The `property` parameter is required. Please provide at least one property to show a breakdown by.",
        );
    };
    if property == "event:hostname" {
        return refused("Property `event:hostname` is currently not supported for breakdowns.");
    }
    let number = |name: &str, default: u32, most: u32| match request.get(name) {
        None => Ok(default),
        Some(text) => text.parse().ok().filter(|n| (1..=most).contains(n)).ok_or_else(|| {
            ApiError::BadStatsRequest(format!("The `{name}` parameter is a number from 1 to {most}."))
        }),
    };
    let (limit, page) = (number("limit", 100, 1_000)?, number("page", 1, 1_000_000)?);
    let mut question = request.question()?;
    question["dimensions"] = json!([property]);
    question["pagination"] = json!({ "limit": limit, "offset": u64::from(limit) * u64::from(page - 1) });
    let answer = ask(&staff, &Question::from_json(&question)?).await?;
    let name = property.rsplit(':').next().unwrap_or(property);
    Ok(Json(json!({ "results": request.rows(&answer, name) })))
}

fn refused<T>(message: &str) -> Result<T, ApiError> {
    Err(ApiError::BadStatsRequest(message.to_owned()))
}

/// One request, with the site its key is for.
struct Request {
    site: std::sync::Arc<Site>,
    today: Date,
    parameters: Parameters,
}

impl Request {
    fn of(staff: &Staff, actor: Actor<'_>, asked: Asked) -> Result<Self, ApiError> {
        let Ok(Query(parameters)) = asked else {
            return refused("The parameters cannot be read.");
        };
        let Some(domain) = parameters.get("site_id").filter(|domain| !domain.is_empty()) else {
            return refused(
                "Missing site ID. Please provide the required site_id parameter with your request.",
            );
        };
        let site = staff.sites().by_domain(domain).ok_or(ApiError::InvalidApiKey)?;
        authorise(actor, Action::AskAbout(site.id))?;
        let today = LocalDay::at(staff.0.clock.now(), &site.zone).map_err(|_| ApiError::Internal)?.date;
        Ok(Self { site, today, parameters })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    fn metrics(&self) -> Vec<&str> {
        self.get("metrics").unwrap_or("visitors").split(',').map(str::trim).collect()
    }

    /// What the parameters that all of them share ask for.
    fn question(&self) -> Result<Value, ApiError> {
        let filters = self.filters()?;
        let goals: Vec<Value> = filters.goals.iter().map(Goal::to_json).collect();
        Ok(json!({
            "site_id": self.site.domain,
            "metrics": self.metrics(),
            "date_range": self.date_range()?,
            "filters": filters.filters,
            "goals": goals,
        }))
    }

    fn date_range(&self) -> Result<Value, ApiError> {
        let period = self.get("period").unwrap_or("30d");
        let day = |text: &str| {
            text.trim().parse::<Date>().map_err(|_| {
                ApiError::BadStatsRequest(
                    "Error parsing `date` parameter. Please specify a valid date in ISO-8601 format.".into(),
                )
            })
        };
        if period == "custom" {
            let Some((first, last)) = self.get("date").and_then(|dates| dates.split_once(',')) else {
                return refused(
                    "The `date` parameter is required when using a custom period: `YYYY-MM-DD,YYYY-MM-DD`.",
                );
            };
            return Ok(json!([day(first)?.to_string(), day(last)?.to_string()]));
        }
        let today = self.get("date").map_or(Ok(self.today), day)?;
        let month = today.first_of_month();
        let back = |from: Date, span: Span| from.checked_sub(span).unwrap_or(from);
        let (first, last) = match period {
            "day" => (today, today),
            "7d" => (back(today, Span::new().days(7)), back(today, Span::new().days(1))),
            "30d" => (back(today, Span::new().days(30)), back(today, Span::new().days(1))),
            "month" => (month, today.last_of_month()),
            "6mo" => (back(month, Span::new().months(6)), back(month, Span::new().days(1))),
            "12mo" => (back(month, Span::new().months(12)), back(month, Span::new().days(1))),
            "year" => (today.first_of_year(), today.last_of_year()),
            _ => return refused("Invalid `period`: it is one of day, 7d, 30d, month, 6mo, 12mo, custom."),
        };
        Ok(json!([first.to_string(), last.to_string()]))
    }

    fn filters(&self) -> Result<Filters, ApiError> {
        let mut read = Filters::default();
        for part in self.get("filters").unwrap_or_default().split(';').filter(|part| !part.trim().is_empty())
        {
            let (name, negated, values) = match (part.split_once("!="), part.split_once("==")) {
                (Some((name, values)), None) => (name.trim(), true, values),
                (None, Some((name, values))) => (name.trim(), false, values),
                _ => return refused("Invalid filter: write `visit:browser==Firefox`."),
            };
            read.add(name, negated, &alternatives(values));
        }
        Ok(read)
    }

    /// Rows under the names of their metrics.
    fn rows(&self, answer: &Answer, dimension: &str) -> Vec<Value> {
        let rows = answer.results.iter().map(|row| {
            let mut named = Map::new();
            named.insert(dimension.to_owned(), json!(row.dimensions.first()));
            for (name, figure) in self.metrics().into_iter().zip(&row.metrics) {
                named.insert(name.to_owned(), json!(figure));
            }
            Value::Object(named)
        });
        rows.collect()
    }
}

#[derive(Default)]
struct Filters {
    filters: Vec<Value>,
    goals: Vec<Goal>,
}

impl Filters {
    fn add(&mut self, name: &str, negated: bool, values: &[String]) {
        if name == "event:goal" {
            for value in values {
                if self.goals.iter().any(|goal| goal.name == *value) {
                    continue;
                }
                let kind = match value.strip_prefix("Visit ") {
                    Some(path) => GoalKind::Page(path.to_owned()),
                    None => GoalKind::Event(value.clone()),
                };
                self.goals.push(Goal { name: value.clone(), kind, conditions: Vec::new() });
            }
        }
        let with = |op: &str, values: Vec<String>| json!([op, name, values]);
        let wild = name != "event:goal" && values.iter().any(|value| value.contains('*'));
        self.filters.push(match (wild, negated) {
            (false, false) => with("is", values.to_vec()),
            (false, true) => with("is_not", values.to_vec()),
            (true, negated) => {
                let patterns = values.iter().map(|value| page_pattern(value)).collect();
                with(if negated { "matches_not" } else { "matches" }, patterns)
            }
        });
    }
}

/// `a|b\|c` is `a` or `b|c`.
fn alternatives(values: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut characters = values.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek() == Some(&'|') => {
                characters.next();
                all.iter_mut().last().into_iter().for_each(|last| last.push('|'));
            }
            '|' => all.push(String::new()),
            other => all.iter_mut().last().into_iter().for_each(|last| last.push(other)),
        }
    }
    all.iter().map(|value| value.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_separates_and_an_escaped_one_does_not() {
        assert_eq!(alternatives("/a|/b"), ["/a", "/b"]);
        assert_eq!(alternatives(r"a\|b | c"), ["a|b", "c"]);
    }

    #[test]
    fn asterisks_become_patterns_and_goals_are_brought_along() {
        let mut filters = Filters::default();
        filters.add("event:page", false, &["/blog/**".into()]);
        filters.add("visit:country", true, &["KZ".into()]);
        filters.add("event:goal", false, &["Signup".into(), "Visit /thanks".into()]);
        assert_eq!(
            json!(filters.filters),
            json!([
                ["matches", "event:page", [r"^\/blog\/.*$"]],
                ["is_not", "visit:country", ["KZ"]],
                ["is", "event:goal", ["Signup", "Visit /thanks"]],
            ])
        );
        assert_eq!(filters.goals[1].kind, GoalKind::Page("/thanks".into()));
    }
}
