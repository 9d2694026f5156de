//! Members: what somebody may do at one site. Beside it stands their role on the instance, which counts at every site; the
//! higher of the two decides ([`Session::role_at`](super::Session::role_at)).

use std::collections::BTreeMap;

use events::SiteId;
use rusqlite::{Connection, OptionalExtension, params};

use super::audit::{Action, Author, record};
use super::users::{Role, UserId};
use super::{ControlError, ControlPlane, invitations};

/// Somebody who may do something at a site because they are a member of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Their e-mail address.
    pub email: String,
    /// What they may do there.
    pub role: Role,
    /// Since when, in Unix seconds.
    pub created_at: i64,
}

impl ControlPlane {
    /// The members of a site, in order of their e-mail address.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn list_members(&self, site: SiteId) -> Result<Vec<Member>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT u.id, u.email, m.role, m.created_at FROM members m JOIN users u ON u.id = m.user
                 WHERE m.site = ?1 ORDER BY u.email",
            )?;
            let members = statement.query_map([site.0], |row| {
                Ok(Member {
                    user: UserId(row.get(0)?),
                    email: row.get(1)?,
                    role: row.get(2)?,
                    created_at: row.get(3)?,
                })
            })?;
            Ok(members.collect::<Result<_, _>>()?)
        })
    }

    /// Makes somebody a member of a site, or gives a member another role.
    ///
    /// # Errors
    /// [`ControlError::UnknownUser`], [`ControlError::UnknownSite`], [`ControlError::LastOwner`], or SQLite's.
    pub fn set_member(&self, by: Author, site: SiteId, user: UserId, role: Role) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            exists(transaction, "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1)", user.0)?
                .then_some(())
                .ok_or(ControlError::UnknownUser)?;
            exists(transaction, "SELECT EXISTS (SELECT 1 FROM sites WHERE id = ?1)", i64::from(site.0))?
                .then_some(())
                .ok_or(ControlError::UnknownSite)?;
            if role < Role::Owner {
                another_owner_stays(transaction, site, user)?;
            }
            invitations::lapse(transaction, user, Some(site))?;
            join(transaction, now, by, site, user, role)
        })
    }

    /// Takes a member off a site.
    ///
    /// # Errors
    /// [`ControlError::UnknownUser`] when they are none, [`ControlError::LastOwner`], or SQLite's.
    pub fn remove_member(&self, by: Author, site: SiteId, user: UserId) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            another_owner_stays(transaction, site, user)?;
            let removed = transaction
                .execute("DELETE FROM members WHERE site = ?1 AND user = ?2", params![site.0, user.0])?;
            if removed == 0 {
                return Err(ControlError::UnknownUser);
            }
            invitations::lapse(transaction, user, Some(site))?;
            record(transaction, now, by, Action::MemberRemoved, &at(site, user))?;
            Ok(())
        })
    }

    /// What somebody may do at a site as its member.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn member_role(&self, site: SiteId, user: UserId) -> Result<Option<Role>, ControlError> {
        self.read(|connection| Ok(role_of(connection, site, user)?))
    }
}

/// Writes the membership and its line in the log.
pub(super) fn join(
    connection: &Connection,
    now: i64,
    by: Author,
    site: SiteId,
    user: UserId,
    role: Role,
) -> Result<(), ControlError> {
    connection.execute(
        "INSERT INTO members (site, user, role, created_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (site, user) DO UPDATE SET role = excluded.role",
        params![site.0, user.0, role, now],
    )?;
    record(connection, now, by, Action::MemberSet, &at(site, user))?;
    Ok(())
}

/// Every site somebody is a member of.
pub(super) fn roles_of(connection: &Connection, user: UserId) -> rusqlite::Result<BTreeMap<SiteId, Role>> {
    let mut statement = connection.prepare_cached("SELECT site, role FROM members WHERE user = ?1")?;
    let roles = statement.query_map([user.0], |row| Ok((SiteId(row.get(0)?), row.get(1)?)))?;
    roles.collect()
}

pub(super) fn role_of(connection: &Connection, site: SiteId, user: UserId) -> rusqlite::Result<Option<Role>> {
    connection
        .query_row("SELECT role FROM members WHERE site = ?1 AND user = ?2", params![site.0, user.0], |row| {
            row.get(0)
        })
        .optional()
}

/// A site that has owners of its own keeps one: it is handed on, not abandoned.
fn another_owner_stays(connection: &Connection, site: SiteId, user: UserId) -> Result<(), ControlError> {
    if role_of(connection, site, user)? != Some(Role::Owner) {
        return Ok(());
    }
    let others: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM members WHERE site = ?1 AND user <> ?2 AND role = 'owner')",
        params![site.0, user.0],
        |row| row.get(0),
    )?;
    if others { Ok(()) } else { Err(ControlError::LastOwner) }
}

fn exists(connection: &Connection, sql: &str, id: i64) -> rusqlite::Result<bool> {
    connection.query_row(sql, [id], |row| row.get(0))
}

fn at(site: SiteId, user: UserId) -> String {
    format!("{user} at site {}", site.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Session;
    use crate::control::tests::plane;
    use serve::access::Secret;

    #[test]
    fn the_higher_of_two_roles_decides() {
        let (plane, ..) = plane();
        let password = Secret::new("dala-samaly-2026");
        let user = plane.add_user(Author::Console, "a@b.kz", &password, Role::Editor).unwrap();
        let (here, there) = (
            plane.add_site(Author::Console, "a.kz", "UTC").unwrap().id,
            plane.add_site(Author::Console, "b.kz", "UTC").unwrap().id,
        );
        plane.set_member(Author::Console, here, user.id, Role::Owner).unwrap();
        plane.set_member(Author::Console, there, user.id, Role::Viewer).unwrap();
        let token = plane.sign_in("a@b.kz", &password, None).unwrap().token;
        let session = plane.session(&token).unwrap().unwrap();
        assert_eq!(session.role_at(here), Some(Role::Owner));
        assert_eq!(session.role_at(there), Some(Role::Editor));
        assert_eq!(session.role_at(SiteId(99)), Some(Role::Editor));
        let member = Session { user: crate::control::User { role: None, ..user }, ..session };
        assert_eq!(member.role_at(there), Some(Role::Viewer));
        assert_eq!(member.role_at(SiteId(99)), None);
    }

    #[test]
    fn a_site_keeps_its_last_owner_until_there_is_another() {
        let (plane, ..) = plane();
        let site = plane.add_site(Author::Console, "a.kz", "UTC").unwrap().id;
        let add = |email| {
            let password = Secret::new("dala-samaly-2026");
            plane.add_user(Author::Console, email, &password, Role::Viewer).unwrap().id
        };
        let (first, second) = (add("a@b.kz"), add("c@b.kz"));
        let set = |user, role| plane.set_member(Author::Console, site, user, role);
        set(first, Role::Owner).unwrap();
        set(second, Role::Admin).unwrap();
        assert!(matches!(set(first, Role::Admin), Err(ControlError::LastOwner)));
        let removed = plane.remove_member(Author::Console, site, first);
        assert!(matches!(removed, Err(ControlError::LastOwner)));
        set(second, Role::Owner).unwrap();
        set(first, Role::Viewer).unwrap();
        plane.remove_member(Author::Console, site, first).unwrap();
        let again = plane.remove_member(Author::Console, site, first);
        assert!(matches!(again, Err(ControlError::UnknownUser)));
        let members = plane.list_members(site).unwrap();
        assert_eq!(members.iter().map(|m| (m.user, m.role)).collect::<Vec<_>>(), [(second, Role::Owner)]);
        assert!(matches!(set(UserId(99), Role::Viewer), Err(ControlError::UnknownUser)));
        let nowhere = plane.set_member(Author::Console, SiteId(99), second, Role::Viewer);
        assert!(matches!(nowhere, Err(ControlError::UnknownSite)));
    }
}
