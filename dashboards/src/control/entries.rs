//! What the things that staff lay down for a site have in common: kinds, limits, names, and why one is refused.

use std::fmt;

use aggregator::QuestionError;
use rusqlite::{Connection, params};

use super::ControlError;

/// Characters a name may have.
const LONGEST_NAME: usize = 120;

/// Something that staff lay down for a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What visitors shall do.
    Goal,
    /// Goals in their order.
    Funnel,
    /// Filters under a name.
    Segment,
    /// A note on the chart.
    Annotation,
    /// A way in for readers without an account.
    Link,
}

impl Kind {
    /// How many of them a site may have. As many goals as one question may bring.
    #[must_use]
    pub const fn most(self) -> u32 {
        match self {
            Self::Goal | Self::Link => 50,
            Self::Funnel => 20,
            Self::Segment => 100,
            Self::Annotation => 500,
        }
    }

    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::Goal => "goals",
            Self::Funnel => "funnels",
            Self::Segment => "segments",
            Self::Annotation => "annotations",
            Self::Link => "links",
        }
    }

    const fn unknown(self) -> &'static str {
        match self {
            Self::Goal => "unknown_goal",
            Self::Funnel => "unknown_funnel",
            Self::Segment => "unknown_segment",
            Self::Annotation => "unknown_annotation",
            Self::Link => "unknown_link",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Goal => "goal",
            Self::Funnel => "funnel",
            Self::Segment => "segment",
            Self::Annotation => "annotation",
            Self::Link => "shared link",
        })
    }
}

/// Why something was not laid down, changed or taken away. Its `Display` is the public sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The site has none of this number.
    #[error("There is no such {0}.")]
    Unknown(Kind),
    /// The site has as many as it may.
    #[error("A site may have {most} of these and has them already: {0}.", most = .0.most())]
    TooMany(Kind),
    /// The name is blank, too long, or not one line.
    #[error("A name has 1 to {LONGEST_NAME} characters on one line.")]
    BadName,
    /// Another one has this name.
    #[error("Another one has this name.")]
    NameTaken,
    /// A funnel has this goal as a step.
    #[error("A funnel has this goal as a step. Change or delete the funnel first.")]
    GoalInUse,
    /// A shared link is limited to this segment.
    #[error("A shared link is limited to this segment. Revoke the link first.")]
    SegmentInUse,
    /// Fewer than two steps, more than eight, one twice, or one that is no goal of the site.
    #[error("A funnel has 2 to 8 different goals of its site as steps.")]
    BadSteps,
    /// Not a currency, or a goal that can bring no revenue.
    #[error("A currency is three capital letters (KZT), and for goals of an event only.")]
    BadCurrency,
    /// No filters, or ones that speak of something a segment can't hold.
    #[error("A segment has at least one filter.")]
    BadSegment,
    /// Not a date, or not a note.
    #[error("An annotation has a date (2026-11-22) and 1 to 300 characters on one line.")]
    BadAnnotation,
    /// A setting is out of its range; which one.
    #[error("This setting can't be meant so: {0}.")]
    BadSetting(&'static str),
    /// The link asks for a password, and this browser was not told it.
    #[error("This link asks for a password.")]
    LinkLocked,
    /// Not the password of the link.
    #[error("This is not the password of the link.")]
    WrongLinkPassword,
    /// Not a range of dates.
    #[error("Give from and to as dates (2026-11-22), from not after to.")]
    BadRange,
    /// Not a form an export can have, or headings that don't fit its columns.
    #[error("An export has format csv or json, and as many headings as columns, or none.")]
    BadFormat,
    /// An export of so many rows is not made at once.
    #[error("This export is too large. Choose a shorter range.")]
    TooLarge,
    /// The Sites API can't do this here; what.
    #[error("{0}")]
    NotHere(&'static str),
    /// The question engine would refuse it.
    #[error(transparent)]
    Question(#[from] QuestionError),
}

impl EntryError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown(kind) => kind.unknown(),
            Self::TooMany(_) => "limit_reached",
            Self::BadName => "bad_name",
            Self::NameTaken => "name_taken",
            Self::GoalInUse => "goal_in_use",
            Self::SegmentInUse => "segment_in_use",
            Self::BadSteps => "bad_steps",
            Self::BadCurrency => "bad_currency",
            Self::BadSegment => "bad_segment",
            Self::BadAnnotation => "bad_annotation",
            Self::BadSetting(_) => "bad_setting",
            Self::BadRange => "bad_range",
            Self::BadFormat => "bad_format",
            Self::TooLarge => "export_too_large",
            Self::NotHere(_) => "not_supported",
            Self::LinkLocked => "link_locked",
            Self::WrongLinkPassword => "wrong_link_password",
            Self::Question(error) => error.code(),
        }
    }

    /// The HTTP status that says so.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::LinkLocked | Self::WrongLinkPassword => 401,
            Self::Unknown(_) => 404,
            Self::TooMany(_) | Self::NameTaken | Self::GoalInUse | Self::SegmentInUse => 409,
            Self::BadName
            | Self::BadSteps
            | Self::BadCurrency
            | Self::BadSegment
            | Self::BadAnnotation
            | Self::BadSetting(_)
            | Self::TooLarge => 422,
            Self::BadRange | Self::BadFormat | Self::NotHere(_) => 400,
            Self::Question(error) => error.status(),
        }
    }
}

/// A name as it is kept: trimmed, one line, not too long.
pub(super) fn name(typed: &str) -> Result<String, EntryError> {
    line(typed, LONGEST_NAME).ok_or(EntryError::BadName)
}

/// One line of 1 to `most` characters.
pub(super) fn line(typed: &str, most: usize) -> Option<String> {
    let text = typed.trim();
    let fits = !text.is_empty() && text.chars().count() <= most && !text.contains(char::is_control);
    fits.then(|| text.to_owned())
}

/// Refuses one more where the site has as many as it may.
pub(super) fn room_for(connection: &Connection, kind: Kind, site: u32) -> Result<(), ControlError> {
    let count = format!("SELECT count() FROM {} WHERE site = ?1", kind.table());
    let there: u32 = connection.query_row(&count, [site], |row| row.get(0))?;
    if there < kind.most() { Ok(()) } else { Err(EntryError::TooMany(kind).into()) }
}

/// Deletes one entry of a site.
pub(super) fn delete(connection: &Connection, kind: Kind, site: u32, id: i64) -> Result<(), ControlError> {
    let delete = format!("DELETE FROM {} WHERE id = ?1 AND site = ?2", kind.table());
    match connection.execute(&delete, params![id, site])? {
        0 => Err(EntryError::Unknown(kind).into()),
        _ => Ok(()),
    }
}
