//! Staff: who they are and what they may do.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serve::access::Secret;

use super::audit::{Action, Author, record};
use super::{ControlError, ControlPlane, invitations, is_taken};
use crate::password;

/// A user's number. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub i64);

/// Names an enum's variants once: their stored code and how to read it.
macro_rules! stored {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code, as stored and as the API spells it.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// Reads the code.
            #[must_use]
            pub fn of(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.code()) }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                Self::of(value.as_str()?).ok_or(rusqlite::types::FromSqlError::InvalidType)
            }
        }

        impl rusqlite::types::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> { Ok(self.code().into()) }
        }
    };
}
pub(super) use stored;

stored! {
    /// What somebody may do at a site, or at every site and on the instance itself, from least to most.
    Role {
        /// Look.
        Viewer = "viewer",
        /// Settings, goals and the like of a site.
        Editor = "editor",
        /// Members, shared links and keys of a site; on the instance: new sites and staff.
        Admin = "admin",
        /// Everything, including other owners, and the end of a site.
        Owner = "owner",
    }
}

stored! {
    /// A language of the interface.
    Language {
        /// Kazakh.
        Kk = "kk",
        /// Russian.
        Ru = "ru",
        /// English.
        En = "en",
    }
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Number.
    pub id: UserId,
    /// E-mail address, lower case: the name to sign in with.
    pub email: String,
    /// What they may do on the instance and at every site; none: only what they may do as a member of sites.
    pub role: Option<Role>,
    /// The language they chose; none: the browser's choice.
    pub language: Option<Language>,
    /// When they were added, in Unix seconds.
    pub created_at: i64,
}

/// Somebody in the list of all staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffMember {
    /// Who.
    pub user: User,
    /// Whether a second factor is on.
    pub second_factor: bool,
    /// When a session of theirs was used last, in Unix seconds.
    pub last_seen_at: Option<i64>,
    /// Domains they are a member of, and their role there.
    pub sites: Vec<(String, Role)>,
}

impl ControlPlane {
    /// Adds a member of staff with a role on the whole instance. Hashes the password: blocks for about 20 ms.
    ///
    /// # Errors
    /// [`ControlError::BadEmail`], [`ControlError::EmailTaken`], [`ControlError::Password`], or SQLite's.
    pub fn add_user(
        &self,
        by: Author,
        email: &str,
        password: &Secret,
        role: Role,
    ) -> Result<User, ControlError> {
        let email = normalise_email(email)?;
        let hash = password::hash(password)?;
        let now = self.now();
        self.write(|transaction| insert(transaction, now, by, &email, Some(&hash), Some(role)))
    }

    /// All staff, in order of their e-mail address.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn list_users(&self) -> Result<Vec<User>, ControlError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare("SELECT id, email, role, language, created_at FROM users ORDER BY email")?;
            let users = statement.query_map([], user)?;
            Ok(users.collect::<Result<_, _>>()?)
        })
    }

    /// Sets a password and ends every session of that user. Blocks for about 20 ms.
    ///
    /// # Errors
    /// [`ControlError::UnknownUser`], [`ControlError::Password`], or SQLite's.
    pub fn set_password(&self, by: Author, email: &str, password: &Secret) -> Result<(), ControlError> {
        let email = normalise_email(email).map_err(|_| ControlError::UnknownUser)?;
        let hash = password::hash(password)?;
        let now = self.now();
        self.write(|transaction| {
            let id: i64 = transaction
                .query_row(
                    "UPDATE users SET password_hash = ?2 WHERE email = ?1 RETURNING id",
                    params![email, hash],
                    |row| row.get(0),
                )
                .optional()?
                .ok_or(ControlError::UnknownUser)?;
            transaction.execute("DELETE FROM sessions WHERE user = ?1", [id])?;
            record(transaction, now, by, Action::PasswordSet, &UserId(id).to_string())?;
            Ok(())
        })
    }

    /// All staff with what concerns their accounts, in order of their e-mail address.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn list_staff(&self) -> Result<Vec<StaffMember>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT id, email, role, language, created_at,
                        EXISTS (SELECT 1 FROM second_factors f WHERE f.user = u.id AND f.confirmed_at IS NOT NULL),
                        (SELECT max(last_seen_at) FROM sessions s WHERE s.user = u.id)
                 FROM users u ORDER BY email",
            )?;
            let staff = statement.query_map([], |row| {
                Ok(StaffMember {
                    user: user(row)?,
                    second_factor: row.get(5)?,
                    last_seen_at: row.get(6)?,
                    sites: Vec::new(),
                })
            })?;
            let mut staff: Vec<StaffMember> = staff.collect::<Result<_, _>>()?;
            let mut statement = connection.prepare(
                "SELECT s.domain, m.role FROM members m JOIN sites s ON s.id = m.site
                 WHERE m.user = ?1 ORDER BY s.domain",
            )?;
            for member in &mut staff {
                let sites = statement.query_map([member.user.id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
                member.sites = sites.collect::<Result<_, _>>()?;
            }
            Ok(staff)
        })
    }

    /// The user of this number.
    ///
    /// # Errors
    /// [`ControlError::UnknownUser`], or SQLite's.
    pub fn user(&self, id: UserId) -> Result<User, ControlError> {
        self.read(|connection| {
            connection
                .query_row(
                    "SELECT id, email, role, language, created_at FROM users WHERE id = ?1",
                    [id.0],
                    user,
                )
                .optional()?
                .ok_or(ControlError::UnknownUser)
        })
    }

    /// Gives somebody another role on the instance, or none. What they had invited to lapses.
    ///
    /// # Errors
    /// [`ControlError::UnknownUser`], [`ControlError::LastOwner`], or SQLite's.
    pub fn set_role(&self, by: Author, id: UserId, role: Option<Role>) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            if role != Some(Role::Owner) {
                another_owner_stays(transaction, id)?;
            }
            let changed =
                transaction.execute("UPDATE users SET role = ?2 WHERE id = ?1", params![id.0, role])?;
            if changed == 0 {
                return Err(ControlError::UnknownUser);
            }
            invitations::lapse(transaction, id, None)?;
            record(transaction, now, by, Action::RoleSet, &id.to_string())?;
            Ok(())
        })
    }

    /// Removes somebody with their sessions and memberships. What they had invited to lapses; keys they made stay.
    ///
    /// # Errors
    /// [`ControlError::UnknownUser`], [`ControlError::LastOwner`], or SQLite's.
    pub fn remove_user(&self, by: Author, id: UserId) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            another_owner_stays(transaction, id)?;
            invitations::lapse(transaction, id, None)?;
            let removed = transaction.execute("DELETE FROM users WHERE id = ?1", [id.0])?;
            if removed == 0 {
                return Err(ControlError::UnknownUser);
            }
            record(transaction, now, by, Action::UserRemoved, &id.to_string())?;
            Ok(())
        })
    }

    /// Sets the language of the interface for a user.
    ///
    /// # Errors
    /// [`ControlError::UnknownUser`], or SQLite's.
    pub fn set_language(&self, id: UserId, language: Option<Language>) -> Result<(), ControlError> {
        self.write(|transaction| {
            let changed = transaction
                .execute("UPDATE users SET language = ?2 WHERE id = ?1", params![id.0, language])?;
            if changed == 1 { Ok(()) } else { Err(ControlError::UnknownUser) }
        })
    }
}

/// The instance always has an owner: nobody else could make one.
fn another_owner_stays(connection: &Connection, id: UserId) -> Result<(), ControlError> {
    let (is_owner, others): (bool, bool) = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1 AND role = 'owner'),
                EXISTS (SELECT 1 FROM users WHERE id <> ?1 AND role = 'owner')",
        [id.0],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if is_owner && !others { Err(ControlError::LastOwner) } else { Ok(()) }
}

pub(super) fn insert(
    connection: &Connection,
    now: i64,
    by: Author,
    email: &str,
    password_hash: Option<&str>,
    role: Option<Role>,
) -> Result<User, ControlError> {
    let added = connection
        .query_row(
            "INSERT INTO users (email, password_hash, role, created_at) VALUES (?1, ?2, ?3, ?4)
             RETURNING id, email, role, language, created_at",
            params![email, password_hash, role, now],
            user,
        )
        .map_err(|error| if is_taken(&error) { ControlError::EmailTaken } else { error.into() })?;
    record(connection, now, by, Action::UserAdded, &added.id.to_string())?;
    Ok(added)
}

/// Reads a user from the first five columns: id, email, role, language, created_at.
pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId(row.get(0)?),
        email: row.get(1)?,
        role: row.get(2)?,
        language: row.get(3)?,
        created_at: row.get(4)?,
    })
}

/// Lower case, trimmed, and plausible. Whether it can be written to, only a mail could tell.
pub(crate) fn normalise_email(typed: &str) -> Result<String, ControlError> {
    let email = typed.trim().to_lowercase();
    let plausible = email.len() <= 254
        && !email.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';'))
        && email
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if plausible { Ok(email) } else { Err(ControlError::BadEmail) }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::plane;

    const PASSWORD: &str = "dala-samaly-2026";

    #[test]
    fn an_address_is_taken_once_however_it_is_spelt() {
        let (plane, ..) = plane();
        let add = |email| plane.add_user(Author::Console, email, &Secret::new(PASSWORD), Role::Viewer);
        assert_eq!(add(" Aigul@Example.KZ ").unwrap().email, "aigul@example.kz");
        assert!(matches!(add("aigul@example.kz"), Err(ControlError::EmailTaken)));
        for bad in ["", "aigul", "@example.kz", "aigul@", "a@b@c", "a b@c.kz", "a@b.kz\r\nBcc: c@d.kz"] {
            assert!(matches!(add(bad), Err(ControlError::BadEmail)), "{bad:?}");
        }
        assert_eq!(plane.list_users().unwrap().len(), 1);
    }

    #[test]
    fn a_new_password_ends_every_session() {
        let (plane, ..) = plane();
        plane.add_user(Author::Console, "a@b.kz", &Secret::new(PASSWORD), Role::Admin).unwrap();
        let session = plane.sign_in("a@b.kz", &Secret::new(PASSWORD), None).unwrap();
        assert!(plane.session(&session.token).unwrap().is_some());
        plane.set_password(Author::Console, "A@b.kz", &Secret::new("zhana-qupiya-soz")).unwrap();
        assert!(plane.session(&session.token).unwrap().is_none());
        assert!(plane.sign_in("a@b.kz", &Secret::new(PASSWORD), None).is_err());
        assert!(plane.sign_in("a@b.kz", &Secret::new("zhana-qupiya-soz"), None).is_ok());
        let unknown = plane.set_password(Author::Console, "c@b.kz", &Secret::new(PASSWORD));
        assert!(matches!(unknown, Err(ControlError::UnknownUser)));
    }

    #[test]
    fn roles_are_ordered_and_spelt_as_stored() {
        assert!(Role::Viewer < Role::Editor && Role::Editor < Role::Admin && Role::Admin < Role::Owner);
        for role in Role::ALL {
            assert_eq!(Role::of(role.code()), Some(*role));
        }
        assert_eq!(Role::of("root"), None);
    }
}
