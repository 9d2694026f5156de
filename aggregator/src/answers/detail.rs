//! Units from visits and events themselves, for what the statistics do not hold: several dimensions, filters, deeds, goals,
//! properties, revenue, parts of days, and everything that is folded.

use super::day_number;
use super::plan::Plan;
use super::predicate::{Place, Predicates};
use super::relation::Clock;
use super::vitals;
use crate::question::{Dimension, Filter, Interval, Metric};
use crate::sql;
use crate::suppress::{Care, shown};

/// What groups below the threshold are called together.
pub(super) const OTHER: &str = "(other)";

/// The units of a question. Visits as a whole where nothing speaks of single events, else what each visit touched and, beside
/// it, the visits that began there.
pub(super) fn units<'q>(plan: &Plan<'q>, predicates: &mut Predicates<'q>) -> String {
    Writer::new(plan, predicates).units()
}

struct Writer<'w, 'q> {
    plan: &'w Plan<'q>,
    predicates: &'w mut Predicates<'q>,
    axes: Vec<Dimension>,
    /// Some dimension is one of events.
    of_events: bool,
    /// Which rows count as activity.
    countable: &'static str,
}

impl<'w, 'q> Writer<'w, 'q> {
    fn new(plan: &'w Plan<'q>, predicates: &'w mut Predicates<'q>) -> Self {
        let axes = plan.question.axes();
        let of_events = axes.iter().any(|dimension| dimension.is_of_event());
        let any = axes.contains(&Dimension::Goal) || (plan.by_hour() && !of_events);
        Self {
            plan,
            predicates,
            axes,
            of_events,
            countable: if any { "1" } else { "name NOT IN ('engagement', 'vitals')" },
        }
    }

    fn units(&mut self) -> String {
        let metrics = &self.plan.question.metrics;
        let of_hits = |metric: &Metric| metric.is_of_revenue() || matches!(metric, Metric::Vital(..));
        if !self.of_events && !self.plan.by_hour() && !metrics.iter().any(of_hits) {
            return self.visits();
        }
        let mut units = vec![self.touched()];
        let entered = self.axes.iter().all(|d| !d.is_deed() || !self.plan.question.dimensions.contains(d));
        // Minutes answer nothing that is a sum over visits.
        if entered && self.plan.clock() == Clock::Hours {
            units.push(self.entries());
        }
        if metrics.contains(&Metric::ExitRate) {
            units.push(self.exits());
        }
        units.join("\nUNION ALL\n")
    }

    fn visits(&mut self) -> String {
        let (key, condition) = (self.key(Place::Visit), self.condition(Place::Visit));
        let opt_outs = if self.ends() { "0".to_owned() } else { self.condition(Place::Visit) };
        sql::DETAIL_VISITS.fill(&[
            ("key", &key),
            ("where", &condition),
            ("opt_outs_where", &opt_outs),
            ("no_vitals", vitals::NONE),
            ("visits", &self.predicates.relations.visits()),
            ("hits", &self.predicates.relations.hits(false)),
        ])
    }

    fn touched(&mut self) -> String {
        let began = self.plan.by_hour() && !self.of_events;
        let key = self.key(Place::Hit);
        let reached = self.predicates.reached_goals();
        let condition = self.condition(Place::Hit);
        sql::DETAIL_HITS.fill(&[
            ("hour", self.hour()),
            ("key", &key),
            ("vitals", &vitals::measured(self.plan.question)),
            ("countable", self.countable),
            ("touches", if began { "0" } else { "1" }),
            ("engaged", if began { "0" } else { "sumIf(hits.engaged_ms, visit != 0)" }),
            ("reached", &reached),
            ("where", &condition),
            ("hits", &self.predicates.relations.hits(self.ends())),
        ])
    }

    fn entries(&mut self) -> String {
        let began = self.plan.by_hour() && !self.of_events;
        let viewed = self.axes.iter().any(|d| matches!(d, Dimension::Page | Dimension::Host));
        let key = self.key(Place::Visit);
        let condition = self.entered();
        sql::DETAIL_ENTRIES.fill(&[
            ("hour", self.hour()),
            ("key", &key),
            ("no_vitals", vitals::NONE),
            ("begins", if began { "1" } else { "0" }),
            ("engaged", if began { "entered.engaged_ms" } else { "0" }),
            ("viewed", if viewed { "entered.pageviews > 0" } else { "1" }),
            ("where", &condition),
            ("visits", &self.predicates.relations.visits()),
        ])
    }

    fn exits(&mut self) -> String {
        let key = self.key(Place::Exit);
        let condition = self.condition(Place::Exit);
        sql::DETAIL_EXITS.fill(&[
            ("hour", self.hour()),
            ("key", &key),
            ("no_vitals", vitals::NONE),
            ("where", &condition),
            ("visits", &self.predicates.relations.visits()),
        ])
    }

    /// The part of the day that units are counted by.
    fn hour(&self) -> &'static str {
        if self.plan.interval == Some(Interval::Minute) {
            "minute"
        } else if self.plan.by_hour() {
            "hour"
        } else {
            "toUInt8(0)"
        }
    }

    /// Which visits began there: of pages and hosts, those that entered by them; of other events, those that have one.
    fn entered(&mut self) -> String {
        if !self.axes.iter().any(|dimension| dimension.is_deed()) {
            return self.condition(Place::Visit);
        }
        let by_page: Vec<&Filter> = self
            .plan
            .question
            .filters
            .iter()
            .filter(|filter| !filter.own_tests().iter().any(|test| test.dimension.is_deed()))
            .collect();
        let entered = self.predicates.all(by_page, Place::Visit);
        let touched = self.condition(Place::Hit);
        let hits = self.predicates.relations.hits(self.ends());
        let deed = sql::DEED.fill(&[("hits", &hits), ("where", &touched)]);
        format!("{entered} AND {}{}", deed.trim(), self.window())
    }

    /// What a row must be to count: the filters hold, it lies in the range, and its group may be told.
    fn condition(&mut self, place: Place) -> String {
        let mut condition = self.filters(place);
        if let Care::Folded { .. } = self.plan.care
            && !self.plan.has_others()
        {
            condition.push_str(&format!(" AND {}", self.told(place)));
        }
        condition
    }

    fn filters(&mut self, place: Place) -> String {
        let mut condition = self.predicates.all(&self.plan.question.filters, place);
        if place == Place::Hit && self.axes.contains(&Dimension::EventName) {
            condition.push_str(" AND name NOT IN ('engagement', 'vitals')");
        }
        if place == Place::Hit && self.ends() {
            condition.push_str(" AND visit != 0");
        }
        condition.push_str(&self.window());
        condition
    }

    fn window(&self) -> String {
        match self.plan.period.hours {
            None => String::new(),
            Some((from, to)) => format!(
                " AND toInt32(day) * 24 + hour BETWEEN {} AND {}",
                day_number(self.plan.period.first) * 24 + i64::from(from),
                day_number(self.plan.period.last) * 24 + i64::from(to),
            ),
        }
    }

    /// Whether a row's group may be told.
    fn told(&mut self, place: Place) -> String {
        let Care::Folded { least, axes } = self.plan.care else {
            return "1".to_owned();
        };
        // What a visit touched since an instant is told by its events.
        let of_events = self.of_events || self.plan.clock() == Clock::Recent;
        let of = if of_events { Place::Hit } else { Place::Visit };
        let cell = self.predicates.cell(of);
        let reached = if self.of_events { self.predicates.reached_goals() } else { String::new() };
        let relations = self.predicates.relations;
        let events_only = self.of_events && self.axes.contains(&Dimension::EventName);
        let cells = sql::CELLS.fill(&[
            ("cell", &cell),
            ("countable", if of_events { self.countable } else { "1" }),
            ("units", &if of_events { relations.hits(self.ends()) } else { relations.visits() }),
            ("reached", &reached),
            ("where", if events_only { "name NOT IN ('engagement', 'vitals')" } else { "1" }),
        ]);
        format!("(day, {}) IN ({})", self.predicates.cell(place), shown(&cells, axes, least))
    }

    /// What rows are grouped by.
    fn key(&mut self, place: Place) -> String {
        let question = self.plan.question;
        let mut parts: Vec<String> = Vec::new();
        for dimension in question.dimensions.iter().filter(|d| !d.is_time()) {
            parts.push(self.predicates.column(*dimension, place));
        }
        if parts.is_empty() {
            return "emptyArrayString()".to_owned();
        }
        let key = format!("[{}]", parts.join(", "));
        if self.plan.has_others() { format!("if({}, {key}, ['{OTHER}'])", self.told(place)) } else { key }
    }

    /// Whether some dimension is of where visits began and ended, which an opt-out knows nothing of.
    fn ends(&self) -> bool {
        self.axes
            .iter()
            .any(|d| matches!(d, Dimension::EntryPage | Dimension::ExitPage | Dimension::EntryHost))
    }
}
