//! The one place every answer passes before anybody sees it.
//!
//! [`Care`] says what an answer may tell: everything, for open figures; or only groups that are large enough, day by day.
//! Which groups those are depends on the day and on the dimensions involved, never on the values a question asks for, its
//! range or its page: so the difference of two answers is made of groups that may be told. `shown` writes it in SQL, so that
//! what is folded never leaves the database. An answer's rows are [`Found`] until they are [`Cleared`], and only cleared
//! rows can be written into an answer. What this protects from, and what not: docs/decisions/suppression.md.

mod shown;
mod ways;

use events::Thresholds;

use crate::question::{DateRange, Dimension, Goal, Question};

pub(crate) use shown::shown;
pub(crate) use ways::{funnel_shown, journeys_shown};

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
    /// Visitors of the smallest group that may be told, of a site with these thresholds. The public is never told more than
    /// staff.
    #[must_use]
    pub fn least(self, own: Thresholds) -> u64 {
        let staff = u64::from(own.staff.unwrap_or(STAFF).max(Thresholds::LEAST));
        match self {
            Self::Staff => staff,
            Self::Public => u64::from(own.public.unwrap_or(PUBLIC)).max(staff),
            #[cfg(feature = "testing")]
            Self::Unprotected => 0,
        }
    }
}

/// Thresholds of a site that has none of its own.
const STAFF: u32 = 5;
const PUBLIC: u32 = 10;

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
        | Dimension::TimeHourOfWeek
        | Dimension::TimeMinute
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
    /// What `audience` may be told of `question`, with a site's own thresholds where it has them.
    pub(crate) fn of(question: &Question, audience: Audience, own: Thresholds) -> Self {
        #[cfg(feature = "testing")]
        if audience == Audience::Unprotected {
            return Self::Open;
        }
        let least = audience.least(own);
        let (dimensions, deeds) = (question.axes(), question.deeds().len());
        let axes = dimensions.len() + deeds;
        let open = deeds == 0
            && dimensions.iter().all(|dimension| class(*dimension) == Class::Open)
            && question.goals.iter().all(|goal: &Goal| goal.conditions.is_empty());
        let grouped = question.dimensions.iter().any(|dimension| !dimension.is_time());
        match (audience, axes) {
            (_, 0) => Self::Open,
            // Lists of half an hour in which one visitor came describe that visitor together.
            _ if question.date_range == DateRange::HalfHour => Self::Folded { least, axes },
            // Rows of a list that is shown whole.
            (Audience::Staff, 1) if open && grouped => Self::Open,
            (Audience::Staff, 1) if open => Self::Sized(least),
            _ => Self::Folded { least, axes },
        }
    }

    /// What `audience` may be told of ways through a site, in a table of so many dimensions: ways are combinations.
    pub(crate) fn of_ways(axes: usize, audience: Audience, own: Thresholds) -> Self {
        #[cfg(feature = "testing")]
        if audience == Audience::Unprotected {
            return Self::Open;
        }
        Self::Folded { least: audience.least(own), axes }
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
        Care::of(&Question::from_json(&question).unwrap(), audience, Thresholds::default())
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
    fn a_site_has_thresholds_of_its_own_but_none_below_three_and_tells_the_public_no_more_than_staff() {
        let least = |staff, public| {
            let own = Thresholds { staff, public };
            (Audience::Staff.least(own), Audience::Public.least(own))
        };
        assert_eq!(least(None, None), (5, 10));
        assert_eq!(least(Some(1), Some(0)), (3, 3));
        assert_eq!(least(Some(8), Some(20)), (8, 20));
        assert_eq!(least(Some(30), None), (30, 30));
        assert_eq!(least(None, Some(4)), (5, 5));
    }

    #[test]
    fn a_filter_singles_out_few_and_all_but_few() {
        assert!(singles_out(4, 100, 5) && singles_out(96, 100, 5) && singles_out(0, 100, 5));
        assert!(!singles_out(5, 100, 5) && !singles_out(95, 100, 5) && !singles_out(100, 100, 5));
    }
}
