//! Questions at random.

use aggregator::Question;
use aggregator::question::Metric;
use jiff::Span;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::traffic::{BROWSERS, Dice, HOSTS, LANGUAGES, PATHS, REGIONS};

const DIMENSIONS: &[&str] = &[
    "event:page",
    "event:hostname",
    "event:name",
    "event:props:plan",
    "visit:entry_page",
    "visit:exit_page",
    "visit:entry_page_hostname",
    "visit:source",
    "visit:channel",
    "visit:country",
    "visit:region",
    "visit:device",
    "visit:browser",
    "visit:language",
];

fn pool(dimension: &str) -> &'static [&'static str] {
    match dimension {
        "event:page" | "visit:entry_page" | "visit:exit_page" => PATHS,
        "event:hostname" | "visit:entry_page_hostname" => HOSTS,
        "event:name" => &["pageview", "Signup", "Purchase", "signup"],
        "event:props:plan" => &["free", "paid", "(none)", "(other)"],
        "visit:source" => &["Direct / None", "Google", "google", "o'brien\\\\ \t\"x\""],
        "visit:country" => &["KZ", "RU", "(not set)"],
        "visit:region" => REGIONS,
        "visit:device" => &["Desktop", "Mobile", "(not set)"],
        "visit:browser" => BROWSERS,
        "visit:channel" => &["Direct", "Email"],
        _ => LANGUAGES,
    }
}

fn test(dice: &mut Dice, of_event: bool) -> Value {
    let dimension = DIMENSIONS[dice.below(if of_event { 4 } else { DIMENSIONS.len() })];
    let values = pool(dimension);
    let one = dice.one(values);
    match dice.below(6) {
        0 | 1 => json!(["is", dimension, [one]]),
        2 => json!(["is_not", dimension, [one, dice.one(values)]]),
        3 => json!(["is", dimension, [one, dice.one(values)], {"case_sensitive": false}]),
        4 => json!([dice.one(&["contains", "contains_not"]), dimension, [dice.one(&["o", "e", "/", "ақ"])]]),
        _ => json!([dice.one(&["matches", "matches_not"]), dimension, [dice.one(&["^/", "^K", "e$", "a$"])]]),
    }
}

fn filter(dice: &mut Dice) -> Value {
    match dice.below(8) {
        0 => json!(["or", [test(dice, false), test(dice, false)]]),
        1 => json!(["not", ["and", [test(dice, false), test(dice, false)]]]),
        2 => json!([dice.one(&["has_done", "has_not_done"]), test(dice, true)]),
        _ => test(dice, false),
    }
}

pub(super) fn random_question(dice: &mut Dice, first: Date, days: usize) -> Value {
    let mut dimensions: Vec<&str> = Vec::new();
    let others = dice.below(3);
    for _ in 0..others {
        dimensions.push(DIMENSIONS[dice.below(DIMENSIONS.len())]);
    }
    match dice.below(7) {
        6 => dimensions.insert(0, "time:hour_of_week"),
        0 => dimensions.insert(0, "time:day"),
        1 => dimensions.insert(0, "time:week"),
        2 => dimensions.insert(0, "time:month"),
        3 => dimensions.insert(0, "time:hour"),
        _ => {}
    }
    let filters: Vec<Value> = (0..dice.below(3)).map(|_| filter(dice)).collect();
    let (a, b) = (dice.below(days), dice.below(days));
    let day = |n: usize| first.checked_add(Span::new().days(i64::try_from(n).unwrap())).unwrap().to_string();
    // One metric that only the detail knows sends the whole question there: half of the questions have none.
    let plain = dice.below(2) == 0;
    let mut metrics: Vec<&str> = Vec::new();
    for metric in Metric::ALL.iter().filter(|metric| !metric.is_share()) {
        let left_out = plain && is_of_detail(metric);
        if !left_out && dice.below(2) == 0 {
            metrics.push(metric.name());
        }
    }
    json!({
        "site_id": "1.kz", "metrics": metrics, "date_range": [day(a.min(b)), day(a.max(b))],
        "dimensions": dimensions, "filters": filters,
    })
}

/// Whether statistics are without this metric.
fn is_of_detail(metric: &Metric) -> bool {
    matches!(metric, Metric::Vital(..) | Metric::TimeOnPage) || metric.is_of_revenue()
}

/// Whether nothing in the question needs the detail: at most one dimension, no filter, metrics of statistics.
pub(super) fn is_of_statistics(question: &Question) -> bool {
    question.dimensions.iter().filter(|dimension| !dimension.is_time()).count() <= 1
        && question.filters.is_empty()
        && !question.metrics.iter().any(is_of_detail)
}

/// The question without the metrics that do not go with it; none when nothing is left of it.
pub(super) fn fitting(mut question: Value) -> Option<Question> {
    for _ in 0..20 {
        match Question::from_json(&question) {
            Ok(question) => return Some(question),
            Err(error) => {
                let text = error.to_string();
                let index: usize = text.strip_prefix("#/metrics/")?.split(':').next()?.parse().ok()?;
                question["metrics"].as_array_mut()?.remove(index);
            }
        }
    }
    None
}
