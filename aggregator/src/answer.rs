//! What comes back, as Plausible's Stats API v2 spells it. The order of keys is part of the shape.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// The rows, ordered and paged.
    pub results: Vec<Row>,
    /// What was asked to be included.
    pub meta: Meta,
    /// The question as understood. Asking it again yields the same answer, except for `realtime`.
    pub query: Value,
}

/// One row of an answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Values in the order of the question's metrics.
    pub metrics: Vec<Figure>,
    /// Values in the order of the question's dimensions.
    pub dimensions: Vec<String>,
    /// The same row of the period it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Compared>,
}

/// A row of the period an answer is compared with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Change of each metric since then: percent, of percentages points; none where one of the two may not be told.
    pub change: Vec<Option<f64>>,
    /// Values in the order of the question's dimensions.
    pub dimensions: Vec<String>,
    /// Values in the order of the question's metrics.
    pub metrics: Vec<Figure>,
}

/// One figure of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// A count, a percentage or seconds.
    Whole(u64),
    /// A mean with two decimals.
    Mean(f64),
    /// An amount in thousandths of a currency.
    Money {
        /// How much.
        milli: i64,
        /// ISO 4217 code.
        currency: String,
    },
    /// Nothing to tell: nothing was measured, or too few visitors are behind it.
    Missing,
}

impl Figure {
    /// As a number, to compare it with another.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a change is shown in whole percent")]
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Mean(mean) => Some(*mean),
            Self::Money { milli, .. } => Some(*milli as f64 / 1000.0),
            Self::Missing => None,
        }
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(whole) => serializer.serialize_u64(*whole),
            Self::Mean(mean) => serializer.serialize_f64(*mean),
            Self::Money { currency, .. } => {
                let mut money = serializer.serialize_struct("Money", 2)?;
                money.serialize_field("value", &self.value())?;
                money.serialize_field("currency", currency)?;
                money.end()
            }
            Self::Missing => serializer.serialize_none(),
        }
    }
}

/// What was asked to be included.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Meta {
    /// Label of every time bucket of the range, those that have not begun included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_labels: Option<Vec<String>>,
    /// The same of the period compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison_time_labels: Option<Vec<String>>,
    /// Number of rows without pagination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_rows: Option<u64>,
    /// Groups of fewer visitors of a day than this are not told, and stand in no figure of this answer but that of
    /// `(other)`. A figure that is null is one of fewer than this, or of all but fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folded_below: Option<u64>,
    /// How much of the range the answer does not show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<Shares>,
}

/// How much of a range an answer does not show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shares {
    /// Page views of visitors who opted out, whatever the question counts only.
    pub opted_out: OptedOut,
    /// Beacons of its days that were not kept.
    pub dropped: DroppedOf,
    /// Visitors that stand in `(other)`; none where the answer has no such row.
    pub folded: Option<Folded>,
}

/// So many page views of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OptedOut {
    /// By visitors who opted out.
    pub pageviews: u64,
    /// All page views.
    pub of: u64,
}

/// So many beacons of all that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DroppedOf {
    /// Dropped, for whatever reason.
    pub beacons: u64,
    /// Dropped or kept.
    pub of: u64,
}

/// So many visitors of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Folded {
    /// In groups that are told together. A visitor can be in groups that are told as well.
    pub visitors: u64,
    /// All visitors.
    pub of: u64,
}
