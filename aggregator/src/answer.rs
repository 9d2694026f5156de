//! What comes back, as Plausible's Stats API v2 spells it. The order of keys is part of the shape.

use serde::Serialize;
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
}

/// One figure of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Figure {
    /// A count, a percentage or seconds.
    Whole(u64),
    /// A mean with two decimals.
    Mean(f64),
}

/// What was asked to be included.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Meta {
    /// Label of every time bucket of the range, those that have not begun included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_labels: Option<Vec<String>>,
    /// Number of rows without pagination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_rows: Option<u64>,
}
