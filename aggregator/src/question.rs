//! What may be asked: a subset of Plausible's Stats API v2, as a closed grammar.
//!
//! A question names its metrics and dimensions by enum, so no text from outside ever becomes an SQL identifier. Everything
//! that is not understood is refused with a pointer to the place (`#/metrics/1: …`) and a stable code.

mod check;
mod parse;
mod range;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use range::Period;
pub(crate) use range::{Bucket, Interval};

/// One question about one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Domain of the site, as the v2 API names sites.
    pub site_id: String,
    /// What to count; at least one, each once, in the order of the answer's columns.
    pub metrics: Vec<Metric>,
    /// Which days.
    pub date_range: DateRange,
    /// What to group by: at most one dimension of time and one other.
    pub dimensions: Vec<Dimension>,
    /// Order of the rows; empty for the default (time ascending, else the first metric descending).
    pub order_by: Vec<(OrderKey, Direction)>,
    /// Which of the ordered rows.
    pub pagination: Pagination,
    /// What to add to the answer.
    pub include: Include,
}

/// Gives an enum its names in the grammar.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in the grammar.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The variant of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

named! {
    /// What to count. Definitions: DESIGN.md, "Metric definitions".
    Metric {
        /// Distinct visitors of a day; over several days the sum of the daily figures.
        Visitors = "visitors",
        /// Visits that began. Grouped by page, event or host: visits that touched it.
        Visits = "visits",
        /// Page views, those of visitors who opted out included.
        Pageviews = "pageviews",
        /// Page views and custom events; engagement is none.
        Events = "events",
        /// Share of visits with one page view, no interactive custom event and under 10 s engaged; whole percent.
        BounceRate = "bounce_rate",
        /// Mean of last minus first event of a visit, in whole seconds.
        VisitDuration = "visit_duration",
        /// Mean number of page views of a visit, two decimals.
        ViewsPerVisit = "views_per_visit",
        /// Mean visible and focused time of a visit (of its part on that page, when grouped by page), in whole seconds.
        EngagedTime = "engaged_time",
    }
}

named! {
    /// What to group by.
    Dimension {
        /// Time, in the unit that suits the range: hours up to 2 days, days up to 40, weeks up to 52, else months.
        Time = "time",
        /// Hours on the site's clock.
        TimeHour = "time:hour",
        /// Days.
        TimeDay = "time:day",
        /// Weeks, from Monday.
        TimeWeek = "time:week",
        /// Months.
        TimeMonth = "time:month",
        /// Path of the page.
        Page = "event:page",
        /// Host of the page.
        Host = "event:hostname",
        /// `pageview` or the name of a custom event.
        EventName = "event:name",
        /// First page of the visit.
        EntryPage = "visit:entry_page",
        /// Last page of the visit.
        ExitPage = "visit:exit_page",
        /// Known name or host of where the visitor came from.
        Source = "visit:source",
        /// By which way the visit came: `Organic Search` and the like.
        Channel = "visit:channel",
        /// Host and path of the referrer.
        Referrer = "visit:referrer",
        /// `utm_source`.
        UtmSource = "visit:utm_source",
        /// `utm_medium`.
        UtmMedium = "visit:utm_medium",
        /// `utm_campaign`.
        UtmCampaign = "visit:utm_campaign",
        /// `utm_content`.
        UtmContent = "visit:utm_content",
        /// `utm_term`.
        UtmTerm = "visit:utm_term",
        /// ISO 3166-1 alpha-2 code.
        Country = "visit:country",
        /// ISO 3166-2 code; nothing unless the operator asks for regions.
        Region = "visit:region",
        /// Kind of device.
        Device = "visit:device",
        /// Browser family.
        Browser = "visit:browser",
        /// Operating system.
        Os = "visit:os",
    }
}

impl Dimension {
    /// Whether it groups by time.
    #[must_use]
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Time | Self::TimeHour | Self::TimeDay | Self::TimeWeek | Self::TimeMonth)
    }
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
    /// `["2026-11-01", "2026-11-22"]`: both included.
    Dates(Date, Date),
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKey {
    /// A metric of the question.
    Metric(Metric),
    /// A dimension of the question.
    Dimension(Dimension),
}

named! {
    /// Which way.
    Direction {
        /// Smallest first.
        Ascending = "asc",
        /// Largest first.
        Descending = "desc",
    }
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Include {
    /// Labels of every time bucket of the range.
    pub time_labels: bool,
    /// Number of rows without pagination.
    pub total_rows: bool,
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
    /// The answer would show groups too small to be shown to this audience: answer 422.
    #[error("This answer is withheld because its groups may be too small.")]
    Withheld,
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
            Self::Withheld => "withheld",
            Self::Unavailable { .. } => "statistics_unavailable",
        }
    }

    /// The HTTP status that says so.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid { .. } => 400,
            Self::UnknownSite => 404,
            Self::Withheld => 422,
            Self::Unavailable { .. } => 503,
        }
    }
}
