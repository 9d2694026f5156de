//! The naive recount of one question.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use aggregator::Question;
use aggregator::question::{Dimension, Filter, Metric, Percentile, Vital};
use jiff::Span;
use jiff::civil::{Date, Weekday};
use serde_json::{Value, json};

use super::world::{At, Seen, Visit, World, holds, is_report, tag, value};

#[derive(Default)]
pub(super) struct Sum {
    pub(super) visitors: BTreeSet<(Date, u64)>,
    pub(super) visits: u64,
    pub(super) pageviews: u64,
    pub(super) events: u64,
    pub(super) entries: u64,
    pub(super) visit_pageviews: u64,
    pub(super) bounces: u64,
    pub(super) duration_s: u64,
    pub(super) engaged_ms: u64,
    pub(super) scroll: (u64, u64),
    pub(super) engaged_visits: u64,
    pub(super) revenue: (i64, u64),
    pub(super) opted_out: u64,
    pub(super) exits: u64,
    /// Measurements by vital.
    pub(super) vitals: BTreeMap<&'static str, Vec<u32>>,
}

pub(super) type Key = (i64, Vec<String>);

/// The naive recount. Reads every event for every question.
pub(super) fn recount(question: &Question, world: &World, first: Date, last: Date) -> BTreeMap<Key, Sum> {
    let dimensions: Vec<_> = question.dimensions.iter().copied().filter(|d| !d.is_time()).collect();
    let tested = question.filters.iter().flat_map(Filter::tests).filter(|_| true);
    let mut involved = dimensions.clone();
    involved.extend(tested.map(|test| test.dimension));
    let deeds: Vec<&Filter> =
        question.filters.iter().filter(|f| matches!(f, Filter::HasDone(_) | Filter::HasNotDone(_))).collect();
    let own: Vec<Dimension> = question
        .filters
        .iter()
        .filter(|filter| !deeds.contains(filter))
        .flat_map(Filter::tests)
        .map(|test| test.dimension)
        .chain(dimensions.iter().copied())
        .collect();
    let of_week = question.dimensions.contains(&Dimension::TimeHourOfWeek);
    let by_hour = of_week || question.dimensions.contains(&Dimension::TimeHour);
    let of_events = own.iter().any(|d| d.is_of_event());
    let in_range = |day: Date| first <= day && day <= last;
    let bucket = |day: Date, hour: i64| {
        let begin = match question.dimensions.iter().find(|d| d.is_time()) {
            None => return 0,
            Some(Dimension::TimeWeek) => {
                day.checked_sub(Span::new().days(i64::from(day.weekday().since(Weekday::Monday)))).unwrap()
            }
            Some(Dimension::TimeMonth) => day.first_of_month(),
            Some(Dimension::TimeHourOfWeek) => {
                return i64::from(day.weekday().to_monday_zero_offset()) * 24 + hour;
            }
            Some(_) => day,
        };
        let number = i64::from((begin.max(first) - Date::constant(1970, 1, 1)).get_days());
        if by_hour { number * 24 + hour } else { number }
    };
    let key = |seen: &Seen, at: At| -> Key {
        let values = dimensions.iter().map(|dimension| value(*dimension, seen, at)).collect();
        (bucket(seen.row.day, seen.hour), values)
    };
    let ends =
        own.iter().any(|d| matches!(d, Dimension::EntryPage | Dimension::ExitPage | Dimension::EntryHost));
    let all = |seen: &Seen, at: At| question.filters.iter().all(|f| holds(f, seen, at, world));
    let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
    let hits = world.hits.iter().filter(|hit| in_range(hit.row.day));
    let visits = world.visits.iter().filter(|visit| in_range(visit.seen.row.day));
    let entered = |sum: &mut Sum, visit: &Visit| {
        sum.entries += 1;
        sum.visit_pageviews += visit.pageviews;
        sum.bounces += u64::from(visit.bounced);
        sum.duration_s += visit.duration_s;
    };
    let revenue = question.metrics.iter().any(|metric| metric.is_of_revenue());
    let vital = question.metrics.iter().any(|metric| matches!(metric, Metric::Vital(..)));
    if !of_events && !by_hour && !revenue && !vital {
        for visit in visits.filter(|visit| all(&visit.seen, At::Entry)) {
            let sum = sums.entry(key(&visit.seen, At::Entry)).or_default();
            entered(sum, visit);
            sum.visitors.insert((visit.seen.row.day, tag(&visit.seen.row)));
            sum.visits += 1;
            sum.pageviews += visit.pageviews;
            sum.events += visit.events;
            sum.engaged_ms += visit.engaged_ms;
        }
        for hit in hits.filter(|hit| hit.visit == 0 && !is_report(&hit.row) && !ends && all(hit, At::Event)) {
            let sum = sums.entry(key(hit, At::Event)).or_default();
            sum.pageviews += u64::from(hit.row.name == "pageview");
            sum.opted_out += u64::from(hit.row.name == "pageview");
            sum.events += 1;
        }
        return sums;
    }
    let names = own.contains(&Dimension::EventName);
    let began = by_hour && !of_events;
    let mut touches: BTreeMap<(Key, usize), Vec<&Seen>> = BTreeMap::new();
    for hit in hits.filter(|hit| all(hit, At::Event)) {
        let engagement = is_report(&hit.row);
        if (hit.visit == 0 && (engagement || ends)) || (names && engagement) {
            continue;
        }
        touches.entry((key(hit, At::Event), hit.visit)).or_default().push(hit);
    }
    for ((key, visit), hits) in &touches {
        let sum = sums.entry(key.clone()).or_default();
        let count =
            |name: fn(&Seen) -> bool| u64::try_from(hits.iter().filter(|hit| name(hit)).count()).unwrap();
        let views = count(|hit| hit.row.name == "pageview");
        sum.pageviews += views;
        sum.events += count(|hit| !is_report(&hit.row));
        sum.revenue.0 += hits.iter().map(|hit| hit.row.revenue_milli).sum::<i64>();
        sum.revenue.1 += count(|hit| !hit.row.currency.is_empty());
        if *visit == 0 {
            sum.opted_out += views;
            continue;
        }
        if began || count(|hit| !is_report(&hit.row)) > 0 {
            sum.visitors.insert((hits[0].row.day, tag(&hits[0].row)));
            sum.visits += u64::from(!began);
        }
        if !began {
            sum.engaged_ms += hits.iter().map(|hit| u64::from(hit.row.engaged_ms)).sum::<u64>();
        }
        for name in ["lcp", "cls"] {
            let props = hits.iter().filter(|hit| hit.row.name == "vitals").flat_map(|hit| &hit.row.props);
            let measured = props.filter(|(key, _)| key == name).map(|(_, value)| value.parse().unwrap());
            sum.vitals.entry(name).or_default().extend(measured.collect::<Vec<u32>>());
        }
        sum.engaged_visits += u64::from(hits.iter().any(|hit| hit.row.engaged_ms > 0));
        let depths = hits.iter().filter(|hit| hit.row.scroll_depth <= 100);
        if let Some(deepest) = depths.map(|hit| u64::from(hit.row.scroll_depth)).max() {
            sum.scroll = (sum.scroll.0 + deepest, sum.scroll.1 + 1);
        }
    }
    if question.metrics.contains(&Metric::ExitRate) {
        let left = visits.clone().filter(|visit| visit.pageviews > 0 && all(&visit.seen, At::Exit));
        for visit in left {
            sums.entry(key(&visit.seen, At::Exit)).or_default().exits += 1;
        }
    }
    if dimensions.iter().any(|d| d.is_deed()) {
        return sums;
    }
    let touched: HashSet<usize> = touches.keys().map(|(_, visit)| *visit).collect();
    let paged = own.iter().any(|d| matches!(d, Dimension::Page | Dimension::Host));
    let deed = own.iter().any(|d| d.is_deed());
    for visit in visits.filter(|visit| !paged || visit.pageviews > 0) {
        let is_deed = |filter: &&Filter| {
            !deeds.contains(filter) && filter.tests().iter().any(|t| t.dimension.is_deed())
        };
        let began_there =
            question.filters.iter().filter(|f| !is_deed(f)).all(|f| holds(f, &visit.seen, At::Entry, world));
        if began_there && (!deed || touched.contains(&visit.seen.visit)) {
            let sum = sums.entry(key(&visit.seen, At::Entry)).or_default();
            entered(sum, visit);
            if began {
                sum.visits += 1;
                sum.engaged_ms += visit.engaged_ms;
            }
        }
    }
    sums
}

fn rounded(sum: u64, count: u64) -> u64 {
    (2 * sum + count) / (2 * count.max(1))
}

pub(super) fn figure(metric: Metric, sum: &Sum) -> Value {
    let hundredths = |whole: u64| json!(f64::from(u32::try_from(whole).unwrap()) / 100.0);
    let money = |milli: i64| {
        if sum.revenue.1 == 0 {
            return Value::Null;
        }
        json!({"value": f64::from(i32::try_from(milli).unwrap()) / 1000.0, "currency": "KZT"})
    };
    match metric {
        Metric::Visitors => json!(sum.visitors.len()),
        Metric::Visits => json!(sum.visits),
        Metric::Pageviews => json!(sum.pageviews),
        Metric::Events => json!(sum.events),
        Metric::BounceRate => json!(rounded(100 * sum.bounces, sum.entries)),
        Metric::VisitDuration => json!(rounded(sum.duration_s, sum.entries)),
        Metric::ViewsPerVisit => hundredths(rounded(100 * sum.visit_pageviews, sum.entries)),
        Metric::EngagedTime => json!((sum.engaged_ms + 500 * sum.visits) / (1000 * sum.visits.max(1))),
        Metric::ScrollDepth if sum.scroll.1 == 0 => Value::Null,
        Metric::ScrollDepth => json!(rounded(sum.scroll.0, sum.scroll.1)),
        Metric::TimeOnPage if sum.engaged_visits == 0 => Value::Null,
        Metric::TimeOnPage => {
            json!((sum.engaged_ms + 500 * sum.engaged_visits) / (1000 * sum.engaged_visits))
        }
        Metric::OptedOutRate => hundredths(rounded(10_000 * sum.opted_out, sum.pageviews)),
        Metric::TotalRevenue => money(sum.revenue.0),
        Metric::AverageRevenue => money(sum.revenue.0 / i64::try_from(sum.revenue.1.max(1)).unwrap()),
        Metric::ExitRate if sum.pageviews == sum.opted_out => Value::Null,
        Metric::ExitRate => {
            let tenths = rounded(1000 * sum.exits, sum.pageviews - sum.opted_out);
            json!(f64::from(u32::try_from(tenths).unwrap()) / 10.0)
        }
        Metric::Vital(vital, percentile) => percentile_of(sum, vital, percentile),
        Metric::Percentage | Metric::ConversionRate | Metric::GroupConversionRate => Value::Null,
    }
}

fn percentile_of(sum: &Sum, vital: Vital, percentile: Percentile) -> Value {
    let mut measured = sum.vitals.get(vital.name()).cloned().unwrap_or_default();
    measured.sort_unstable();
    let all = measured.len();
    // The first that so many percent do not exceed.
    let enough = |place: &usize| (place + 1) * 100 >= usize::try_from(percentile.percent()).unwrap() * all;
    match (0..all).find(enough).map(|place| measured[place]) {
        None => Value::Null,
        Some(thousandths) if vital == Vital::Cls => json!(f64::from(thousandths) / 1000.0),
        Some(ms) => json!(ms),
    }
}
