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
use super::predicate::unknown;
use super::vitals;
use crate::answer::{Answer, Compared, Figure, Meta, Row, Shares};
use crate::question::{
    Bucket, DateRange, Dimension, Direction, Filter, Goal, Interval, Metric, OrderKey, Question,
};

/// One row of the statement. Everything is a whole sum; quotients are taken last.
#[derive(Clone, Debug, Default, ClickHouseRow, Deserialize)]
pub(crate) struct Counted {
    bucket: i32,
    key: Vec<String>,
    pub(super) visitors: u64,
    visits: u64,
    pageviews: u64,
    events: u64,
    entries: u64,
    visit_pageviews: u64,
    bounces: u64,
    duration_s: u64,
    engaged_ms: u64,
    scroll_sum: u64,
    scroll_visits: u64,
    opted_out_pageviews: u64,
    engaged_visits: u64,
    revenue_milli: i64,
    revenue_events: u64,
    currency: String,
    currencies_differ: u8,
    exits: u64,
    /// Percentiles of each vital that is asked for; of the others, and of those that too few measured, an empty list.
    vitals: Vec<Vec<u32>>,
    total_rows: u64,
}

/// One row of the answer in the making; without figures where nothing may be told.
#[derive(Clone, Debug)]
pub(super) struct Line {
    bucket: i32,
    counted: Option<Counted>,
}

/// Every row a question is answered with, and how many there are without pagination.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    pub(super) total: u64,
}

impl Counted {
    /// The number of the list it is a row of, and the row.
    pub(super) fn taken_apart(self) -> (usize, Self) {
        (usize::try_from(self.bucket).unwrap_or_default(), Self { bucket: 0, ..self })
    }

    /// Whether it is the row of this one value.
    pub(super) fn is_of(&self, value: &str) -> bool {
        self.key == [value]
    }

    /// What was measured of each vital.
    pub(super) fn vitals(&self) -> &[Vec<u32>] {
        &self.vitals
    }

    /// Page views, and those of them by visitors who opted out.
    pub(super) const fn pageviews(&self) -> (u64, u64) {
        (self.pageviews, self.opted_out_pageviews)
    }

    /// How many rows there are without pagination.
    pub(super) fn total_rows(&self) -> u64 {
        self.total_rows
    }
}

/// Visitors of another question, that shares of this one are taken of.
#[derive(Debug, Default)]
pub(super) struct Base {
    visitors: HashMap<(i32, Vec<String>), u64>,
    /// Which parts of a row's key the other question has too.
    parts: Vec<usize>,
}

impl Base {
    pub(super) fn new(question: &Question, base: &Question, lines: Lines) -> Self {
        let others = question.dimensions.iter().filter(|d| !d.is_time()).enumerate();
        let parts = others.filter(|(_, d)| base.dimensions.contains(d)).map(|(part, _)| part).collect();
        let rows = lines.lines.into_iter().filter_map(|line| line.counted);
        Self { visitors: rows.map(|row| ((row.bucket, row.key), row.visitors)).collect(), parts }
    }

    fn of(&self, row: &Counted) -> Option<u64> {
        let key = self.parts.iter().filter_map(|part| row.key.get(*part).cloned()).collect();
        self.visitors.get(&(row.bucket, key)).copied()
    }
}

/// The bases of those metrics that have one.
pub(super) type Bases = HashMap<Metric, Base>;

/// Orders and fills what was counted: a row for every bucket that has begun, zeros where nothing was seen, nothing where
/// nothing may be told.
pub(super) fn lines(
    plan: &Plan<'_>,
    site: &Site,
    now: Timestamp,
    rows: Vec<Counted>,
    total_there: u64,
) -> Result<Lines, jiff::Error> {
    if plan.paged_there {
        let lines = rows.into_iter().map(|row| Line { bucket: row.bucket, counted: Some(row) }).collect();
        return Ok(Lines { lines, total: total_there });
    }
    let now = now.to_zoned(site.zone.clone());
    let buckets = buckets(plan, site)?;
    let begun = buckets.into_iter().filter(|bucket| bucket.has_begun(&now)).map(bucket_number);
    Ok(paged(plan.question, filled(plan, begun, rows)))
}

fn buckets(plan: &Plan<'_>, site: &Site) -> Result<Vec<Bucket>, jiff::Error> {
    plan.interval.map_or(Ok(Vec::new()), |interval| plan.period.buckets(interval, &site.zone))
}

/// What a question is answered with, beside another period where it is compared with one.
pub(super) struct Told<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) lines: &'a Lines,
    pub(super) bases: &'a Bases,
    pub(super) shares: Option<Shares>,
}

pub(super) fn answer(
    told: &Told<'_>,
    compared: Option<&Told<'_>>,
    site: &Site,
) -> Result<Answer, jiff::Error> {
    let (question, plan) = (told.plan.question, told.plan);
    let results = told
        .lines
        .lines
        .iter()
        .enumerate()
        .map(|(index, line)| Row {
            metrics: figures(told, line),
            dimensions: labels(plan, line),
            comparison: compared.map(|other| comparison(told, line, index, other)),
        })
        .collect();
    let labels =
        |plan: &Plan<'_>| Ok::<_, jiff::Error>(buckets(plan, site)?.into_iter().map(Bucket::label).collect());
    let wants_labels = question.include.time_labels;
    let meta = Meta {
        time_labels: wants_labels.then(|| labels(plan)).transpose()?,
        comparison_time_labels: match compared {
            Some(other) if wants_labels => Some(labels(other.plan)?),
            _ => None,
        },
        total_rows: question.include.total_rows.then_some(told.lines.total),
        folded_below: plan.care.least(),
        shares: told.shares.clone(),
    };
    let range = if question.date_range == DateRange::HalfHour {
        json!("realtime_30m")
    } else {
        json!(spelled(plan.period, site)?)
    };
    let compared_range = compared.map(|other| spelled(other.plan.period, site)).transpose()?;
    Ok(Answer { results, meta, query: echo(question, range, compared_range) })
}

/// The row of the other period that belongs to this one: of a series the one at the same place, else the one of that name.
fn comparison(told: &Told<'_>, line: &Line, index: usize, other: &Told<'_>) -> Compared {
    let beside = if told.plan.interval.is_some() && !told.plan.paged_there {
        other.lines.lines.get(index).cloned()
    } else {
        let key = line.counted.as_ref().map(|row| &row.key);
        other.lines.lines.iter().find(|beside| beside.counted.as_ref().map(|row| &row.key) == key).cloned()
    };
    let folded = other.plan.care.least().is_some();
    let beside = beside.unwrap_or_else(|| Line {
        bucket: line.bucket,
        counted: (!folded).then(|| Counted {
            key: line.counted.as_ref().map(|row| row.key.clone()).unwrap_or_default(),
            ..Counted::default()
        }),
    });
    let (now, before) = (figures(told, line), figures(other, &beside));
    let metrics = &told.plan.question.metrics;
    let change = metrics
        .iter()
        .zip(now.iter().zip(&before))
        .map(|(metric, (now, before))| change(*metric, now, before));
    Compared { change: change.collect(), dimensions: labels(other.plan, &beside), metrics: before }
}

/// Percent, rounded; of percentages the difference of points. From nothing to something is 100.
fn change(metric: Metric, now: &Figure, before: &Figure) -> Option<f64> {
    let (now, before) = (now.value()?, before.value()?);
    let points =
        metric.is_share() || matches!(metric, Metric::BounceRate | Metric::OptedOutRate | Metric::ExitRate);
    Some(if points {
        ((now - before) * 100.0).round() / 100.0
    } else if before == 0.0 {
        if now == 0.0 { 0.0 } else { 100.0 }
    } else {
        ((now - before) / before * 100.0).round()
    })
}

/// A row for every bucket that has begun (or the one row of a question without dimensions).
fn filled(plan: &Plan<'_>, begun: impl Iterator<Item = i64>, rows: Vec<Counted>) -> Vec<Line> {
    let folded = plan.care.least().is_some();
    let line = |bucket, counted: Option<Counted>| Line {
        bucket,
        counted: counted.or_else(|| (!folded).then(|| Counted { bucket, ..Counted::default() })),
    };
    if plan.interval.is_none() {
        return vec![line(0, rows.into_iter().next())];
    }
    let mut seen: HashMap<i32, Counted> = rows.into_iter().map(|row| (row.bucket, row)).collect();
    begun
        .filter_map(|bucket| i32::try_from(bucket).ok())
        .map(|bucket| line(bucket, seen.remove(&bucket)))
        .collect()
}

/// Orders and pages a time series, as the statement does it for everything else.
fn paged(question: &Question, mut lines: Vec<Line>) -> Lines {
    let mut keys = question.order_by.clone();
    keys.extend(default_order(question));
    let number = |metric: Metric, line: &Line| line.counted.as_ref().map(|row| sorting(metric, row));
    lines.sort_by(|a, b| {
        keys.iter().fold(Ordering::Equal, |so_far, (key, direction)| {
            let this = match key {
                OrderKey::Metric(metric) => number(*metric, a).cmp(&number(*metric, b)),
                OrderKey::Dimension(_) => a.bucket.cmp(&b.bucket),
            };
            so_far.then(if *direction == Direction::Ascending { this } else { this.reverse() })
        })
    });
    let total = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    let skip = usize::try_from(question.pagination.offset).unwrap_or(usize::MAX);
    let take = usize::try_from(question.pagination.limit).unwrap_or(usize::MAX);
    Lines { lines: lines.into_iter().skip(skip).take(take).collect(), total }
}

/// Lines of a question nothing may be told of: the same places, without figures.
pub(super) fn untold(lines: Lines) -> Lines {
    let empty = lines.lines.into_iter().map(|line| Line { counted: None, ..line }).collect();
    Lines { lines: empty, ..lines }
}

fn figures(told: &Told<'_>, line: &Line) -> Vec<Figure> {
    let figure = |metric: &Metric| match &line.counted {
        None => Figure::Missing,
        Some(row) if metric.is_share() => share(row, told.bases.get(metric)),
        Some(row) => figure(*metric, row),
    };
    told.plan.question.metrics.iter().map(figure).collect()
}

/// Percent with two decimals, rounded half up.
fn share(row: &Counted, base: Option<&Base>) -> Figure {
    match base.and_then(|base| base.of(row)) {
        None => Figure::Missing,
        Some(0) => Figure::Mean(0.0),
        Some(all) => Figure::Mean(hundredths(rounded(10_000 * row.visitors, all))),
    }
}

/// Exact in a float far beyond any number of views.
#[allow(clippy::cast_precision_loss, reason = "a mean or a percentage, below 2^52")]
fn hundredths(whole: u64) -> f64 {
    whole as f64 / 100.0
}

#[allow(clippy::cast_precision_loss, reason = "a percentage")]
fn tenths(whole: u64) -> f64 {
    whole as f64 / 10.0
}

const fn rounded(sum: u64, count: u64) -> u64 {
    let count = if count == 0 { 1 } else { count };
    (2 * sum + count) / (2 * count)
}

fn labels(plan: &Plan<'_>, line: &Line) -> Vec<String> {
    let mut key = line.counted.iter().flat_map(|row| row.key.iter());
    let dimensions = plan.question.dimensions.iter();
    dimensions
        .map(|dimension| {
            if dimension.is_time() {
                label(plan, line.bucket)
            } else {
                named(*dimension, key.next().map_or("", String::as_str))
            }
        })
        .collect()
}

fn label(plan: &Plan<'_>, bucket: i32) -> String {
    match plan.interval {
        Some(Interval::Hour) => {
            let hour = i8::try_from(bucket.rem_euclid(24)).unwrap_or_default();
            Bucket::Hour(date(bucket.div_euclid(24)), hour).label()
        }
        Some(Interval::Minute) => {
            let minute = i16::try_from(bucket.rem_euclid(1440)).unwrap_or_default();
            Bucket::Minute(date(bucket.div_euclid(1440)), minute).label()
        }
        Some(Interval::HourOfWeek) => {
            let part = |number: i32| i8::try_from(number).unwrap_or_default();
            Bucket::HourOfWeek(part(bucket / 24), part(bucket % 24)).label()
        }
        _ => Bucket::Date(date(bucket)).label(),
    }
}

/// The day of this number, as ClickHouse counts them.
pub(super) fn date(day_number: i32) -> Date {
    Date::constant(1970, 1, 1).checked_add(Span::new().days(day_number)).unwrap_or(Date::MAX)
}

fn named(dimension: Dimension, value: &str) -> String {
    if value.is_empty() { unknown(dimension).to_owned() } else { value.to_owned() }
}

fn figure(metric: Metric, row: &Counted) -> Figure {
    match metric {
        Metric::ViewsPerVisit | Metric::OptedOutRate => Figure::Mean(hundredths(exact(metric, row))),
        Metric::ExitRate if row.pageviews == row.opted_out_pageviews => Figure::Missing,
        Metric::ExitRate => Figure::Mean(tenths(exact(metric, row))),
        Metric::Vital(vital, percentile) => vitals::figure(vital, vitals::of(row, vital, percentile)),
        Metric::ScrollDepth if row.scroll_visits == 0 => Figure::Missing,
        Metric::TimeOnPage if row.engaged_visits == 0 => Figure::Missing,
        Metric::TotalRevenue => money(row.revenue_milli, row),
        Metric::AverageRevenue => money(mean_revenue(row), row),
        Metric::Visitors
        | Metric::Visits
        | Metric::Pageviews
        | Metric::Events
        | Metric::BounceRate
        | Metric::VisitDuration
        | Metric::EngagedTime
        | Metric::ScrollDepth
        | Metric::TimeOnPage
        | Metric::Percentage
        | Metric::ConversionRate
        | Metric::GroupConversionRate => Figure::Whole(exact(metric, row)),
    }
}

fn money(milli: i64, row: &Counted) -> Figure {
    if row.revenue_events == 0 || row.currencies_differ != 0 {
        return Figure::Missing;
    }
    Figure::Money { milli, currency: row.currency.clone() }
}

fn mean_revenue(row: &Counted) -> i64 {
    row.revenue_milli / i64::try_from(row.revenue_events.max(1)).unwrap_or(i64::MAX)
}

/// What rows are ordered by.
fn sorting(metric: Metric, row: &Counted) -> i128 {
    if metric == Metric::TotalRevenue {
        i128::from(row.revenue_milli)
    } else if metric == Metric::AverageRevenue {
        i128::from(mean_revenue(row))
    } else {
        i128::from(exact(metric, row))
    }
}

/// A metric as a whole number (means with decimals in hundredths), rounded half up. `plan::ordering` says the same in SQL.
fn exact(metric: Metric, row: &Counted) -> u64 {
    match metric {
        Metric::Visitors | Metric::Percentage | Metric::ConversionRate | Metric::GroupConversionRate => {
            row.visitors
        }
        Metric::Visits => row.visits,
        Metric::Pageviews => row.pageviews,
        Metric::Events => row.events,
        Metric::BounceRate => rounded(100 * row.bounces, row.entries),
        Metric::VisitDuration => rounded(row.duration_s, row.entries),
        Metric::ViewsPerVisit => rounded(100 * row.visit_pageviews, row.entries),
        Metric::EngagedTime => (row.engaged_ms + 500 * row.visits) / (1000 * row.visits.max(1)),
        Metric::ScrollDepth => rounded(row.scroll_sum, row.scroll_visits),
        Metric::TimeOnPage => {
            (row.engaged_ms + 500 * row.engaged_visits) / (1000 * row.engaged_visits.max(1))
        }
        Metric::OptedOutRate => rounded(10_000 * row.opted_out_pageviews, row.pageviews),
        Metric::ExitRate => rounded(1000 * row.exits, row.pageviews.saturating_sub(row.opted_out_pageviews)),
        Metric::Vital(vital, percentile) => vitals::of(row, vital, percentile).map_or(0, u64::from),
        Metric::TotalRevenue | Metric::AverageRevenue => 0,
    }
}

/// The question as understood, in the order of keys that clients of the v2 API know.
pub(super) fn echo(question: &Question, date_range: Value, compared: Option<[String; 2]>) -> Value {
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
    let mut include = json!({
        "time_labels": question.include.time_labels,
        "total_rows": question.include.total_rows,
    });
    if question.include.shares {
        include["shares"] = json!(true);
    }
    if let Some(range) = compared {
        include["comparisons"] = json!({ "mode": "custom", "date_range": range });
    }
    let mut query = json!({
        "site_id": question.site_id,
        "metrics": question.metrics.iter().map(|metric| metric.name()).collect::<Vec<_>>(),
        "date_range": date_range,
        "filters": question.filters.iter().map(Filter::to_json).collect::<Vec<_>>(),
        "dimensions": question.dimensions.iter().map(|dimension| dimension.name()).collect::<Vec<_>>(),
        "order_by": order,
        "include": include,
        "pagination": { "limit": question.pagination.limit, "offset": question.pagination.offset },
    });
    if !question.goals.is_empty() {
        query["goals"] = question.goals.iter().map(Goal::to_json).collect();
    }
    query
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
