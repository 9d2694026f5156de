//! From JSON to a [`Question`]. Unknown keys are refused; every refusal says where.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde_json::{Map, Value};

use super::{
    ComparisonMode, Comparisons, DateRange, Dimension, Direction, Include, Metric, OrderKey, Pagination,
    Question, QuestionError, filter, goal,
};

pub(super) type Parsed<T> = Result<T, QuestionError>;

const KEYS: &[&str] = &[
    "site_id",
    "metrics",
    "date_range",
    "dimensions",
    "filters",
    "goals",
    "order_by",
    "include",
    "pagination",
];

pub(super) fn question(json: &Value) -> Parsed<Question> {
    let Value::Object(body) = json else {
        return Err(QuestionError::invalid("invalid_question", "#", "Expected an object."));
    };
    only_keys(body, "#", KEYS)?;
    let goals = body.get("goals").map_or(Ok(Vec::new()), goal::goals)?;
    Ok(Question {
        site_id: site_id(required(body, "site_id")?)?,
        metrics: metrics(required(body, "metrics")?)?,
        date_range: date_range(required(body, "date_range")?)?,
        dimensions: body.get("dimensions").map_or(Ok(Vec::new()), dimensions)?,
        filters: body.get("filters").map_or(Ok(Vec::new()), |value| filter::filters(value, &goals))?,
        goals,
        order_by: body.get("order_by").map_or(Ok(Vec::new()), order_by)?,
        pagination: body.get("pagination").map_or(Ok(Pagination::default()), pagination)?,
        include: body.get("include").map_or(Ok(Include::default()), include)?,
    })
}

pub(crate) fn only_keys(object: &Map<String, Value>, pointer: &str, known: &[&str]) -> Parsed<()> {
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

pub(crate) fn list<'a>(value: &'a Value, code: &'static str, pointer: &str) -> Parsed<&'a [Value]> {
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
pub(crate) fn shown(value: &Value) -> String {
    value.to_string().chars().take(100).collect()
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
            "24h" => Ok(DateRange::LastDay),
            "realtime" => Ok(DateRange::Realtime),
            "realtime_30m" => Ok(DateRange::HalfHour),
            other => counted(other, "mo", 100)
                .map(DateRange::Months)
                .or_else(|| counted(other, "d", 5_000).map(DateRange::Days))
                .ok_or_else(bad),
        },
        Value::Array(ends) => match ends.as_slice() {
            [Value::String(first), Value::String(last)] => {
                let refused =
                    |message| Err(QuestionError::invalid("invalid_date_range", "#/date_range", message));
                if let (Some(first), Some(last)) = (begin(first), end(last)) {
                    if first > last {
                        return refused("The first day is after the last.");
                    }
                    return Ok(DateRange::Dates(first, last));
                }
                let (first, last) = (instant(first).ok_or_else(bad)?, instant(last).ok_or_else(bad)?);
                if first > last {
                    return refused("The first instant is after the last.");
                }
                Ok(DateRange::Instants(first, last))
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

/// An instant, written with its offset.
fn instant(text: &str) -> Option<Timestamp> {
    let instant: Timestamp = text.parse().ok()?;
    (86_400..5_600_000_000).contains(&instant.as_second()).then_some(instant)
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
    only_keys(
        object,
        "#/include",
        &["time_labels", "total_rows", "imports", "shares", "trim_relative_date_range", "comparisons"],
    )?;
    let flag = |key: &str| match object.get(key) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| {
            QuestionError::invalid("invalid_include", format!("#/include/{key}"), "Expected true or false.")
        }),
    };
    // Nothing is imported, so there is nothing to include or to leave out.
    flag("imports")?;
    Ok(Include {
        time_labels: flag("time_labels")?,
        total_rows: flag("total_rows")?,
        shares: flag("shares")?,
        comparisons: object.get("comparisons").map(comparisons).transpose()?.flatten(),
        trim_relative_date_range: flag("trim_relative_date_range")?,
    })
}

fn comparisons(value: &Value) -> Parsed<Option<Comparisons>> {
    let at = "#/include/comparisons";
    let invalid =
        || QuestionError::invalid("invalid_include", at, format!("Invalid comparison {}", shown(value)));
    let object = match value {
        Value::Null => return Ok(None),
        Value::Object(object) => object,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => return Err(invalid()),
    };
    only_keys(object, at, &["mode", "date_range", "match_day_of_week"])?;
    let mode = match (object.get("mode").and_then(Value::as_str), object.get("date_range")) {
        (Some("previous_period"), None) => ComparisonMode::PreviousPeriod,
        (Some("year_over_year"), None) => ComparisonMode::YearOverYear,
        (Some("custom"), Some(range)) => {
            let DateRange::Dates(first, last) = date_range(range)? else {
                return Err(invalid());
            };
            ComparisonMode::Custom(first, last)
        }
        _ => return Err(invalid()),
    };
    let match_day_of_week = match object.get("match_day_of_week") {
        None => false,
        Some(value) => value.as_bool().ok_or_else(invalid)?,
    };
    Ok(Some(Comparisons { mode, match_day_of_week }))
}
