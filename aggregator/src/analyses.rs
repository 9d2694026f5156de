//! What is asked beyond the grammar of v2: the way of visits through a site.
//!
//! [`Funnel`] counts the visits that came through a row of steps, [`Journeys`] where they went from a page or came from. Both
//! speak of visits and share their site, range and filters with v2's questions ([`subject`]). What comes before what in a
//! visit is the order in which the seal keeps its hits, so a day reads the same before and after it is sealed. What may be
//! told of small groups is decided in [`crate::suppress`]. Requests and answers: docs/questions.md.

mod funnel;
mod journeys;
mod subject;

use serde::Serialize;
use serde_json::Value;

use crate::answers::Answers;
use crate::question::QuestionError;
use crate::suppress::Audience;

pub use funnel::{Funnel, FunnelAnswer, FunnelMeta, FunnelStep};
pub use journeys::{Journeys, JourneysAnswer, JourneysMeta, JourneysRow, Order, RowKind, Towards};

/// One analysis of one site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Analysis {
    /// Visits that came through a row of steps.
    Funnel(Funnel),
    /// Pages viewed after or before a page.
    Journeys(Journeys),
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnalysisAnswer {
    /// Of a funnel.
    Funnel(FunnelAnswer),
    /// Of journeys.
    Journeys(JourneysAnswer),
}

impl Analysis {
    /// The kinds there are, as the key `kind` spells them.
    pub const KINDS: &'static [&'static str] = &["funnel", "journeys"];

    /// Reads an analysis from the JSON of a request, told apart by `kind`.
    ///
    /// # Errors
    /// At the first place that is not understood, with a pointer to it.
    pub fn from_json(json: &Value) -> Result<Self, QuestionError> {
        match json.get("kind").and_then(Value::as_str) {
            Some("funnel") => Funnel::from_json(json).map(Self::Funnel),
            Some("journeys") => Journeys::from_json(json).map(Self::Journeys),
            _ => Err(QuestionError::invalid(
                "invalid_kind",
                "#/kind",
                format!("Known kinds: query, {}.", Self::KINDS.join(", ")),
            )),
        }
    }

    /// Domain of the site it is about.
    #[must_use]
    pub fn site_id(&self) -> &str {
        match self {
            Self::Funnel(funnel) => funnel.site_id(),
            Self::Journeys(journeys) => journeys.site_id(),
        }
    }
}

impl Answers {
    /// Answers one analysis for these readers.
    ///
    /// # Errors
    /// When it cannot be answered; see [`QuestionError`].
    pub async fn analyse(
        &self,
        analysis: &Analysis,
        audience: Audience,
    ) -> Result<AnalysisAnswer, QuestionError> {
        match analysis {
            Analysis::Funnel(funnel) => funnel.answer(self, audience).await.map(AnalysisAnswer::Funnel),
            Analysis::Journeys(journeys) => {
                journeys.answer(self, audience).await.map(AnalysisAnswer::Journeys)
            }
        }
    }
}

/// Percent with two decimals, rounded half up; of nothing, 0.
#[allow(clippy::cast_precision_loss, reason = "a percentage, below 2^52")]
fn percent(part: u64, whole: u64) -> f64 {
    let whole = whole.max(1);
    ((20_000 * part + whole) / (2 * whole)) as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(request: Value) -> (&'static str, String) {
        let error = Analysis::from_json(&request).unwrap_err();
        (error.code(), error.to_string())
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place_and_a_stable_code() {
        let step = json!({"page_path": "/"});
        let funnel = |key: &str, value: Value| {
            let mut request =
                json!({"kind": "funnel", "site_id": "a.kz", "date_range": "day", "steps": [step, step]});
            request[key] = value;
            request
        };
        assert!(Analysis::from_json(&funnel("filters", json!([["is", "visit:os", ["Linux"]]]))).is_ok());
        let cases = [
            (
                funnel("kind", json!("cohort")),
                "invalid_kind",
                "#/kind: Known kinds: query, funnel, journeys.",
            ),
            (funnel("steps", json!([step])), "invalid_steps", "#/steps: Expected 2 to 8 steps."),
            (funnel("steps", json!([step, {}])), "invalid_goal", "#/steps/1: Invalid goal {}"),
            (funnel("metrics", json!(["visits"])), "unknown_key", "#/metrics: Unknown key."),
            (
                funnel("date_range", json!("24h")),
                "unsupported_combination",
                "#/date_range: Analyses are answered of whole days.",
            ),
            (funnel("filters", json!([["is", "time", ["x"]]])), "invalid_filter", "#/filters/0/1: Invalid"),
            (
                funnel(
                    "filters",
                    json!([["or", [["is", "event:page", ["/"]], ["is", "visit:exit_page", ["/"]]]]]),
                ),
                "unsupported_combination",
                "#/filters: ",
            ),
            (json!({"kind": "journeys", "date_range": "day"}), "missing_key", "#: Required property site_id"),
            (
                json!({"kind": "journeys", "site_id": "a.kz", "date_range": "day", "direction": "up"}),
                "invalid_direction",
                "#/direction: ",
            ),
            (
                json!({"kind": "journeys", "site_id": "a.kz", "date_range": "day", "page": ""}),
                "invalid_page",
                "#/page: ",
            ),
        ];
        for (request, code, sentence) in cases {
            let (is, text) = refused(request.clone());
            assert_eq!(is, code, "{request}");
            assert!(text.starts_with(sentence), "{text}");
        }
    }

    #[test]
    fn percentages_round_half_up() {
        assert_eq!((percent(1, 3), percent(2, 3), percent(1, 8), percent(0, 0)), (33.33, 66.67, 12.5, 0.0));
    }
}
