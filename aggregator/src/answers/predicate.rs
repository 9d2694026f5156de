//! Filters and dimensions in SQL. Columns come from the closed list of dimensions; every value is bound.

use serde::Serialize;

use super::relation::Relations;
use crate::question::{Dimension, Filter, Goal, GoalKind, Op, Question, Test, page_pattern};
use crate::sql;
use crate::store::Statement;

/// A value on its way to the server.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Texts(Vec<String>),
    Number(u64),
}

/// Values that a statement's text names `p0`, `p1`, …
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(Vec<Value>);

impl Values {
    fn add(&mut self, value: Value, kind: &str) -> String {
        self.0.push(value);
        format!("{{p{}:{kind}}}", self.0.len() - 1)
    }

    pub(crate) fn text(&mut self, text: impl Into<String>) -> String {
        self.add(Value::Text(text.into()), "String")
    }

    fn texts(&mut self, texts: Vec<String>) -> String {
        self.add(Value::Texts(texts), "Array(String)")
    }

    pub(crate) fn number(&mut self, number: u64) -> String {
        self.add(Value::Number(number), "UInt64")
    }

    pub(crate) fn bind(&self, statement: Statement) -> Statement {
        self.0
            .iter()
            .enumerate()
            .fold(statement, |statement, (index, value)| statement.param(&format!("p{index}"), value))
    }
}

/// Which row a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// An event with what belongs to its visit.
    Hit,
    /// A visit; of its pages, the one it began with.
    Visit,
    /// A visit; of its pages, the one it ended with.
    Exit,
    /// A row of statistics, whose only value is that of the one dimension involved.
    Stat,
}

/// Writes conditions about one question.
pub(crate) struct Predicates<'a> {
    pub(crate) question: &'a Question,
    pub(crate) relations: &'a Relations,
    pub(crate) values: Values,
}

impl Predicates<'_> {
    /// All of these hold.
    pub(crate) fn all<'f>(&mut self, filters: impl IntoIterator<Item = &'f Filter>, place: Place) -> String {
        let parts: Vec<_> = filters.into_iter().map(|filter| self.filter(filter, place)).collect();
        if parts.is_empty() { "1".to_owned() } else { parts.join(" AND ") }
    }

    fn filter(&mut self, filter: &Filter, place: Place) -> String {
        match filter {
            Filter::And(parts) => self.joined(parts, " AND ", place),
            Filter::Or(parts) => self.joined(parts, " OR ", place),
            Filter::Not(part) => format!("(NOT {})", self.filter(part, place)),
            Filter::Test(test) => self.test(test, place),
            Filter::HasDone(done) => self.deed(done),
            Filter::HasNotDone(done) => format!("(visit != 0 AND NOT {})", self.deed(done)),
        }
    }

    fn joined(&mut self, parts: &[Filter], by: &str, place: Place) -> String {
        let parts: Vec<_> = parts.iter().map(|part| self.filter(part, place)).collect();
        format!("({})", parts.join(by))
    }

    /// Whether the visit has an event for which `done` holds.
    pub(super) fn deed(&mut self, done: &Filter) -> String {
        let condition = if let Filter::Test(test) = done
            && test.dimension == Dimension::Goal
        {
            // Inside a deed a goal is the event itself, even where the question groups by goals.
            self.reached(test)
        } else {
            self.filter(done, Place::Hit)
        };
        let deed = sql::DEED.fill(&[("hits", &self.relations.hits(false)), ("where", &condition)]);
        format!("({})", deed.trim())
    }

    fn test(&mut self, test: &Test, place: Place) -> String {
        if test.dimension == Dimension::Goal && !self.question.dimensions.contains(&Dimension::Goal) {
            return self.reached(test);
        }
        let column = self.column(test.dimension, place);
        let positive = self.compared(&column, test);
        if test.op.is_negative() { format!("(NOT {positive})") } else { positive }
    }

    fn compared(&mut self, column: &str, test: &Test) -> String {
        let values = test.values.iter().map(|value| stored(test.dimension, value));
        match (test.op, test.case_sensitive) {
            (Op::Is | Op::IsNot, true) => {
                format!("has({}, {column})", self.values.texts(values.collect()))
            }
            (Op::Is | Op::IsNot, false) => {
                let values = self.values.texts(values.map(|value| value.to_lowercase()).collect());
                format!("has({values}, lowerUTF8({column}))")
            }
            (Op::Contains | Op::ContainsNot, sensitive) => {
                let function = if sensitive { "position" } else { "positionCaseInsensitiveUTF8" };
                let parts: Vec<_> = test
                    .values
                    .iter()
                    .map(|value| format!("{function}({column}, {}) > 0", self.values.text(value.as_str())))
                    .collect();
                format!("({})", parts.join(" OR "))
            }
            (Op::Matches | Op::MatchesNot, _) => {
                let parts: Vec<_> = test
                    .values
                    .iter()
                    .map(|value| format!("match({column}, {})", self.values.text(value.as_str())))
                    .collect();
                format!("({})", parts.join(" OR "))
            }
        }
    }

    /// Whether an event reaches one of the goals the test names.
    fn reached(&mut self, test: &Test) -> String {
        let named = |goal: &&Goal| {
            let fold = |text: &str| if test.case_sensitive { text.to_owned() } else { text.to_lowercase() };
            let within = test.op == Op::Contains;
            test.values.iter().any(|value| {
                if within { fold(&goal.name).contains(&fold(value)) } else { fold(&goal.name) == fold(value) }
            })
        };
        let question = self.question;
        let parts: Vec<_> = question.goals.iter().filter(named).map(|goal| self.goal(goal)).collect();
        if parts.is_empty() { "0".to_owned() } else { format!("({})", parts.join(" OR ")) }
    }

    /// Whether an event reaches this goal.
    pub(crate) fn goal(&mut self, goal: &Goal) -> String {
        let mut parts = vec![match &goal.kind {
            GoalKind::Event(name) => format!("name = {}", self.values.text(name.as_str())),
            GoalKind::Page(pattern) => {
                format!("name = 'pageview' AND match(path, {})", self.values.text(page_pattern(pattern)))
            }
            GoalKind::Scroll(pattern, percent) => format!(
                "name = 'engagement' AND match(path, {}) AND scroll_depth BETWEEN {} AND 100",
                self.values.text(page_pattern(pattern)),
                self.values.number(u64::from(*percent)),
            ),
        }];
        for (key, value) in &goal.conditions {
            let key = self.values.text(key.as_str());
            parts.push(format!("props[{key}] = {}", self.values.text(value.as_str())));
        }
        format!("({})", parts.join(" AND "))
    }

    /// One row for each goal an event reaches, when the question groups by goals.
    pub(super) fn reached_goals(&mut self) -> String {
        if !self.question.dimensions.contains(&Dimension::Goal) {
            return String::new();
        }
        let question = self.question;
        let each: Vec<_> = question
            .goals
            .iter()
            .map(|goal| {
                let reached = self.goal(goal);
                format!("if({reached}, [{}], [])", self.values.text(goal.name.as_str()))
            })
            .collect();
        format!("ARRAY JOIN arrayConcat({}) AS goal", each.join(", "))
    }

    /// Where a row has its value.
    pub(super) fn column(&mut self, dimension: Dimension, place: Place) -> String {
        if place == Place::Stat {
            return "value".to_owned();
        }
        let hit = place == Place::Hit;
        let column = match dimension {
            Dimension::Page if place == Place::Exit => "exit_page",
            Dimension::Prop(key) => return format!("props[{}]", self.values.text(key.as_str())),
            Dimension::Page => {
                if hit {
                    "path"
                } else {
                    "entry_page"
                }
            }
            Dimension::EntryHost => {
                if hit {
                    "entry_host"
                } else {
                    "host"
                }
            }
            Dimension::Host => "host",
            Dimension::EventName => "name",
            Dimension::Goal => "goal",
            Dimension::EntryPage => "entry_page",
            Dimension::ExitPage => "exit_page",
            Dimension::Source => "source",
            Dimension::Channel => "channel",
            Dimension::Referrer => "referrer",
            Dimension::UtmSource => "utm_source",
            Dimension::UtmMedium => "utm_medium",
            Dimension::UtmCampaign => "utm_campaign",
            Dimension::UtmContent => "utm_content",
            Dimension::UtmTerm => "utm_term",
            Dimension::Country => "country",
            Dimension::Region => "region",
            Dimension::Device => "device",
            Dimension::Browser => "browser",
            Dimension::BrowserVersion => "browser_version",
            Dimension::Os => "os",
            Dimension::OsVersion => "os_version",
            Dimension::Screen => "screen",
            Dimension::Language => "language",
            // Time groups by buckets.
            Dimension::Time
            | Dimension::TimeHour
            | Dimension::TimeHourOfWeek
            | Dimension::TimeMinute
            | Dimension::TimeDay
            | Dimension::TimeWeek
            | Dimension::TimeMonth => "''",
        };
        format!("toString({column})")
    }

    /// What a group is made of: every dimension involved, and every deed that is asked for.
    pub(crate) fn cell(&mut self, place: Place) -> String {
        let question = self.question;
        let mut parts: Vec<String> = Vec::new();
        for dimension in question.axes() {
            if dimension == Dimension::Goal && !question.dimensions.contains(&dimension) {
                let reached = question
                    .filters
                    .iter()
                    .flat_map(Filter::own_tests)
                    .filter(|test| test.dimension == dimension)
                    .map(|test| self.reached(test))
                    .collect::<Vec<_>>();
                parts.push(format!("toString({})", reached.join(" AND ")));
            } else {
                parts.push(self.column(dimension, place));
            }
        }
        for done in question.deeds() {
            parts.push(format!("toString({})", self.deed(done)));
        }
        format!("[{}]", parts.join(", "))
    }
}

/// How a value is stored that answers call by a name people know.
fn stored(dimension: Dimension, value: &str) -> String {
    if value == unknown(dimension) { String::new() } else { value.to_owned() }
}

/// What answers call an empty value.
pub(super) const fn unknown(dimension: Dimension) -> &'static str {
    if matches!(dimension, Dimension::Source | Dimension::Referrer) {
        "Direct / None"
    } else if matches!(dimension, Dimension::Prop(_)) {
        "(none)"
    } else {
        "(not set)"
    }
}
