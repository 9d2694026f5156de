//! Segments, which are filters under a name, and annotations, which are notes on the chart.

use aggregator::Question;
use aggregator::question::Goal;
use events::SiteId;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};

use super::audit::{Action, Author, record};
use super::entries::{self, EntryError, Kind};
use super::users::UserId;
use super::{ControlError, ControlPlane, goals, sites};

/// Characters a note may have.
const LONGEST_NOTE: usize = 300;
/// Bytes the filters of a segment may have as JSON.
const MOST_BYTES: usize = 16 * 1024;

/// Filters under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its number, never reused.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whether everybody who sees the site sees it.
    pub shared: bool,
    /// Who laid it down; none: the command line, or somebody who is gone.
    pub owner: Option<UserId>,
    /// What a question's `filters` take.
    pub filters: Value,
}

/// A note on the chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Its number, never reused.
    pub id: i64,
    /// The day it stands at, of the site's calendar.
    pub date: Date,
    /// What happened.
    pub text: String,
}

/// What a segment is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSegment {
    /// Its name.
    pub name: String,
    /// Whether everybody who sees the site sees it.
    pub shared: bool,
    /// What a question's `filters` take; at least one.
    pub filters: Value,
}

const COLUMNS: &str = "id, name, filters, shared, owner";

impl ControlPlane {
    /// The segments of a site that `reader` sees: those everybody sees, and their own. In order of their names.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], or SQLite's.
    pub fn segments(&self, reader: Author, domain: &str) -> Result<Vec<Segment>, ControlError> {
        self.read(|connection| {
            let site = sites::by_domain(connection, domain)?;
            let mut statement = connection.prepare(&format!(
                "SELECT {COLUMNS} FROM segments WHERE site = ?1 AND (shared = 1 OR owner = ?2) ORDER BY name, id"
            ))?;
            let segments = statement.query_map(params![site.id.0, number(reader)], segment)?;
            Ok(segments.collect::<Result<_, _>>()?)
        })
    }

    /// Lays down a segment, or changes the one of the number `id`, if `by` sees it.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::Entry`], or SQLite's.
    pub fn put_segment(
        &self,
        by: Author,
        domain: &str,
        id: Option<i64>,
        new: &NewSegment,
    ) -> Result<Segment, ControlError> {
        let name = entries::name(&new.name)?;
        let now = self.now();
        self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            let goals = goals::of_site(transaction, site.id.0)?;
            let filters = read_filters(&new.filters, goals.into_iter().map(|goal| goal.goal))?;
            let text = filters.to_string();
            let id = match id {
                None => {
                    entries::room_for(transaction, Kind::Segment, site.id.0)?;
                    transaction.execute(
                        "INSERT INTO segments (site, name, filters, shared, owner) VALUES (?1, ?2, ?3, ?4, ?5)",
                        params![site.id.0, name, text, new.shared, number(by)],
                    )?;
                    transaction.last_insert_rowid()
                }
                Some(id) => {
                    let old = visible(transaction, by, site.id, id)?;
                    if old.shared && !new.shared && is_of_a_link(transaction, id)? {
                        return Err(EntryError::SegmentInUse.into());
                    }
                    transaction.execute(
                        "UPDATE segments SET name = ?2, filters = ?3, shared = ?4, owner = coalesce(owner, ?5)
                         WHERE id = ?1",
                        params![id, name, text, new.shared, number(by)],
                    )?;
                    id
                }
            };
            record(transaction, now, by, Action::SegmentPut, &format!("{} segment {id}", site.domain))?;
            visible(transaction, by, site.id, id)
        })
    }

    /// The segment of this number, if `reader` sees it.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::Entry`], or SQLite's.
    pub fn segment(&self, reader: Author, domain: &str, id: i64) -> Result<Segment, ControlError> {
        self.read(|connection| {
            let site = sites::by_domain(connection, domain)?;
            visible(connection, reader, site.id, id)
        })
    }

    /// Deletes a segment that `by` sees. Refused while a shared link is limited to it: the link would show more.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::Entry`], or SQLite's.
    pub fn delete_segment(&self, by: Author, domain: &str, id: i64) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            visible(transaction, by, site.id, id)?;
            if is_of_a_link(transaction, id)? {
                return Err(EntryError::SegmentInUse.into());
            }
            entries::delete(transaction, Kind::Segment, site.id.0, id)?;
            record(transaction, now, by, Action::SegmentDeleted, &format!("{} segment {id}", site.domain))?;
            Ok(())
        })
    }

    /// The notes on a site's chart, in order of their days.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], or SQLite's.
    pub fn annotations(&self, domain: &str) -> Result<Vec<Annotation>, ControlError> {
        self.read(|connection| {
            let site = sites::by_domain(connection, domain)?;
            let mut statement = connection
                .prepare("SELECT id, day, text FROM annotations WHERE site = ?1 ORDER BY day, id")?;
            let notes = statement.query_map([site.id.0], |row| {
                let day: String = row.get(1)?;
                let date = day.parse().map_err(|_| rusqlite::types::FromSqlError::InvalidType)?;
                Ok(Annotation { id: row.get(0)?, date, text: row.get(2)? })
            })?;
            Ok(notes.collect::<Result<_, _>>()?)
        })
    }

    /// Puts a note on the chart.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::Entry`], or SQLite's.
    pub fn add_annotation(
        &self,
        by: Author,
        domain: &str,
        date: &str,
        text: &str,
    ) -> Result<Annotation, ControlError> {
        let date: Date = date.trim().parse().map_err(|_| EntryError::BadAnnotation)?;
        let text = entries::line(text, LONGEST_NOTE).ok_or(EntryError::BadAnnotation)?;
        let now = self.now();
        self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            entries::room_for(transaction, Kind::Annotation, site.id.0)?;
            transaction.execute(
                "INSERT INTO annotations (site, day, text) VALUES (?1, ?2, ?3)",
                params![site.id.0, date.to_string(), text],
            )?;
            let id = transaction.last_insert_rowid();
            record(transaction, now, by, Action::AnnotationAdded, &format!("{} note {id}", site.domain))?;
            Ok(Annotation { id, date, text })
        })
    }

    /// Takes a note off the chart.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::Entry`], or SQLite's.
    pub fn delete_annotation(&self, by: Author, domain: &str, id: i64) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            entries::delete(transaction, Kind::Annotation, site.id.0, id)?;
            record(transaction, now, by, Action::AnnotationDeleted, &format!("{} note {id}", site.domain))?;
            Ok(())
        })
    }
}

/// Filters as the engine reads them, with the goals of the site that they may speak of; spelt as the engine spells them.
pub(super) fn read_filters(filters: &Value, goals: impl Iterator<Item = Goal>) -> Result<Value, EntryError> {
    let goals: Vec<Value> = goals.map(|goal| goal.to_json()).collect();
    let question = Question::from_json(&json!({
        "site_id": "segment", "metrics": ["visitors"], "date_range": "day", "filters": filters, "goals": goals,
    }))?;
    let filters: Value = question.filters.iter().map(aggregator::question::Filter::to_json).collect();
    let some = filters.as_array().is_some_and(|filters| !filters.is_empty());
    if some && filters.to_string().len() <= MOST_BYTES { Ok(filters) } else { Err(EntryError::BadSegment) }
}

/// The segment of this site and number, if `reader` sees it.
pub(super) fn visible(
    connection: &Connection,
    reader: Author,
    site: SiteId,
    id: i64,
) -> Result<Segment, ControlError> {
    let found = connection
        .query_row(
            &format!(
                "SELECT {COLUMNS} FROM segments WHERE id = ?1 AND site = ?2 AND (shared = 1 OR owner = ?3)"
            ),
            params![id, site.0, number(reader)],
            segment,
        )
        .optional()?;
    found.ok_or(EntryError::Unknown(Kind::Segment).into())
}

fn is_of_a_link(connection: &Connection, id: i64) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM links WHERE segment = ?1)", [id], |row| row.get(0))
}

fn number(author: Author) -> Option<i64> {
    match author {
        Author::Console => None,
        Author::User(UserId(id)) => Some(id),
    }
}

fn segment(row: &Row<'_>) -> rusqlite::Result<Segment> {
    let filters: String = row.get(2)?;
    Ok(Segment {
        id: row.get(0)?,
        name: row.get(1)?,
        shared: row.get(3)?,
        owner: row.get::<_, Option<i64>>(4)?.map(UserId),
        // Kept from being anything but JSON by the table.
        filters: serde_json::from_str(&filters).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Role;
    use crate::control::tests::plane;
    use serve::access::Secret;

    const BY: Author = Author::Console;

    fn code<T>(result: Result<T, ControlError>) -> &'static str {
        match result {
            Err(ControlError::Entry(error)) => error.code(),
            Err(_) => "another error",
            Ok(_) => "",
        }
    }

    fn new(name: &str, shared: bool, filters: Value) -> NewSegment {
        NewSegment { name: name.into(), shared, filters }
    }

    #[test]
    fn a_personal_segment_is_seen_by_its_owner_alone() {
        let (plane, ..) = plane();
        plane.add_site(BY, "a.kz", "UTC").unwrap();
        let user = |email: &str| {
            let user = plane.add_user(BY, email, &Secret::new("dala-samaly-2026"), Role::Editor).unwrap();
            Author::User(user.id)
        };
        let (mine, theirs) = (user("mine@a.kz"), user("theirs@a.kz"));
        let phones = json!([["is", "visit:device", ["mobile"]]]);
        let own = plane.put_segment(mine, "a.kz", None, &new("Phones", false, phones.clone())).unwrap();
        let all = plane.put_segment(mine, "a.kz", None, &new("Tablets", true, phones.clone())).unwrap();
        let seen = |who| plane.segments(who, "a.kz").unwrap().iter().map(|s| s.id).collect::<Vec<_>>();
        assert_eq!(seen(mine), [own.id, all.id]);
        assert_eq!(seen(theirs), [all.id]);
        let changed = new("Phones", true, phones);
        assert_eq!(code(plane.put_segment(theirs, "a.kz", Some(own.id), &changed)), "unknown_segment");
        assert_eq!(code(plane.delete_segment(theirs, "a.kz", own.id)), "unknown_segment");
        assert_eq!(code(plane.segment(theirs, "a.kz", own.id)), "unknown_segment");
        plane.delete_segment(mine, "a.kz", own.id).unwrap();
        assert_eq!(seen(mine), [all.id]);
    }

    #[test]
    fn what_the_engine_would_refuse_is_no_segment() {
        let (plane, ..) = plane();
        plane.add_site(BY, "a.kz", "UTC").unwrap();
        let put = |filters: Value| code(plane.put_segment(BY, "a.kz", None, &new("A", true, filters)));
        assert_eq!(put(json!([])), "bad_segment");
        assert_eq!(put(json!({})), "invalid_filter");
        assert_eq!(put(json!([["is", "visit:address", ["192.0.2.1"]]])), "invalid_filter");
        assert_eq!(put(json!([["is", "event:goal", ["Signup"]]])), "invalid_filter");
        let signup = json!({"display_name": "Signup", "event_name": "Signup"});
        plane.put_goal(BY, "a.kz", None, &signup, None).unwrap();
        assert_eq!(put(json!([["is", "event:goal", ["Signup"]]])), "");
    }

    #[test]
    fn notes_stand_in_the_order_of_their_days() {
        let (plane, ..) = plane();
        plane.add_site(BY, "a.kz", "UTC").unwrap();
        let add = |date: &str, text: &str| plane.add_annotation(BY, "a.kz", date, text);
        for (date, text) in
            [("yesterday", "a"), ("2026-11-22", " "), ("2026-11-22", "a\nb"), ("2026-02-30", "a")]
        {
            assert_eq!(code(add(date, text)), "bad_annotation", "{date} {text:?}");
        }
        assert_eq!(code(add("2026-11-22", &"a".repeat(301))), "bad_annotation");
        let late = add("2026-11-22", " Жаңа сайт ").unwrap();
        let early = add("2026-11-01", "campaign").unwrap();
        assert_eq!(late.text, "Жаңа сайт");
        assert_eq!(plane.annotations("a.kz").unwrap(), [early.clone(), late]);
        plane.delete_annotation(BY, "a.kz", early.id).unwrap();
        assert_eq!(code(plane.delete_annotation(BY, "a.kz", early.id)), "unknown_annotation");
    }
}
