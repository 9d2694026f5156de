//! `GET /api/openapi.json`: what programs may ask, written from the lists the question engine itself reads.

mod sites;

use aggregator::analyses::{Funnel, Order, Towards};
use aggregator::question::{Dimension, Direction, Metric, Op};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Staff;

/// `GET /api/openapi.json`
pub(super) async fn show(State(staff): State<Staff>) -> Json<Value> {
    Json(document(staff.0.quota.per_hour()))
}

fn document(per_hour: u32) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sanaq stats API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "Questions about one site, in the grammar of Plausible's Stats API. At most {per_hour} an hour for each key."
            ),
        },
        "security": [{ "key": [] }],
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer" },
                "session": { "type": "apiKey", "in": "cookie", "name": "__Host-sanaq" },
            },
            "schemas": schemas(),
        },
    })
}

fn paths() -> Value {
    let refused = |status: &str, what: &str| {
        (
            status.to_owned(),
            json!({ "description": what, "content": { "application/json": { "schema": reference("Error") } } }),
        )
    };
    let answers = |schema: Value| {
        let ok =
            json!({ "description": "The answer", "content": { "application/json": { "schema": schema } } });
        let all = [
            ("200".to_owned(), ok),
            refused("400", "The question is not understood; the text says where"),
            refused("401", "No key, or one that is not for this site"),
            refused("429", "The key has used up its hour"),
            refused("503", "The statistics are away for a moment"),
        ];
        Value::Object(all.into_iter().collect())
    };
    let first = |summary: &str, more: &[&str], schema: Value| {
        let shared = ["site_id", "period", "date", "metrics", "filters"];
        let names = if more == ["only"] { &shared[..1] } else { &shared[..] };
        let parameters: Vec<_> = names
            .iter()
            .chain(more.iter().filter(|name| **name != "only"))
            .map(|name| {
                json!({
                    "name": name, "in": "query", "required": matches!(*name, "site_id" | "property"),
                    "schema": { "type": "string" },
                })
            })
            .collect();
        json!({ "get": { "summary": summary, "parameters": parameters, "responses": answers(schema) } })
    };
    let rows = json!({ "type": "object", "properties": { "results": { "type": "array", "items": { "type": "object" } } } });
    let mut all = json!({
        "/api/questions": { "post": {
            "summary": "Asks up to 16 questions, funnels and journeys at once, as the dashboard does",
            "security": [{ "session": [] }],
            "requestBody": { "required": true, "content": { "application/json": { "schema": {
                "type": "object", "additionalProperties": false, "required": ["questions"],
                "properties": { "questions": { "type": "array", "maxItems": 16, "items": {
                    "anyOf": [reference("Question"), reference("Funnel"), reference("Journeys")],
                } } },
            } } } },
            "responses": answers(json!({ "type": "object", "properties": { "answers": { "type": "array", "items": {
                "anyOf": [reference("Answer"), reference("FunnelAnswer"), reference("JourneysAnswer"), reference("Error")],
            } } } })),
        } },
        "/api/v2/query": { "post": {
            "summary": "Asks one question",
            "requestBody": { "required": true, "content": { "application/json": { "schema": reference("Question") } } },
            "responses": answers(reference("Answer")),
        } },
        "/api/v1/stats/realtime/visitors": first("Visitors of the last five minutes", &["only"], json!({ "type": "integer" })),
        "/api/v1/stats/aggregate": first("Figures of a period", &["compare"], json!({ "type": "object" })),
        "/api/v1/stats/timeseries": first("Figures by day, month or hour", &["interval"], rows.clone()),
        "/api/v1/stats/breakdown": first("Figures by a property", &["property", "limit", "page"], rows),
    });
    sites::put(&mut all, &answers);
    all
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// What funnels and journeys are asked with, and answer.
fn analyses() -> Vec<(String, Value)> {
    let figure = || json!({ "type": ["number", "null"] });
    let figures = |names: &[&str]| {
        let all = names.iter().map(|name| ((*name).to_owned(), figure()));
        json!({ "type": "object", "properties": Value::Object(all.collect()) })
    };
    let request = |kind: &str, own: Value| {
        let mut properties = json!({
            "kind": { "const": kind }, "site_id": { "type": "string" }, "date_range": reference("DateRange"),
            "filters": { "type": "array", "items": reference("Filter") },
            "goals": { "type": "array", "items": reference("Goal") },
        });
        if let (Value::Object(properties), Value::Object(own)) = (&mut properties, own) {
            properties.extend(own);
        }
        json!({
            "type": "object", "additionalProperties": false, "required": ["kind", "site_id", "date_range"],
            "properties": properties,
        })
    };
    let answer = |kind: &str, row: Value, meta: Value| {
        json!({ "type": "object", "required": ["kind", "results", "meta", "query"], "properties": {
            "kind": { "const": kind }, "results": { "type": "array", "items": row }, "meta": meta, "query": { "type": "object" },
        } })
    };
    let mut step = figures(&["step", "visits", "visitors", "from_previous", "from_first", "dropped"]);
    step["properties"]["name"] = json!({ "type": "string" });
    let mut way = figures(&["visits", "visitors", "pageviews", "percentage"]);
    way["properties"]["kind"] = json!({ "enum": ["page", "left", "came_in", "other"] });
    way["properties"]["page"] = json!({ "type": ["string", "null"] });
    let (least, most) = Funnel::STEPS;
    let steps = json!({ "type": "array", "items": reference("Goal"), "minItems": least, "maxItems": most });
    let journeys = json!({
        "page": { "type": ["string", "null"] },
        "direction": { "enum": Towards::ALL.map(Towards::name) },
        "by": { "enum": Order::ALL.map(Order::name) },
        "pagination": { "type": "object", "properties": { "limit": { "type": "integer" }, "offset": { "type": "integer" } } },
    });
    let meta = ["visits", "visitors", "days_told", "days_untold", "folded_below"];
    vec![
        ("Funnel".to_owned(), request("funnel", json!({ "steps": steps }))),
        ("Journeys".to_owned(), request("journeys", journeys)),
        ("FunnelAnswer".to_owned(), answer("funnel", step, figures(&meta))),
        (
            "JourneysAnswer".to_owned(),
            answer("journeys", way, figures(&["total_rows", "pageviews", "folded_below"])),
        ),
    ]
}

fn schemas() -> Value {
    let mut schemas = of_questions();
    if let Value::Object(schemas) = &mut schemas {
        schemas.extend(analyses());
    }
    schemas
}

fn of_questions() -> Value {
    let names = |all: Vec<String>| json!({ "type": "string", "enum": all });
    let metrics = Metric::ALL.iter().map(|metric| metric.name().to_owned()).collect();
    let dimensions: Vec<_> = Dimension::ALL.iter().map(|dimension| dimension.name().into_owned()).collect();
    let ops = Op::ALL.iter().map(|op| op.name().to_owned()).collect();
    let directions = Direction::ALL.iter().map(|direction| direction.name().to_owned()).collect();
    let list = |items: Value| json!({ "type": "array", "items": items });
    json!({
        "Metric": names(metrics),
        "Dimension": { "anyOf": [names(dimensions), { "type": "string", "pattern": "^event:props:.{1,100}$" }] },
        "Op": names(ops),
        "DateRange": { "anyOf": [
            { "type": "string", "pattern": "^(day|24h|month|year|all|realtime|realtime_30m|[0-9]+d|[0-9]+mo)$" },
            { "type": "array", "prefixItems": [{ "type": "string" }, { "type": "string" }], "minItems": 2, "maxItems": 2 },
        ] },
        "Filter": { "anyOf": [
            { "type": "array", "prefixItems": [reference("Op"), reference("Dimension"), list(json!({ "type": "string" })), { "type": "object" }], "minItems": 3, "maxItems": 4 },
            { "type": "array", "prefixItems": [names(vec!["and".into(), "or".into()]), list(reference("Filter"))], "minItems": 2, "maxItems": 2 },
            { "type": "array", "prefixItems": [names(vec!["not".into(), "has_done".into(), "has_not_done".into()]), reference("Filter")], "minItems": 2, "maxItems": 2 },
        ] },
        "Goal": { "type": "object", "additionalProperties": false, "properties": {
            "display_name": { "type": "string" }, "event_name": { "type": "string" }, "page_path": { "type": "string" },
            "scroll_threshold": { "type": "integer", "minimum": 1, "maximum": 100 }, "custom_props": { "type": "object" },
        } },
        "Question": {
            "type": "object", "additionalProperties": false, "required": ["site_id", "metrics", "date_range"],
            "properties": {
                "site_id": { "type": "string" },
                "metrics": { "type": "array", "items": reference("Metric"), "minItems": 1, "uniqueItems": true },
                "date_range": reference("DateRange"),
                "dimensions": list(reference("Dimension")),
                "filters": list(reference("Filter")),
                "goals": list(reference("Goal")),
                "order_by": list(json!({ "type": "array", "prefixItems": [{ "type": "string" }, names(directions)] })),
                "include": { "type": "object", "additionalProperties": false, "properties": {
                    "time_labels": { "type": "boolean" }, "total_rows": { "type": "boolean" }, "shares": { "type": "boolean" }, "imports": { "type": "boolean" },
                    "trim_relative_date_range": { "type": "boolean" },
                    "comparisons": { "type": "object", "additionalProperties": false, "properties": {
                        "mode": names(vec!["previous_period".into(), "year_over_year".into(), "custom".into()]),
                        "date_range": reference("DateRange"), "match_day_of_week": { "type": "boolean" },
                    } },
                } },
                "pagination": { "type": "object", "additionalProperties": false, "properties": {
                    "limit": { "type": "integer", "minimum": 1, "maximum": 10_000 }, "offset": { "type": "integer", "minimum": 0 },
                } },
            },
        },
        "Answer": {
            "type": "object", "required": ["results", "meta", "query"],
            "properties": {
                "results": list(json!({ "type": "object", "properties": {
                    "metrics": list(json!({ "type": ["number", "object", "null"] })), "dimensions": list(json!({ "type": "string" })),
                } })),
                "meta": { "type": "object" },
                "query": reference("Question"),
            },
        },
        "Error": {
            "type": "object", "required": ["error", "code"],
            "properties": { "error": { "type": "string" }, "code": { "type": "string" } },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_points_at_something() {
        fn walk(value: &Value, seen: &mut Vec<String>) {
            match value {
                Value::Object(object) => {
                    seen.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    object.values().for_each(|value| walk(value, seen));
                }
                Value::Array(items) => items.iter().for_each(|item| walk(item, seen)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let document = document(600);
        let mut seen = Vec::new();
        walk(&document, &mut seen);
        assert!(seen.len() > 10);
        for reference in seen {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn it_has_every_address_for_programs() {
        let paths = paths();
        for route in crate::server::ROUTES.iter().filter(|route| route.path.starts_with("/api/v")) {
            assert!(paths[route.path][route.method.to_lowercase()].is_object(), "{}", route.path);
        }
    }
}
