//! The one place every answer passes before anybody sees it.
//!
//! [`Care`] says what an answer may tell: everything, for open figures; or only groups that are large enough, day by day.
//! Which groups those are depends on the day and on the dimensions involved, never on the values a question asks for, its
//! range or its page: so the difference of two answers is made of groups that may be told. `shown` writes it in SQL, so that
//! what is folded never leaves the database. An answer's rows are [`Found`] until they are [`Cleared`], and only cleared
//! rows can be written into an answer. What this protects from, and what not: docs/decisions/suppression.md.

mod shown;

use crate::question::{Dimension, Goal, Question};

pub(crate) use shown::shown;

/// Who will read the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Members of the site, behind a login or with an API key.
    Staff,
    /// Everybody else: shared links, exports for others.
    Public,
    /// Nobody. For the tests that show what an adversary wins without suppression.
    #[cfg(feature = "testing")]
    Unprotected,
}

impl Audience {
    /// Visitors of the smallest group that may be told.
    #[must_use]
    pub const fn least(self) -> u64 {
        match self {
            Self::Staff => 5,
            Self::Public => 10,
            #[cfg(feature = "testing")]
            Self::Unprotected => 0,
        }
    }
}

/// No threshold is below this, whatever a site asks for.
pub const LEAST_OF_ALL: u64 = 3;

/// How closely a dimension describes a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Says nothing about a person by itself: shown to staff as counted.
    Open,
    /// Could single somebody out with outside knowledge: groups below the threshold are folded for everyone.
    Quasi,
}

/// The class of each dimension that can be asked for. DESIGN.md, "Questions", has the table.
#[must_use]
pub const fn class(dimension: Dimension) -> Class {
    match dimension {
        Dimension::Time
        | Dimension::TimeHour
        | Dimension::TimeDay
        | Dimension::TimeWeek
        | Dimension::TimeMonth
        | Dimension::Page
        | Dimension::Host
        | Dimension::EventName
        | Dimension::Goal
        | Dimension::EntryPage
        | Dimension::EntryHost
        | Dimension::ExitPage
        | Dimension::Source
        | Dimension::Channel
        | Dimension::Referrer
        | Dimension::UtmSource
        | Dimension::UtmMedium
        | Dimension::UtmCampaign
        | Dimension::UtmContent
        | Dimension::UtmTerm
        | Dimension::Country
        | Dimension::Device
        | Dimension::Browser
        | Dimension::Os => Class::Open,
        Dimension::Region
        | Dimension::Language
        | Dimension::Screen
        | Dimension::BrowserVersion
        | Dimension::OsVersion
        | Dimension::Prop(_) => Class::Quasi,
    }
}

/// What an answer may tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Everything.
    Open,
    /// Everything, unless the filter describes fewer visitors than this, or all but fewer.
    Sized(u64),
    /// Of each day only groups of at least so many visitors, made of so many dimensions.
    Folded { least: u64, axes: usize },
}

impl Care {
    /// What `audience` may be told of `question`, with a site's own threshold where it has one.
    pub(crate) fn of(question: &Question, audience: Audience, least: Option<u64>) -> Self {
        #[cfg(feature = "testing")]
        if audience == Audience::Unprotected {
            return Self::Open;
        }
        let least = least.unwrap_or(0).max(audience.least()).max(LEAST_OF_ALL);
        let (dimensions, deeds) = (question.axes(), question.deeds().len());
        let axes = dimensions.len() + deeds;
        let open = deeds == 0
            && dimensions.iter().all(|dimension| class(*dimension) == Class::Open)
            && question.goals.iter().all(|goal: &Goal| goal.conditions.is_empty());
        let grouped = question.dimensions.iter().any(|dimension| !dimension.is_time());
        match (audience, axes) {
            (_, 0) => Self::Open,
            // Rows of a list that is shown whole.
            (Audience::Staff, 1) if open && grouped => Self::Open,
            (Audience::Staff, 1) if open => Self::Sized(least),
            _ => Self::Folded { least, axes },
        }
    }

    /// The threshold, for the answer to tell.
    pub(crate) const fn least(self) -> Option<u64> {
        match self {
            Self::Open => None,
            Self::Sized(least) | Self::Folded { least, .. } => Some(least),
        }
    }
}

/// Whether a filter that describes `matching` of `all` visitors describes too few, or all but too few.
pub(crate) const fn singles_out(matching: u64, all: u64, least: u64) -> bool {
    let others = all.saturating_sub(matching);
    matching < least || (others > 0 && others < least)
}

/// Rows as counted, which nobody may see yet.
pub(crate) struct Found<T>(pub(crate) T);

/// Rows that their audience may see.
pub(crate) struct Cleared<T>(T);

impl<T> Cleared<T> {
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

/// Lets rows through that were counted with `care`: folded ones carry only groups that `shown` let through.
pub(crate) fn cleared<T>(_care: Care, found: Found<T>) -> Cleared<T> {
    Cleared(found.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn care(dimensions: Value, filters: Value, audience: Audience) -> Care {
        let question = json!({
            "site_id": "a.kz", "metrics": ["visitors"], "date_range": "day", "dimensions": dimensions, "filters": filters,
        });
        Care::of(&Question::from_json(&question).unwrap(), audience, None)
    }

    #[test]
    fn staff_see_open_groups_as_counted_and_others_folded() {
        let staff = |dimensions, filters| care(dimensions, filters, Audience::Staff);
        assert_eq!(staff(json!([]), json!([])), Care::Open);
        assert_eq!(staff(json!(["event:page"]), json!([])), Care::Open);
        assert_eq!(staff(json!(["time:day", "visit:country"]), json!([])), Care::Open);
        assert_eq!(staff(json!(["visit:region"]), json!([])), Care::Folded { least: 5, axes: 1 });
        assert_eq!(staff(json!(["event:props:plan"]), json!([])), Care::Folded { least: 5, axes: 1 });
        let kz = json!([["is", "visit:country", ["KZ"]]]);
        assert_eq!(staff(json!([]), kz.clone()), Care::Sized(5));
        assert_eq!(staff(json!(["visit:country"]), kz.clone()), Care::Open);
        assert_eq!(staff(json!(["event:page"]), kz), Care::Folded { least: 5, axes: 2 });
        let deed = json!([["has_done", ["is", "event:page", ["/"]]]]);
        assert_eq!(staff(json!([]), deed), Care::Folded { least: 5, axes: 1 });
    }

    #[test]
    fn everybody_else_sees_folded_groups_of_every_kind() {
        let open = care(json!(["event:page"]), json!([]), Audience::Public);
        assert_eq!(open, Care::Folded { least: 10, axes: 1 });
        assert_eq!(care(json!(["time"]), json!([]), Audience::Public), Care::Open);
    }

    #[test]
    fn no_site_can_lower_its_threshold() {
        let question = json!({"site_id": "a.kz", "metrics": ["visitors"], "date_range": "day", "dimensions": ["visit:region"]});
        let question = Question::from_json(&question).unwrap();
        let least = |least| Care::of(&question, Audience::Staff, Some(least)).least();
        assert_eq!((least(1), least(8)), (Some(5), Some(8)));
    }

    #[test]
    fn a_filter_singles_out_few_and_all_but_few() {
        assert!(singles_out(4, 100, 5) && singles_out(96, 100, 5) && singles_out(0, 100, 5));
        assert!(!singles_out(5, 100, 5) && !singles_out(95, 100, 5) && !singles_out(100, 100, 5));
    }
}
