//! What may be asked: Plausible's Stats API v2, as a closed grammar.
//!
//! A question names its metrics and dimensions by enum, so no text from outside ever becomes an SQL identifier. Everything
//! that is not understood is refused with a pointer to the place (`#/metrics/1: …`) and a stable code.

mod check;
mod filter;
mod goal;
mod names;
mod parse;
mod range;
mod vital;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use filter::{Filter, Op, Test};
pub(crate) use goal::goal as read_goal;
pub use goal::{Goal, GoalKind, page_pattern};
pub use names::{Dimension, Direction, Metric, PropKey};
pub(crate) use parse::{list as read_list, only_keys};
pub use range::Period;
pub(crate) use range::{Bucket, Interval};
pub use vital::{Percentile, Vital};

/// One question about one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Domain of the site, as the v2 API names sites.
    pub site_id: String,
    /// What to count; at least one, each once, in the order of the answer's columns.
    pub metrics: Vec<Metric>,
    /// Which days.
    pub date_range: DateRange,
    /// What to group by: at most one dimension of time and three others.
    pub dimensions: Vec<Dimension>,
    /// What to count only; all of them must hold.
    pub filters: Vec<Filter>,
    /// The goals that `event:goal` speaks of.
    pub goals: Vec<Goal>,
    /// Order of the rows; empty for the default (time ascending, else the first metric descending).
    pub order_by: Vec<(OrderKey, Direction)>,
    /// Which of the ordered rows.
    pub pagination: Pagination,
    /// What to add to the answer.
    pub include: Include,
}

/// Which days. Relative ranges are resolved in the site's zone when the question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateRange {
    /// `"day"`: today.
    Today,
    /// `"7d"`: that many days, today excluded as in Plausible.
    Days(u16),
    /// `"month"`: the current calendar month.
    Month,
    /// `"12mo"`: that many calendar months, the current one excluded.
    Months(u16),
    /// `"year"`: the current calendar year.
    Year,
    /// `"all"`: from the first beacon to today.
    All,
    /// `"realtime"`: the last five minutes; visitors only.
    Realtime,
    /// `"realtime_30m"`: the current minute and the 29 before it, as far as they are of open days.
    HalfHour,
    /// `"24h"`: the current hour and the 23 before it.
    LastDay,
    /// `["2026-11-01", "2026-11-22"]`: both included.
    Dates(Date, Date),
    /// `["2026-11-01T12:00:00+05:00", "2026-11-01T17:59:59+05:00"]`: by whole hours of the site's clock, both included.
    Instants(Timestamp, Timestamp),
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKey {
    /// A metric of the question.
    Metric(Metric),
    /// A dimension of the question.
    Dimension(Dimension),
}

/// Which of the ordered rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pagination {
    /// How many at most, 1 to 10,000.
    pub limit: u32,
    /// How many to skip.
    pub offset: u32,
}

impl Default for Pagination {
    fn default() -> Self {
        Self { limit: 10_000, offset: 0 }
    }
}

/// What to add to the answer's `meta`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Include {
    /// Labels of every time bucket of the range.
    pub time_labels: bool,
    /// Number of rows without pagination.
    pub total_rows: bool,
    /// The same figures of another range.
    pub comparisons: Option<Comparisons>,
    /// What share opted out, was dropped, and is folded.
    pub shares: bool,
    /// Whether a relative range ends now instead of with the last day of its month or year.
    pub trim_relative_date_range: bool,
}

/// Which other range to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparisons {
    /// How the other range follows from the asked one.
    pub mode: ComparisonMode,
    /// Whether to shift by whole weeks, so that Mondays meet Mondays.
    pub match_day_of_week: bool,
}

/// How a range to compare with follows from the asked one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonMode {
    /// As many days, directly before.
    PreviousPeriod,
    /// The same days a year before.
    YearOverYear,
    /// These days.
    Custom(Date, Date),
}

impl Question {
    /// Reads a question from the JSON of a v2 query.
    ///
    /// # Errors
    /// At the first place that is not understood, with a pointer to it.
    pub fn from_json(json: &Value) -> Result<Self, QuestionError> {
        let question = parse::question(json)?;
        check::combination(&question)?;
        Ok(question)
    }

    /// Reads a question from the bytes of a v2 query.
    ///
    /// # Errors
    /// When they are not JSON, or as [`Question::from_json`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, QuestionError> {
        let json = serde_json::from_slice(bytes)
            .map_err(|_| QuestionError::invalid("invalid_json", "#", "The body is not valid JSON."))?;
        Self::from_json(&json)
    }
}

impl<'de> Deserialize<'de> for Question {
    /// As [`Question::from_json`]; the error text is the public sentence. Prefer `from_json`, which keeps the code.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?;
        Self::from_json(&json).map_err(serde::de::Error::custom)
    }
}

/// Why a question has no answer. Its `Display` is the public sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// The question is not one of ours: answer 400.
    #[error("{pointer}: {message}")]
    Invalid {
        /// Stable code.
        code: &'static str,
        /// Where in the question, as a JSON pointer fragment.
        pointer: String,
        /// What is wrong there, in English.
        message: String,
    },
    /// No site of that domain: answer 404.
    #[error("#/site_id: No such site.")]
    UnknownSite,
    /// ClickHouse did not answer, or not as it should: answer 503. The code is ClickHouse's own, 0 when it never answered.
    #[error("The statistics are not available at the moment.")]
    Unavailable {
        /// ClickHouse's error code.
        clickhouse: u32,
    },
}

impl QuestionError {
    pub(crate) fn invalid(
        code: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::Invalid { code, pointer: pointer.into(), message: message.into() }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { code, .. } => code,
            Self::UnknownSite => "unknown_site",
            Self::Unavailable { .. } => "statistics_unavailable",
        }
    }

    /// The HTTP status that says so.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid { .. } => 400,
            Self::UnknownSite => 404,
            Self::Unavailable { .. } => 503,
        }
    }
}
