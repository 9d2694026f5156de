//! From a question to one statement.

use events::{LocalDay, Site};
use jiff::Timestamp;

use super::day_number;
use super::detail;
use super::panels::{Page, Panel};
use super::predicate::{Place, Predicates, Values};
use super::relation::{Clock, Relations};
use super::table::Counted;
use super::vitals;
use crate::question::{
    Bucket, Dimension, Direction, Filter, Interval, Metric, Op, OrderKey, Period, Question,
};
use crate::sql::{self, Stat};
use crate::store::{Statement, Store};
use crate::suppress::{Audience, Care};

/// A run of open days and one day's seal look this far beyond the calendar: sites change their zone.
const ZONE_MARGIN_S: i64 = 2 * 86_400;

/// Name of the statement that reads several lists.
const PANELS: &str = "panels";

/// What will be asked of ClickHouse.
#[derive(Clone)]
pub(super) struct Plan<'a> {
    pub(super) question: &'a Question,
    pub(super) period: Period,
    pub(super) interval: Option<Interval>,
    pub(super) care: Care,
    /// Rows are paged by ClickHouse; a pure time series is filled up with zeros first and paged here.
    pub(super) paged_there: bool,
    site: u32,
    /// What statistics answer it; none when only the detail can.
    stat: Option<Stat>,
    order: String,
    limit: u64,
    offset: u64,
    total_wanted: bool,
    shift: Shift,
    /// Visitors whose measurements make a percentile.
    measured_by: u64,
    /// First and last instant of the period, in Unix seconds.
    span: (i64, i64),
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        question: &'a Question,
        period: Period,
        site: &Site,
        care: Care,
    ) -> Result<Self, jiff::Error> {
        let time = question.dimensions.iter().copied().find(|d| d.is_time());
        let interval = time.and_then(|time| period.interval(time));
        let paged_there = question.dimensions.iter().any(|d| !d.is_time());
        let first = LocalDay::of(period.first, &site.zone)?;
        let last = LocalDay::of(period.last, &site.zone)?;
        Ok(Self {
            question,
            period,
            interval,
            care,
            paged_there,
            site: site.id.0,
            stat: stat(question, period, interval, care),
            order: order(question),
            limit: if paged_there { u64::from(question.pagination.limit) } else { 200_000 },
            offset: if paged_there { u64::from(question.pagination.offset) } else { 0 },
            total_wanted: question.include.total_rows,
            shift: Shift::within(first.opens_at, last.closes_at, site),
            measured_by: Audience::Public.least(site.rules.thresholds),
            span: (first.opens_at, last.closes_at),
        })
    }

    /// The same plan with percentiles of at least so many visitors.
    pub(super) fn measured_by(self, least: u64) -> Self {
        Self { measured_by: least, ..self }
    }

    /// Whether a partition can hold days of the period.
    pub(super) fn may_touch(&self, closes_at: i64) -> bool {
        (self.span.0 - ZONE_MARGIN_S..=self.span.1 + ZONE_MARGIN_S).contains(&closes_at)
    }

    /// Whether groups that may not be told are told together: where there is one dimension, and all of its groups are asked for.
    pub(super) fn has_others(&self) -> bool {
        matches!(self.care, Care::Folded { axes: 1, .. })
            && self.question.filters.is_empty()
            && self.question.dimensions.iter().any(|dimension| !dimension.is_time())
    }

    /// Whether a page without rows leaves the number of all rows to be asked for: it stands in the rows themselves.
    pub(super) fn is_beyond(&self, rows: &[Counted]) -> bool {
        self.total_wanted && self.offset > 0 && rows.is_empty()
    }

    /// The same plan for the first row alone.
    pub(super) fn first_row(&self) -> Self {
        Self { offset: 0, limit: 1, ..self.clone() }
    }

    /// The one statement: sealed days from statistics or detail, the days of `open` from what there is of them.
    pub(super) fn statement(&self, store: &Store, open: &[i64]) -> Statement {
        let relations = Relations::new(!open.is_empty()).telling(self.clock());
        let mut predicates =
            Predicates { question: self.question, relations: &relations, values: Values::default() };
        let (name, sql) = match self.stat {
            Some(stat) => {
                let place = predicates.all(&self.question.filters, Place::Stat);
                let filled = sql::ANSWER.fill(&[
                    ("bucket", self.bucket()),
                    ("key", if self.paged_there { "[value]" } else { "emptyArrayString()" }),
                    ("order", &self.order),
                    ("where", &place),
                    ("each", ""),
                    ("by", ""),
                    ("units", &self.units(&[stat], !open.is_empty())),
                ]);
                (sql::ANSWER.name(), filled)
            }
            None => {
                let filled = sql::DETAIL.fill(&[
                    ("bucket", self.bucket()),
                    ("order", &self.order),
                    ("vitals", &vitals::percentiles(self.question, self.measured_by)),
                    ("units", &detail::units(self, &mut predicates)),
                ]);
                (sql::DETAIL.name(), filled)
            }
        };
        predicates.values.bind(self.bound(store.statement(name, &sql), open))
    }

    /// One statement for this list and others that differ in nothing but what they count by. Rows tell by the number of their
    /// bucket, from 1, of which.
    pub(super) fn statement_of(&self, store: &Store, open: &[i64], stats: &[Stat]) -> Statement {
        let sql = sql::ANSWER.fill(&[
            ("bucket", &format!("indexOf([{}], stat)", names(stats))),
            ("key", "[value]"),
            ("order", &format!("bucket ASC, {}", self.order)),
            ("where", "true"),
            ("each", "PARTITION BY bucket"),
            ("by", "BY bucket"),
            ("units", &self.units(stats, !open.is_empty())),
        ]);
        self.bound(store.statement(PANELS, &sql), open)
    }

    /// The list of statistics this plan reads, if nothing else is to be known of it.
    pub(super) fn panel(&self) -> Option<Panel> {
        let question = self.question;
        let plain = self.care == Care::Open
            && self.paged_there
            && self.interval.is_none()
            && question.filters.is_empty()
            && !question.metrics.contains(&Metric::ExitRate);
        Some(Panel {
            stat: self.stat.filter(|_| plain)?,
            page: Page {
                site: self.site,
                period: self.period,
                order: self.order.clone(),
                limit: self.limit,
                offset: self.offset,
            },
        })
    }

    fn bound(&self, statement: Statement, open: &[i64]) -> Statement {
        statement
            .param("site", self.site)
            .param("first", self.period.first.to_string())
            .param("last", self.period.last.to_string())
            .param("open", open)
            .param("since", self.period.since.map_or(0, Timestamp::as_second))
            .param("limit", self.limit)
            .param("offset", self.offset)
            .param("shift_from", self.shift.from)
            .param("shift_until", self.shift.until)
            .param("shift_by", self.shift.by)
    }

    fn units(&self, stats: &[Stat], some_open: bool) -> String {
        let published = sql::PUBLISHED_OF_QUESTION.fill(&[]);
        let (sealed, live) = if self.interval.is_some_and(Interval::is_of_hours) {
            let sealed = sql::SEALED_HOURLY.fill(&[("published", &published)]);
            (sealed, some_open.then(|| sql::OPEN_HOURLY.fill(&[])))
        } else {
            let names = names(stats);
            let named = ("stats", names.as_str());
            let sealed = sql::SEALED_DAILY.fill(&[named, ("published", &published)]);
            (sealed, some_open.then(|| sql::OPEN_DAILY.fill(&[named])))
        };
        let rows = match live {
            None => sealed,
            Some(live) => format!("{sealed}\nUNION ALL\n{live}"),
        };
        if stats == [Stat::Page] && self.question.metrics.contains(&Metric::ExitRate) {
            let exit_pages = self.units(&[Stat::ExitPage], some_open);
            return format!("{rows}\nUNION ALL\n{}", sql::EXITS.fill(&[("exit_pages", &exit_pages)]));
        }
        rows
    }

    /// Whether hours matter: for a series of them, or because the range has parts of days.
    pub(super) fn by_hour(&self) -> bool {
        self.interval.is_some_and(Interval::is_of_hours)
            || self.period.hours.is_some()
            || self.clock() != Clock::Hours
    }

    /// How finely time is told.
    pub(super) fn clock(&self) -> Clock {
        if self.period.since.is_some() {
            Clock::Recent
        } else if self.interval == Some(Interval::Minute) {
            Clock::Minutes
        } else {
            Clock::Hours
        }
    }

    fn bucket(&self) -> &'static str {
        match self.interval {
            None => "0",
            Some(Interval::Hour) => "toInt32(day) * 24 + hour",
            // The hour of a unit is its minute then.
            Some(Interval::Minute) => "toInt32(day) * 1440 + hour",
            Some(Interval::HourOfWeek) => "(toDayOfWeek(day) - 1) * 24 + hour",
            Some(Interval::Day) => "day",
            Some(Interval::Week) => "greatest(toMonday(day), {first:Date})",
            Some(Interval::Month) => "greatest(toStartOfMonth(day), {first:Date})",
        }
    }
}

/// The clock change of the open days, if there is one: between `from` and `until` the offset differs by `by` seconds from
/// the one at the end of its day. All zero for none. Open days are few; a second change among them would be months away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Shift {
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) by: i64,
}

impl Shift {
    /// The last clock change after `opens_at` and before `closes_at`.
    pub(crate) fn within(opens_at: i64, closes_at: i64, site: &Site) -> Self {
        let change = Timestamp::from_second(closes_at)
            .ok()
            .and_then(|end| site.zone.preceding(end).next())
            .map(|change| (change.timestamp(), change.offset()))
            .filter(|(at, _)| at.as_second() > opens_at);
        let Some((at, offset)) = change else {
            return Self::default();
        };
        let until = at.as_second();
        let Some(before) = Timestamp::from_second(until - 1).ok().map(|just| site.zone.to_offset(just))
        else {
            return Self::default();
        };
        let from = LocalDay::at(at, &site.zone).map_or(opens_at, |day| day.opens_at);
        Self { from, until, by: i64::from(before.seconds()) - i64::from(offset.seconds()) }
    }
}

/// Statistics as a list in SQL.
fn names(stats: &[Stat]) -> String {
    stats.iter().map(|stat| format!("'{}'", stat.name())).collect::<Vec<_>>().join(", ")
}

/// The question's order, then the default one, then the value: pages must not overlap.
fn order(question: &Question) -> String {
    let mut keys = question.order_by.clone();
    keys.extend(default_order(question));
    let mut terms: Vec<String> = keys
        .into_iter()
        .map(|(key, direction)| {
            let expression = match key {
                OrderKey::Metric(Metric::Vital(vital, percentile)) => vitals::place(vital, percentile),
                OrderKey::Metric(metric) => ordering(metric).to_owned(),
                OrderKey::Dimension(dimension) if dimension.is_time() => "bucket".to_owned(),
                OrderKey::Dimension(dimension) => {
                    let others = question.dimensions.iter().filter(|d| !d.is_time());
                    let place = others.take_while(|d| **d != dimension).count() + 1;
                    return format!("key[{place}] {}", way(direction));
                }
            };
            format!("{expression} {}", way(direction))
        })
        .collect();
    terms.push("key ASC".to_owned());
    terms.join(", ")
}

const fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => "ASC",
        Direction::Descending => "DESC",
    }
}

/// The statistics that answer a question: at most one dimension, filters on it alone, nothing that only the detail knows.
fn stat(question: &Question, period: Period, interval: Option<Interval>, care: Care) -> Option<Stat> {
    let detailed = |metric: &Metric| {
        matches!(
            metric,
            Metric::TimeOnPage | Metric::TotalRevenue | Metric::AverageRevenue | Metric::Vital(..)
        )
    };
    let folded = matches!(care, Care::Folded { .. });
    if folded
        || period.hours.is_some()
        || period.since.is_some()
        || interval == Some(Interval::Minute)
        || !question.deeds().is_empty()
        || question.metrics.iter().any(detailed)
    {
        return None;
    }
    match question.axes().as_slice() {
        [] => Some(Stat::Total),
        [_] if interval.is_some_and(Interval::is_of_hours) => None,
        [one] => {
            let stat = Stat::counting(*one)?;
            // Visitors of several values may be the same: without a row for each there is no sum.
            let single = || match question.filters.as_slice() {
                [Filter::Test(test)] => test.op == Op::Is && test.values.len() == 1 && test.case_sensitive,
                _ => false,
            };
            (question.dimensions.contains(one) || single()).then_some(stat)
        }
        _ => None,
    }
}

/// Time ascending, else the first metric descending.
pub(super) fn default_order(question: &Question) -> Vec<(OrderKey, Direction)> {
    let time = question.dimensions.iter().copied().find(|d| d.is_time());
    let time = time.map(|time: Dimension| (OrderKey::Dimension(time), Direction::Ascending));
    let metric = question.metrics.first().map(|first| (OrderKey::Metric(*first), Direction::Descending));
    time.into_iter().chain(metric).collect()
}

/// A metric in SQL, by the same whole numbers as `table::figure` computes it, so that order and figures agree.
const fn ordering(metric: Metric) -> &'static str {
    match metric {
        Metric::Visitors => "visitors",
        Metric::Visits => "visits",
        Metric::Pageviews => "pageviews",
        Metric::Events => "events",
        Metric::BounceRate => "intDiv(200 * bounces + entries, 2 * greatest(entries, 1))",
        Metric::VisitDuration => "intDiv(2 * duration_s + entries, 2 * greatest(entries, 1))",
        Metric::ViewsPerVisit => "intDiv(200 * visit_pageviews + entries, 2 * greatest(entries, 1))",
        Metric::EngagedTime => "intDiv(engaged_ms + 500 * visits, 1000 * greatest(visits, 1))",
        Metric::ScrollDepth => "intDiv(2 * scroll_sum + scroll_visits, 2 * greatest(scroll_visits, 1))",
        Metric::TimeOnPage => "intDiv(engaged_ms + 500 * engaged_visits, 1000 * greatest(engaged_visits, 1))",
        Metric::ExitRate => {
            "intDiv(2000 * exits + pageviews - opted_out_pageviews, 2 * greatest(pageviews - opted_out_pageviews, 1))"
        }
        // Each row's share of the same number; percentiles have a place of their own.
        Metric::Percentage | Metric::ConversionRate | Metric::GroupConversionRate | Metric::Vital(..) => {
            "visitors"
        }
        Metric::TotalRevenue => "revenue_milli",
        Metric::AverageRevenue => "intDiv(revenue_milli, toInt64(greatest(revenue_events, 1)))",
        Metric::OptedOutRate => "intDiv(20000 * opted_out_pageviews + pageviews, 2 * greatest(pageviews, 1))",
    }
}

/// The period as the API spells it: first and last second, with the site's offset.
pub(crate) fn spelled(period: Period, site: &Site) -> Result<[String; 2], jiff::Error> {
    let opens = Timestamp::from_second(LocalDay::of(period.first, &site.zone)?.opens_at)?;
    let closes = Timestamp::from_second(LocalDay::of(period.last, &site.zone)?.closes_at - 1)?;
    let offset = |at: Timestamp| at.to_zoned(site.zone.clone()).strftime("%:z").to_string();
    let (from, to) = period.hours.unwrap_or((0, 23));
    let hour = |date: jiff::civil::Date, hour: i8, day: Timestamp| match date
        .at(hour, 0, 0, 0)
        .to_zoned(site.zone.clone())
    {
        Ok(at) if period.hours.is_some() => offset(at.timestamp()),
        _ => offset(day),
    };
    Ok([
        format!("{}T{from:02}:00:00{}", period.first, hour(period.first, from, opens)),
        format!("{}T{to:02}:59:59{}", period.last, hour(period.last, to, closes)),
    ])
}

/// Buckets and rows meet in this number.
pub(super) fn bucket_number(bucket: Bucket) -> i64 {
    match bucket {
        Bucket::Date(date) => day_number(date),
        Bucket::Hour(date, hour) => day_number(date) * 24 + i64::from(hour),
        Bucket::Minute(date, minute) => day_number(date) * 1440 + i64::from(minute),
        Bucket::HourOfWeek(weekday, hour) => i64::from(weekday) * 24 + i64::from(hour),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::{OptOutMode, SiteId};
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    fn shift(zone: &str, day: jiff::civil::Date) -> Shift {
        let zone = TimeZone::get(zone).unwrap();
        let day = LocalDay::of(day, &zone).unwrap();
        let site = Site {
            id: SiteId(1),
            domain: "a.kz".into(),
            zone,
            opt_out: OptOutMode::Tally,
            rules: events::SiteRules::default(),
            keys: Vec::new(),
        };
        Shift::within(day.opens_at, day.closes_at, &site)
    }

    #[test]
    fn a_day_without_a_clock_change_has_no_shift() {
        assert_eq!(shift("Asia/Almaty", date(2026, 11, 22)), Shift::default());
        assert_eq!(shift("Europe/Berlin", date(2026, 11, 22)), Shift::default());
    }

    #[test]
    fn a_clock_change_shifts_what_came_before_it() {
        let spring = shift("Europe/Berlin", date(2026, 3, 29));
        assert_eq!((spring.until - spring.from, spring.by), (2 * 3600, -3600));
        let autumn = shift("Europe/Berlin", date(2026, 10, 25));
        assert_eq!((autumn.until - autumn.from, autumn.by), (3 * 3600, 3600));
        assert_eq!(shift("Australia/Lord_Howe", date(2026, 10, 4)).by, -1800);
    }
}
