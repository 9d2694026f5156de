//! From JSON to a [`Question`]. Unknown keys are refused; every refusal says where.

use jiff::civil::{Date, Time};
use serde_json::{Map, Value};

use super::{
    DateRange, Dimension, Direction, Include, Metric, OrderKey, Pagination, Question, QuestionError,
};

type Parsed<T> = Result<T, QuestionError>;

const KEYS: &[&str] =
    &["site_id", "metrics", "date_range", "dimensions", "filters", "order_by", "include", "pagination"];

pub(super) fn question(json: &Value) -> Parsed<Question> {
    let Value::Object(body) = json else {
        return Err(QuestionError::invalid("invalid_question", "#", "Expected an object."));
    };
    only_keys(body, "#", KEYS)?;
    no_filters(body.get("filters"))?;
    Ok(Question {
        site_id: site_id(required(body, "site_id")?)?,
        metrics: metrics(required(body, "metrics")?)?,
        date_range: date_range(required(body, "date_range")?)?,
        dimensions: body.get("dimensions").map_or(Ok(Vec::new()), dimensions)?,
        order_by: body.get("order_by").map_or(Ok(Vec::new()), order_by)?,
        pagination: body.get("pagination").map_or(Ok(Pagination::default()), pagination)?,
        include: body.get("include").map_or(Ok(Include::default()), include)?,
    })
}

fn only_keys(object: &Map<String, Value>, pointer: &str, known: &[&str]) -> Parsed<()> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let key: String = key.chars().take(100).collect();
            Err(QuestionError::invalid(
                "unknown_key",
                format!("{pointer}/{key}"),
                format!("Unknown key. Known here: {}.", known.join(", ")),
            ))
        }
    }
}

fn required<'a>(body: &'a Map<String, Value>, key: &str) -> Parsed<&'a Value> {
    body.get(key).ok_or_else(|| {
        QuestionError::invalid("missing_key", "#", format!("Required property {key} is missing."))
    })
}

fn site_id(value: &Value) -> Parsed<String> {
    match value.as_str() {
        Some(domain) if !domain.is_empty() => Ok(domain.to_owned()),
        _ => Err(QuestionError::invalid("invalid_site_id", "#/site_id", "Expected the domain of a site.")),
    }
}

fn list<'a>(value: &'a Value, code: &'static str, pointer: &str) -> Parsed<&'a [Value]> {
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| QuestionError::invalid(code, pointer, "Expected a list."))
}

fn metrics(value: &Value) -> Parsed<Vec<Metric>> {
    let items = list(value, "invalid_metric", "#/metrics")?;
    if items.is_empty() {
        return Err(QuestionError::invalid("invalid_metric", "#/metrics", "Expected at least one metric."));
    }
    distinct(items, "invalid_metric", "#/metrics", "metric", Metric::named)
}

fn dimensions(value: &Value) -> Parsed<Vec<Dimension>> {
    let items = list(value, "invalid_dimension", "#/dimensions")?;
    distinct(items, "invalid_dimension", "#/dimensions", "dimension", Dimension::named)
}

/// A list of names, each known and each once.
fn distinct<T: Copy + PartialEq>(
    items: &[Value],
    code: &'static str,
    pointer: &str,
    noun: &str,
    named: fn(&str) -> Option<T>,
) -> Parsed<Vec<T>> {
    let mut seen = Vec::with_capacity(items.len().min(64));
    for (index, item) in items.iter().enumerate() {
        let at = format!("{pointer}/{index}");
        let Some(one) = item.as_str().and_then(named) else {
            return Err(QuestionError::invalid(code, at, format!("Invalid {noun} {}", shown(item))));
        };
        if seen.contains(&one) {
            return Err(QuestionError::invalid(code, at, format!("Duplicate {noun} {}", shown(item))));
        }
        seen.push(one);
    }
    Ok(seen)
}

/// A value as JSON, cut to what an error sentence can carry.
fn shown(value: &Value) -> String {
    value.to_string().chars().take(100).collect()
}

fn no_filters(value: Option<&Value>) -> Parsed<()> {
    match value {
        None => Ok(()),
        Some(value) if list(value, "invalid_filter", "#/filters")?.is_empty() => Ok(()),
        Some(_) => Err(QuestionError::invalid(
            "filters_unsupported",
            "#/filters/0",
            "Filters are not supported yet.",
        )),
    }
}

fn date_range(value: &Value) -> Parsed<DateRange> {
    let bad = || {
        QuestionError::invalid(
            "invalid_date_range",
            "#/date_range",
            format!("Invalid date range {}", shown(value)),
        )
    };
    match value {
        Value::String(name) => match name.as_str() {
            "day" => Ok(DateRange::Today),
            "month" => Ok(DateRange::Month),
            "year" => Ok(DateRange::Year),
            "all" => Ok(DateRange::All),
            "realtime" => Ok(DateRange::Realtime),
            other => counted(other, "mo", 100)
                .map(DateRange::Months)
                .or_else(|| counted(other, "d", 5_000).map(DateRange::Days))
                .ok_or_else(bad),
        },
        Value::Array(ends) => match ends.as_slice() {
            [Value::String(first), Value::String(last)] => {
                let (first, last) = (begin(first).ok_or_else(bad)?, end(last).ok_or_else(bad)?);
                if first > last {
                    return Err(QuestionError::invalid(
                        "invalid_date_range",
                        "#/date_range",
                        "The first day is after the last.",
                    ));
                }
                Ok(DateRange::Dates(first, last))
            }
            _ => Err(bad()),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Err(bad()),
    }
}

fn counted(text: &str, unit: &str, most: u16) -> Option<u16> {
    let digits = text.strip_suffix(unit)?;
    if digits.starts_with('+') {
        return None;
    }
    digits.parse().ok().filter(|n| (1..=most).contains(n))
}

/// A date, or the first second of one: answers spell their range that way, and asking it again must work.
fn begin(text: &str) -> Option<Date> {
    calendar(text, Time::midnight())
}

fn end(text: &str) -> Option<Date> {
    calendar(text, Time::constant(23, 59, 59, 0))
}

fn calendar(text: &str, at: Time) -> Option<Date> {
    let date = if text.len() == 10 {
        text.parse().ok()?
    } else {
        // The offset is not looked at: days are the site's own.
        let zoned = jiff::fmt::temporal::DateTimeParser::new().parse_pieces(text).ok()?;
        zoned.time().filter(|time| *time == at)?;
        zoned.date()
    };
    // What the `Date` column can hold, with room for arithmetic.
    Some(date).filter(|date: &Date| (1970..2149).contains(&date.year()) && *date > Date::constant(1970, 1, 1))
}

fn order_by(value: &Value) -> Parsed<Vec<(OrderKey, Direction)>> {
    list(value, "invalid_order_by", "#/order_by")?
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let key = |name: &str| {
                Metric::named(name)
                    .map(OrderKey::Metric)
                    .or_else(|| Dimension::named(name).map(OrderKey::Dimension))
            };
            match item.as_array().map(Vec::as_slice) {
                Some([Value::String(name), Value::String(way)]) => key(name).zip(Direction::named(way)),
                _ => None,
            }
            .ok_or_else(|| {
                QuestionError::invalid(
                    "invalid_order_by",
                    format!("#/order_by/{index}"),
                    format!("Invalid order {}", shown(item)),
                )
            })
        })
        .collect()
}

fn pagination(value: &Value) -> Parsed<Pagination> {
    let Value::Object(object) = value else {
        return Err(QuestionError::invalid("invalid_pagination", "#/pagination", "Expected an object."));
    };
    only_keys(object, "#/pagination", &["limit", "offset"])?;
    let number = |key: &str, default: u32, least: u32, most: u32| match object.get(key) {
        None => Ok(default),
        Some(value) => value
            .as_u64()
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| (least..=most).contains(n))
            .ok_or_else(|| {
                QuestionError::invalid(
                    "invalid_pagination",
                    format!("#/pagination/{key}"),
                    format!("Expected a whole number from {least} to {most}."),
                )
            }),
    };
    let default = Pagination::default();
    Ok(Pagination {
        limit: number("limit", default.limit, 1, 10_000)?,
        offset: number("offset", default.offset, 0, u32::MAX)?,
    })
}

fn include(value: &Value) -> Parsed<Include> {
    let Value::Object(object) = value else {
        return Err(QuestionError::invalid("invalid_include", "#/include", "Expected an object."));
    };
    only_keys(object, "#/include", &["time_labels", "total_rows"])?;
    let flag = |key: &str| match object.get(key) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| {
            QuestionError::invalid("invalid_include", format!("#/include/{key}"), "Expected true or false.")
        }),
    };
    Ok(Include { time_labels: flag("time_labels")?, total_rows: flag("total_rows")? })
}
