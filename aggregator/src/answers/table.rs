//! From counted rows to an answer: figures from whole sums, labels, zeros for what was not seen, order and page.

use std::cmp::Ordering;
use std::collections::HashMap;

use clickhouse::Row as ClickHouseRow;
use events::Site;
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::plan::{Plan, bucket_number, default_order, spelled};
use crate::answer::{Answer, Figure, Meta, Row};
use crate::question::{Bucket, Dimension, Direction, Interval, Metric, OrderKey, Question};

/// One row of the statement. Everything is a whole sum; quotients are taken last.
#[derive(Clone, Debug, Default, ClickHouseRow, Deserialize)]
pub(crate) struct Counted {
    bucket: i32,
    value: String,
    visitors: u64,
    visits: u64,
    pageviews: u64,
    events: u64,
    entries: u64,
    visit_pageviews: u64,
    bounces: u64,
    duration_s: u64,
    engaged_ms: u64,
    total_rows: u64,
}

impl Counted {
    /// How many rows there are without pagination.
    pub(super) fn total_rows(&self) -> u64 {
        self.total_rows
    }
}

pub(super) fn answer(
    question: &Question,
    plan: &Plan,
    site: &Site,
    now: Timestamp,
    rows: Vec<Counted>,
    total_there: u64,
) -> Result<Answer, jiff::Error> {
    let buckets = match plan.interval {
        Some(interval) => plan.period.buckets(interval, &site.zone)?,
        None => Vec::new(),
    };
    let (rows, total) = if plan.paged_there {
        (rows, total_there)
    } else {
        let begun =
            buckets.iter().copied().filter(|bucket| bucket.has_begun(&now.to_zoned(site.zone.clone())));
        paged(question, filled(plan, begun.map(bucket_number), rows))
    };
    let results = rows.iter().map(|row| shown(question, plan, row)).collect();
    let time_labels = question.include.time_labels.then(|| buckets.into_iter().map(Bucket::label).collect());
    let total_rows = question.include.total_rows.then_some(total);
    let range = spelled(plan.period, site)?;
    Ok(Answer { results, meta: Meta { time_labels, total_rows }, query: echo(question, json!(range)) })
}

/// A row for every bucket that has begun (or the one row of a question without dimensions), zeros where nothing was seen.
fn filled(plan: &Plan, begun: impl Iterator<Item = i64>, rows: Vec<Counted>) -> Vec<Counted> {
    if plan.interval.is_none() {
        return vec![rows.into_iter().next().unwrap_or_default()];
    }
    let mut seen: HashMap<i32, Counted> = rows.into_iter().map(|row| (row.bucket, row)).collect();
    begun
        .filter_map(|bucket| i32::try_from(bucket).ok())
        .map(|bucket| seen.remove(&bucket).unwrap_or(Counted { bucket, ..Counted::default() }))
        .collect()
}

/// Orders and pages a time series, as the statement does it for everything else.
fn paged(question: &Question, mut rows: Vec<Counted>) -> (Vec<Counted>, u64) {
    let mut keys = question.order_by.clone();
    keys.extend(default_order(question));
    rows.sort_by(|a, b| {
        keys.iter().fold(Ordering::Equal, |so_far, (key, direction)| {
            let this = match key {
                OrderKey::Metric(metric) => exact(*metric, a).cmp(&exact(*metric, b)),
                OrderKey::Dimension(_) => a.bucket.cmp(&b.bucket),
            };
            so_far.then(if *direction == Direction::Ascending { this } else { this.reverse() })
        })
    });
    let total = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let skip = usize::try_from(question.pagination.offset).unwrap_or(usize::MAX);
    let take = usize::try_from(question.pagination.limit).unwrap_or(usize::MAX);
    (rows.into_iter().skip(skip).take(take).collect(), total)
}

fn shown(question: &Question, plan: &Plan, row: &Counted) -> Row {
    Row {
        metrics: question.metrics.iter().map(|metric| figure(*metric, row)).collect(),
        dimensions: question
            .dimensions
            .iter()
            .map(
                |dimension| {
                    if dimension.is_time() { label(plan, row) } else { named(*dimension, &row.value) }
                },
            )
            .collect(),
    }
}

fn label(plan: &Plan, row: &Counted) -> String {
    match plan.interval {
        Some(Interval::Hour) => {
            let hour = i8::try_from(row.bucket.rem_euclid(24)).unwrap_or_default();
            Bucket::Hour(date(row.bucket.div_euclid(24)), hour).label()
        }
        _ => Bucket::Date(date(row.bucket)).label(),
    }
}

/// The day of this number, as ClickHouse counts them.
pub(super) fn date(day_number: i32) -> Date {
    Date::constant(1970, 1, 1).checked_add(Span::new().days(day_number)).unwrap_or(Date::MAX)
}

fn named(dimension: Dimension, value: &str) -> String {
    match (value, dimension) {
        ("", Dimension::Source | Dimension::Referrer) => "Direct / None".to_owned(),
        ("", _) => "(not set)".to_owned(),
        (value, _) => value.to_owned(),
    }
}

fn figure(metric: Metric, row: &Counted) -> Figure {
    let exact = exact(metric, row);
    match metric {
        // Hundredths: exact in a float far beyond any number of views.
        #[allow(clippy::cast_precision_loss, reason = "a mean below 2^52")]
        Metric::ViewsPerVisit => Figure::Mean(exact as f64 / 100.0),
        Metric::Visitors
        | Metric::Visits
        | Metric::Pageviews
        | Metric::Events
        | Metric::BounceRate
        | Metric::VisitDuration
        | Metric::EngagedTime => Figure::Whole(exact),
    }
}

/// A metric as a whole number (views per visit in hundredths), rounded half up. `plan::ordering` says the same in SQL.
fn exact(metric: Metric, row: &Counted) -> u64 {
    let rounded = |sum: u64, count: u64| (2 * sum + count) / (2 * count.max(1));
    match metric {
        Metric::Visitors => row.visitors,
        Metric::Visits => row.visits,
        Metric::Pageviews => row.pageviews,
        Metric::Events => row.events,
        Metric::BounceRate => rounded(100 * row.bounces, row.entries),
        Metric::VisitDuration => rounded(row.duration_s, row.entries),
        Metric::ViewsPerVisit => rounded(100 * row.visit_pageviews, row.entries),
        Metric::EngagedTime => (row.engaged_ms + 500 * row.visits) / (1000 * row.visits.max(1)),
    }
}

/// The question as understood, in the order of keys that clients of the v2 API know.
pub(super) fn echo(question: &Question, date_range: Value) -> Value {
    let order: Vec<_> =
        if question.order_by.is_empty() { default_order(question) } else { question.order_by.clone() };
    let mut order: Vec<_> = order
        .into_iter()
        .map(|(key, direction)| match key {
            OrderKey::Metric(metric) => json!([metric.name(), direction.name()]),
            OrderKey::Dimension(dimension) => json!([dimension.name(), direction.name()]),
        })
        .collect();
    if question.order_by.is_empty() {
        order.truncate(1);
    }
    json!({
        "site_id": question.site_id,
        "metrics": question.metrics.iter().map(|metric| metric.name()).collect::<Vec<_>>(),
        "date_range": date_range,
        "filters": [],
        "dimensions": question.dimensions.iter().map(|dimension| dimension.name()).collect::<Vec<_>>(),
        "order_by": order,
        "include": {
            "time_labels": question.include.time_labels,
            "total_rows": question.include.total_rows,
        },
        "pagination": { "limit": question.pagination.limit, "offset": question.pagination.offset },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_round_half_up_and_nothing_divided_by_nothing_is_nothing() {
        let row =
            Counted { entries: 8, bounces: 1, duration_s: 12, visit_pageviews: 27, ..Counted::default() };
        assert_eq!(figure(Metric::BounceRate, &row), Figure::Whole(13));
        assert_eq!(figure(Metric::VisitDuration, &row), Figure::Whole(2));
        assert_eq!(figure(Metric::ViewsPerVisit, &row), Figure::Mean(3.38));
        for metric in Metric::ALL {
            assert_eq!(exact(*metric, &Counted::default()), 0);
        }
    }

    #[test]
    fn unknown_values_have_the_names_people_know() {
        assert_eq!(named(Dimension::Source, ""), "Direct / None");
        assert_eq!(named(Dimension::Country, ""), "(not set)");
        assert_eq!(named(Dimension::Country, "KZ"), "KZ");
    }
}
