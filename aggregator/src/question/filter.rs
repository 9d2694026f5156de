//! Filters: what to count only. `[op, dimension, [values], {case_sensitive}]`, joined by `and`, `or`, `not`; and visits in
//! which something else was or was not done, `["has_done", filter]`.

use serde_json::{Value, json};

use super::names::{Dimension, named};
use super::parse::{Parsed, list, shown};
use super::{Goal, QuestionError};

/// Most tests of one question, and most values of one test: a question is a sentence, not a data set.
const MOST_TESTS: usize = 32;
const MOST_VALUES: usize = 100;
/// Longest value, and longest pattern. RE2 takes time linear in both text and pattern.
const VALUE_BYTES: usize = 2_000;
const PATTERN_BYTES: usize = 500;
const DEEPEST: usize = 8;

named! {
    /// How a value is tested.
    Op {
        /// One of the values.
        Is = "is",
        /// None of the values.
        IsNot = "is_not",
        /// Has one of the values within.
        Contains = "contains",
        /// Has none of the values within.
        ContainsNot = "contains_not",
        /// One of these RE2 patterns is found within.
        Matches = "matches",
        /// None of these RE2 patterns is found within.
        MatchesNot = "matches_not",
    }
}

impl Op {
    /// Whether it holds for what its values do not describe.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        matches!(self, Self::IsNot | Self::ContainsNot | Self::MatchesNot)
    }

    const fn is_pattern(self) -> bool {
        matches!(self, Self::Matches | Self::MatchesNot)
    }
}

/// One test of one dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// How.
    pub op: Op,
    /// Of what; never of time.
    pub dimension: Dimension,
    /// With what; at least one.
    pub values: Vec<String>,
    /// Whether `Signup` differs from `signup`.
    pub case_sensitive: bool,
}

/// What to count only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of these hold.
    And(Vec<Filter>),
    /// One of these holds.
    Or(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// A dimension has a value.
    Test(Test),
    /// In the same visit an event was seen for which this holds.
    HasDone(Box<Filter>),
    /// In the same visit no event was seen for which this holds.
    HasNotDone(Box<Filter>),
}

impl Filter {
    /// Every test in it, those of other events included.
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::tests).collect(),
            Self::Not(part) | Self::HasDone(part) | Self::HasNotDone(part) => part.tests(),
            Self::Test(test) => vec![test],
        }
    }

    /// The tests of the counted event itself and of its visit.
    pub(crate) fn own_tests(&self) -> Vec<&Test> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::own_tests).collect(),
            Self::Not(part) => part.own_tests(),
            Self::Test(test) => vec![test],
            Self::HasDone(_) | Self::HasNotDone(_) => Vec::new(),
        }
    }

    /// What it says of other events of the visit, each once for each place it stands in.
    pub(crate) fn deeds(&self) -> Vec<&Filter> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::deeds).collect(),
            Self::Not(part) => part.deeds(),
            Self::Test(_) => Vec::new(),
            Self::HasDone(done) | Self::HasNotDone(done) => vec![done],
        }
    }

    /// As the grammar spells it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let parts = |parts: &[Self]| parts.iter().map(Self::to_json).collect::<Vec<_>>();
        match self {
            Self::And(of) => json!(["and", parts(of)]),
            Self::Or(of) => json!(["or", parts(of)]),
            Self::Not(of) => json!(["not", of.to_json()]),
            Self::HasDone(of) => json!(["has_done", of.to_json()]),
            Self::HasNotDone(of) => json!(["has_not_done", of.to_json()]),
            Self::Test(test) if test.case_sensitive => {
                json!([test.op.name(), test.dimension.name(), test.values])
            }
            Self::Test(test) => {
                json!([test.op.name(), test.dimension.name(), test.values, {"case_sensitive": false}])
            }
        }
    }
}

pub(super) fn filters(value: &Value, goals: &[Goal]) -> Parsed<Vec<Filter>> {
    let items = list(value, "invalid_filter", "#/filters")?;
    let mut reader = Reader { goals, tests: 0 };
    items
        .iter()
        .enumerate()
        .map(|(index, item)| reader.filter(item, &format!("#/filters/{index}"), Place::Top, 0))
        .collect()
}

/// Where a filter stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Nested,
    Done,
}

struct Reader<'a> {
    goals: &'a [Goal],
    tests: usize,
}

fn refused<T>(pointer: &str, message: impl Into<String>) -> Parsed<T> {
    Err(QuestionError::invalid("invalid_filter", pointer, message))
}

impl Reader<'_> {
    fn filter(&mut self, value: &Value, at: &str, place: Place, depth: usize) -> Parsed<Filter> {
        if depth > DEEPEST {
            return refused(at, format!("At most {DEEPEST} levels of filters."));
        }
        let Some([Value::String(op), rest @ ..]) = value.as_array().map(Vec::as_slice) else {
            return refused(at, format!("Invalid filter {}", shown(value)));
        };
        let inner = if place == Place::Top { Place::Nested } else { place };
        match (op.as_str(), rest) {
            ("and" | "or", [Value::Array(parts)]) if !parts.is_empty() => {
                let parts = parts
                    .iter()
                    .enumerate()
                    .map(|(index, part)| self.filter(part, &format!("{at}/1/{index}"), inner, depth + 1))
                    .collect::<Parsed<Vec<_>>>()?;
                Ok(if op == "and" { Filter::And(parts) } else { Filter::Or(parts) })
            }
            ("not", [part]) => {
                Ok(Filter::Not(Box::new(self.filter(part, &format!("{at}/1"), inner, depth + 1)?)))
            }
            ("has_done" | "has_not_done", [part]) => {
                if place == Place::Done {
                    return refused(at, "A deed is not made of deeds.");
                }
                let done = Box::new(self.filter(part, &format!("{at}/1"), Place::Done, depth + 1)?);
                Ok(if op == "has_done" { Filter::HasDone(done) } else { Filter::HasNotDone(done) })
            }
            _ => self.test(value, op, rest, at, place).map(Filter::Test),
        }
    }

    fn test(&mut self, whole: &Value, op: &str, rest: &[Value], at: &str, place: Place) -> Parsed<Test> {
        let invalid =
            || QuestionError::invalid("invalid_filter", at, format!("Invalid filter {}", shown(whole)));
        let op = Op::named(op).ok_or_else(invalid)?;
        let (dimension, values, modifiers) = match rest {
            [Value::String(dimension), Value::Array(values)] => (dimension, values, None),
            [Value::String(dimension), Value::Array(values), Value::Object(modifiers)] => {
                (dimension, values, Some(modifiers))
            }
            _ => return Err(invalid()),
        };
        let dimension = Dimension::named(dimension).filter(|d| d.is_filtered()).ok_or_else(|| {
            QuestionError::invalid(
                "invalid_filter",
                format!("{at}/1"),
                format!("Invalid dimension {}", shown(&json!(dimension))),
            )
        })?;
        let case_sensitive = match modifiers {
            None => true,
            Some(_) if op.is_pattern() => {
                return refused(&format!("{at}/3"), "Patterns take no modifier: write (?i).");
            }
            Some(modifiers) if modifiers.len() == 1 => match modifiers.get("case_sensitive") {
                Some(Value::Bool(sensitive)) => *sensitive,
                _ => return Err(invalid()),
            },
            Some(_) => return Err(invalid()),
        };
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return refused(at, format!("At most {MOST_TESTS} tests in one question."));
        }
        let values = checked_values(values, op, at)?;
        self.fits(op, dimension, &values, at, place)?;
        Ok(Test { op, dimension, values, case_sensitive })
    }

    fn fits(&self, op: Op, dimension: Dimension, values: &[String], at: &str, place: Place) -> Parsed<()> {
        if place == Place::Done && !dimension.is_of_event() {
            return refused(at, "What was done is told by dimensions of events.");
        }
        if dimension != Dimension::Goal {
            return Ok(());
        }
        if !matches!(op, Op::Is | Op::Contains) || place == Place::Nested {
            return refused(at, "Goals are filtered by \"is\" or \"contains\", at the top or as a deed.");
        }
        let unknown = |value: &&String| op == Op::Is && !self.goals.iter().any(|goal| goal.name == **value);
        match values.iter().find(unknown) {
            None => Ok(()),
            Some(value) => refused(at, format!("No goal of the question is named {}", shown(&json!(value)))),
        }
    }
}

fn checked_values(values: &[Value], op: Op, at: &str) -> Parsed<Vec<String>> {
    if values.is_empty() || values.len() > MOST_VALUES {
        return refused(&format!("{at}/2"), format!("Expected 1 to {MOST_VALUES} values."));
    }
    let most = if op.is_pattern() { PATTERN_BYTES } else { VALUE_BYTES };
    values
        .iter()
        .enumerate()
        .map(|(index, value)| match value.as_str() {
            Some(text) if text.len() <= most && !text.contains('\0') => Ok(text.to_owned()),
            _ => refused(&format!("{at}/2/{index}"), format!("Invalid value {}", shown(value))),
        })
        .collect()
}
