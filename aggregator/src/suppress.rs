//! The one place every answer passes before anybody sees it.
//!
//! An answer's rows are [`Found`] until [`suppress`] has made them [`Cleared`], and only cleared rows can be written into an
//! answer. Folding small groups is not built yet: what would need it is withheld, so nothing can slip through in between.

use crate::question::{Dimension, QuestionError};

/// Who will read the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Members of the site, behind a login or with an API key.
    Staff,
}

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
        | Dimension::EntryPage
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
        Dimension::Region => Class::Quasi,
    }
}

/// Rows as counted, which nobody may see yet.
pub(crate) struct Found<T>(pub(crate) T);

/// Rows that this audience may see.
pub(crate) struct Cleared<T>(T);

impl<T> Cleared<T> {
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

/// Lets through what `audience` may see of rows grouped by dimensions of these classes.
pub(crate) fn suppress<T>(
    audience: Audience,
    classes: impl IntoIterator<Item = Class>,
    found: Found<T>,
) -> Result<Cleared<T>, QuestionError> {
    let closest =
        if classes.into_iter().any(|class| class == Class::Quasi) { Class::Quasi } else { Class::Open };
    match (audience, closest) {
        (Audience::Staff, Class::Open) => Ok(Cleared(found.0)),
        (Audience::Staff, Class::Quasi) => Err(QuestionError::Withheld),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_see_open_groups_as_counted() {
        let cleared = suppress(Audience::Staff, [Class::Open, Class::Open], Found(7));
        assert_eq!(cleared.ok().map(Cleared::into_inner), Some(7));
    }

    #[test]
    fn one_quasi_identifying_dimension_withholds_the_whole_answer() {
        let cleared = suppress(Audience::Staff, [Class::Open, Class::Quasi], Found(7));
        assert_eq!(cleared.err(), Some(QuestionError::Withheld));
    }

    #[test]
    fn of_the_dimensions_only_the_region_is_withheld() {
        for dimension in Dimension::ALL {
            let shown = suppress(Audience::Staff, [class(*dimension)], Found(())).is_ok();
            assert_eq!(shown, *dimension != Dimension::Region, "{}", dimension.name());
        }
    }
}
