//! Shared links: a way to one site's figures for readers without an account, as public as the answers they get.

use std::fmt;

use aggregator::question::Goal;
use events::SiteId;
use rusqlite::{OptionalExtension, Row, params};
use serde_json::Value;
use serve::access::Secret;

use super::audit::{Action, Author, record};
use super::entries::{self, EntryError, Kind};
use super::{ControlError, ControlPlane, goals, segments, sites};
use crate::password;
use crate::token::random;

/// A shared link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number, never reused.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The part of its address that nobody guesses: 128 random bits as hexadecimal digits.
    pub slug: String,
    /// Whether it asks for a password.
    pub has_password: bool,
    /// The segment it is limited to.
    pub segment: Option<i64>,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
}

/// A link as its readers come by it.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenLink {
    /// The link.
    pub link: Link,
    /// The site it is of.
    pub site: SiteId,
    /// That site's domain.
    pub domain: String,
    /// The hash of its password.
    pub password_hash: Option<String>,
    /// Filters that every question through it has, with the goals they may speak of.
    pub filters: Vec<Value>,
    /// The goals of the site.
    pub goals: Vec<Goal>,
}

impl fmt::Debug for OpenLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenLink")
            .field("link", &self.link.id)
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}

const COLUMNS: &str = "id, name, slug, password_hash IS NOT NULL, segment, created_at";

impl ControlPlane {
    /// The links of a site, in order of their names.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], or SQLite's.
    pub fn links(&self, domain: &str) -> Result<Vec<Link>, ControlError> {
        self.read(|connection| {
            let site = sites::by_domain(connection, domain)?;
            let mut statement = connection
                .prepare(&format!("SELECT {COLUMNS} FROM links WHERE site = ?1 ORDER BY name, id"))?;
            let links = statement.query_map([site.id.0], link)?;
            Ok(links.collect::<Result<_, _>>()?)
        })
    }

    /// Makes a link, limited to a segment that everybody sees where one is named. Hashes the password: blocks for about
    /// 20 ms where there is one.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::Entry`], [`ControlError::Password`], or SQLite's.
    pub fn add_link(
        &self,
        by: Author,
        domain: &str,
        name: &str,
        password: Option<&Secret>,
        segment: Option<i64>,
    ) -> Result<Link, ControlError> {
        let name = entries::name(name)?;
        let hash = password.map(password::hash).transpose()?;
        let slug = format!("{:032x}", u128::from_be_bytes(random::<16>()?));
        let now = self.now();
        self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            entries::room_for(transaction, Kind::Link, site.id.0)?;
            if let Some(id) = segment {
                // The command line owns nothing, so it sees what everybody sees.
                segments::visible(transaction, Author::Console, site.id, id)?;
            }
            let link = transaction
                .query_row(
                    &format!(
                        "INSERT INTO links (site, name, slug, password_hash, segment, created_at)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING {COLUMNS}"
                    ),
                    params![site.id.0, name, slug, hash, segment, now],
                    link,
                )
                .map_err(|error| goals::named(error, Kind::Link))?;
            record(transaction, now, by, Action::LinkMade, &format!("{} link {}", site.domain, link.id))?;
            Ok(link)
        })
    }

    /// Revokes a link: whoever reads through it is turned away from the next question on.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::Entry`], or SQLite's.
    pub fn revoke_link(&self, by: Author, domain: &str, id: i64) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            entries::delete(transaction, Kind::Link, site.id.0, id)?;
            record(transaction, now, by, Action::LinkRevoked, &format!("{} link {id}", site.domain))?;
            Ok(())
        })
    }

    /// The link of this slug, with what its questions are limited to.
    ///
    /// # Errors
    /// [`ControlError::Entry`] when there is none, or SQLite's.
    pub fn open_link(&self, slug: &str) -> Result<OpenLink, ControlError> {
        self.read(|connection| {
            let found = connection
                .query_row(
                    "SELECT l.id, l.name, l.slug, l.password_hash IS NOT NULL, l.segment, l.created_at,
                            l.site, s.domain, l.password_hash, g.filters
                     FROM links l JOIN sites s ON s.id = l.site LEFT JOIN segments g ON g.id = l.segment
                     WHERE l.slug = ?1",
                    [slug],
                    |row| {
                        let filters: Option<String> = row.get(9)?;
                        Ok(OpenLink {
                            link: link(row)?,
                            site: SiteId(row.get(6)?),
                            domain: row.get(7)?,
                            password_hash: row.get(8)?,
                            filters: filters
                                .map(|text| serde_json::from_str(&text))
                                .transpose()
                                .map_err(|_| rusqlite::types::FromSqlError::InvalidType)?
                                .unwrap_or_default(),
                            goals: Vec::new(),
                        })
                    },
                )
                .optional()?;
            let mut open = found.ok_or(EntryError::Unknown(Kind::Link))?;
            open.goals = goals::of_site(connection, open.site.0)?.into_iter().map(|goal| goal.goal).collect();
            Ok(open)
        })
    }
}

fn link(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link {
        id: row.get(0)?,
        name: row.get(1)?,
        slug: row.get(2)?,
        has_password: row.get(3)?,
        segment: row.get(4)?,
        created_at: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::segments::NewSegment;
    use crate::control::tests::plane;
    use serde_json::json;

    const BY: Author = Author::Console;

    #[test]
    fn a_link_opens_until_it_is_revoked_and_holds_its_segment() {
        let (plane, ..) = plane();
        plane.add_site(BY, "a.kz", "UTC").unwrap();
        plane.add_site(BY, "b.kz", "UTC").unwrap();
        let filters = json!([["is", "visit:country", ["KZ"]]]);
        let new = NewSegment { name: "KZ".into(), shared: true, filters: filters.clone() };
        let segment = plane.put_segment(BY, "a.kz", None, &new).unwrap();
        let link = plane.add_link(BY, "a.kz", "Board", None, Some(segment.id)).unwrap();
        assert_eq!((link.slug.len(), link.has_password), (32, false));
        let open = plane.open_link(&link.slug).unwrap();
        assert_eq!((open.domain.as_str(), json!(open.filters)), ("a.kz", filters));

        // Its segment can't be taken from it, nor made one that its readers must not see.
        let in_use = |result: Result<(), ControlError>| {
            matches!(result, Err(ControlError::Entry(EntryError::SegmentInUse)))
        };
        assert!(in_use(plane.delete_segment(BY, "a.kz", segment.id)));
        let personal = NewSegment { shared: false, ..new };
        assert!(in_use(plane.put_segment(BY, "a.kz", Some(segment.id), &personal).map(|_| ())));
        let other = plane.add_link(BY, "b.kz", "Board", None, Some(segment.id));
        assert!(matches!(other, Err(ControlError::Entry(EntryError::Unknown(Kind::Segment)))));

        assert!(plane.revoke_link(BY, "b.kz", link.id).is_err());
        plane.revoke_link(BY, "a.kz", link.id).unwrap();
        let gone = plane.open_link(&link.slug);
        assert!(matches!(gone, Err(ControlError::Entry(EntryError::Unknown(Kind::Link)))));
        plane.delete_segment(BY, "a.kz", segment.id).unwrap();
    }

    #[test]
    fn of_a_password_only_its_hash_is_kept() {
        let (plane, ..) = plane();
        plane.add_site(BY, "a.kz", "UTC").unwrap();
        let password = Secret::new("kerek-qupiya-soz");
        let link = plane.add_link(BY, "a.kz", "Board", Some(&password), None).unwrap();
        let open = plane.open_link(&link.slug).unwrap();
        assert!(link.has_password && password::verify(&password, open.password_hash.as_deref()));
        assert!(!password::verify(&Secret::new("basqa-qupiya-soz"), open.password_hash.as_deref()));
        assert!(!open.password_hash.unwrap().contains("kerek"));
        let short = plane.add_link(BY, "a.kz", "Short", Some(&Secret::new("short")), None);
        assert!(matches!(short, Err(ControlError::Password(_))));
    }
}
