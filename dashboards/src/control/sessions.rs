//! Sessions: an opaque token in a cookie, its hash in the table. They end after 14 days without use, and after 90 days
//! whatever happens.

use std::collections::BTreeMap;

use events::SiteId;
use rusqlite::{Connection, OptionalExtension, params};
use serve::access::Secret;

use super::audit::{Action, Author, record};
use super::users::{Role, User, normalise_email, user};
use super::{ControlError, ControlPlane, members};
use crate::password;
use crate::token::Token;

/// A session that nobody has used for this long is over.
pub const IDLE_SECONDS: i64 = 14 * 24 * 3600;
/// A session is over this long after signing in.
pub const ABSOLUTE_SECONDS: i64 = 90 * 24 * 3600;
/// Use is noted this often at most: a dashboard asks every second, and a note is a synced write.
const TOUCH_SECONDS: i64 = 600;

/// A session that is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Number.
    pub id: i64,
    /// Whose it is.
    pub user: User,
    /// The sites they are a member of, and what they may do there.
    pub member_of: BTreeMap<SiteId, Role>,
    /// When they signed in, in Unix seconds.
    pub created_at: i64,
    /// When it is over at the latest, in Unix seconds.
    pub ends_at: i64,
}

impl Session {
    /// What this person may do at a site, if anything: the higher of their roles there and on the instance.
    #[must_use]
    pub fn role_at(&self, site: SiteId) -> Option<Role> {
        self.user.role.max(self.member_of.get(&site).copied())
    }
}

/// A session just made, with the one copy of its token.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// For the cookie.
    pub token: Token,
    /// What it stands for.
    pub session: Session,
}

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// No such user or not their password; which of the two is not said.
    #[error("wrong e-mail address or password")]
    WrongCredentials,
    /// The control plane failed.
    #[error(transparent)]
    Control(#[from] ControlError),
}

impl ControlPlane {
    /// Checks the password and begins a session; the one that `instead_of` stands for ends. Blocks for about 20 ms,
    /// without holding the database, whether the address is known or not.
    ///
    /// # Errors
    /// [`SignInError::WrongCredentials`], or the database's.
    pub fn sign_in(
        &self,
        email: &str,
        password: &Secret,
        instead_of: Option<&Token>,
    ) -> Result<NewSession, SignInError> {
        let known = normalise_email(email)
            .ok()
            .map(|email| self.read(|connection| credentials(connection, &email)))
            .transpose()?
            .flatten();
        let fits = password::verify(password, known.as_ref().and_then(|(_, hash)| hash.as_deref()));
        let Some((user, hash)) = known.filter(|_| fits) else {
            return Err(SignInError::WrongCredentials);
        };
        let now = self.now();
        Ok(self.write(|transaction| {
            // The password may have been changed while it was being checked.
            let still = credentials(transaction, &user.email)?;
            let Some((user, _)) = still.filter(|(_, now)| *now == hash) else {
                return Ok(None);
            };
            record(transaction, now, Author::User(user.id), Action::SignedIn, &user.id.to_string())?;
            begin(transaction, now, user, instead_of).map(Some)
        })?)
        .and_then(|session| session.ok_or(SignInError::WrongCredentials))
    }

    /// The session of this token, if it is on. Notes that it is used.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn session(&self, token: &Token) -> Result<Option<Session>, ControlError> {
        let now = self.now();
        self.read(|connection| {
            let found = connection
                .query_row(
                    "SELECT u.id, u.email, u.role, u.language, u.created_at,
                            s.id, s.created_at, s.ends_at, s.last_seen_at
                     FROM sessions s JOIN users u ON u.id = s.user
                     WHERE s.token_hash = ?1 AND s.ends_at > ?2 AND s.last_seen_at > ?3",
                    params![token.hash(), now, now - IDLE_SECONDS],
                    |row| {
                        let session = Session {
                            user: user(row)?,
                            member_of: BTreeMap::new(),
                            id: row.get(5)?,
                            created_at: row.get(6)?,
                            ends_at: row.get(7)?,
                        };
                        Ok((session, row.get::<_, i64>(8)?))
                    },
                )
                .optional()?;
            let Some((mut session, last_seen_at)) = found else { return Ok(None) };
            session.member_of = members::roles_of(connection, session.user.id)?;
            if now - last_seen_at >= TOUCH_SECONDS {
                connection.execute(
                    "UPDATE sessions SET last_seen_at = ?2 WHERE id = ?1",
                    params![session.id, now],
                )?;
            }
            Ok(Some(session))
        })
    }

    /// Gives a session another token; the old one is worth nothing from now on. Its end stays.
    ///
    /// # Errors
    /// When SQLite or the random generator fails.
    pub fn rotate_session(&self, old: &Token) -> Result<Option<NewSession>, ControlError> {
        let Some(session) = self.session(old)? else { return Ok(None) };
        let token = Token::generate()?;
        let changed = self.write(|transaction| {
            Ok(transaction.execute(
                "UPDATE sessions SET token_hash = ?2 WHERE token_hash = ?1",
                params![old.hash(), token.hash()],
            )?)
        })?;
        Ok((changed == 1).then_some(NewSession { token, session }))
    }

    /// Ends a session. One that is over already is no error.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn revoke_session(&self, token: &Token) -> Result<(), ControlError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM sessions WHERE token_hash = ?1", [token.hash()])?;
            Ok(())
        })
    }
}

/// Begins a session, and clears away those that are over.
pub(super) fn begin(
    connection: &Connection,
    now: i64,
    user: User,
    instead_of: Option<&Token>,
) -> Result<NewSession, ControlError> {
    connection.execute(
        "DELETE FROM sessions WHERE ends_at <= ?1 OR last_seen_at <= ?2 OR token_hash = ?3",
        params![now, now - IDLE_SECONDS, instead_of.map(Token::hash)],
    )?;
    let token = Token::generate()?;
    let ends_at = now + ABSOLUTE_SECONDS;
    connection.execute(
        "INSERT INTO sessions (token_hash, user, created_at, last_seen_at, ends_at) VALUES (?1, ?2, ?3, ?3, ?4)",
        params![token.hash(), user.id.0, now, ends_at],
    )?;
    let id = connection.last_insert_rowid();
    let member_of = members::roles_of(connection, user.id)?;
    let session = Session { id, user, member_of, created_at: now, ends_at };
    Ok(NewSession { token, session })
}

/// Somebody and the hash of their password, if they have one.
fn credentials(connection: &Connection, email: &str) -> Result<Option<(User, Option<String>)>, ControlError> {
    Ok(connection
        .query_row(
            "SELECT id, email, role, language, created_at, password_hash FROM users WHERE email = ?1",
            [email],
            |row| Ok((user(row)?, row.get(5)?)),
        )
        .optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::plane;
    use jiff::SignedDuration;

    const EMAIL: &str = "a@b.kz";

    fn password() -> Secret {
        Secret::new("dala-samaly-2026")
    }

    fn days(n: i64) -> SignedDuration {
        SignedDuration::from_hours(24 * n)
    }

    #[test]
    fn an_unknown_address_and_a_wrong_password_are_told_alike() {
        let (plane, ..) = plane();
        plane.add_user(Author::Console, EMAIL, &password(), Role::Viewer).unwrap();
        for (email, password) in
            [(EMAIL, Secret::new("dala-samaly-2027")), ("c@b.kz", password()), ("not an address", password())]
        {
            let refused = plane.sign_in(email, &password, None);
            assert!(matches!(refused, Err(SignInError::WrongCredentials)), "{email}");
        }
        assert_eq!(plane.sign_in("A@B.kz", &password(), None).unwrap().session.user.email, EMAIL);
    }

    #[test]
    fn a_session_is_over_after_14_idle_days_and_after_90_days_of_use() {
        let (plane, _directory, hand) = plane();
        plane.add_user(Author::Console, EMAIL, &password(), Role::Viewer).unwrap();
        let idle = plane.sign_in(EMAIL, &password(), None).unwrap().token;
        let used = plane.sign_in(EMAIL, &password(), None).unwrap().token;
        for day in 1..90 {
            hand.advance(days(1));
            assert!(plane.session(&used).unwrap().is_some(), "day {day}");
            if day == 13 {
                // A look would count as use; the row says it is still there.
                let rows: i64 = plane
                    .store()
                    .connection
                    .query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))
                    .unwrap();
                assert_eq!(rows, 2);
            }
            if day == 14 {
                assert!(plane.session(&idle).unwrap().is_none());
            }
        }
        hand.advance(days(1));
        assert!(plane.session(&used).unwrap().is_none());
    }

    #[test]
    fn use_postpones_the_idle_end() {
        let (plane, _directory, hand) = plane();
        plane.add_user(Author::Console, EMAIL, &password(), Role::Viewer).unwrap();
        let token = plane.sign_in(EMAIL, &password(), None).unwrap().token;
        for _ in 0..3 {
            hand.advance(days(13));
            assert!(plane.session(&token).unwrap().is_some());
        }
    }

    #[test]
    fn a_rotated_or_revoked_token_is_worth_nothing() {
        let (plane, ..) = plane();
        plane.add_user(Author::Console, EMAIL, &password(), Role::Viewer).unwrap();
        let first = plane.sign_in(EMAIL, &password(), None).unwrap();
        let second = plane.rotate_session(&first.token).unwrap().unwrap();
        assert!(plane.session(&first.token).unwrap().is_none());
        assert!(plane.rotate_session(&first.token).unwrap().is_none());
        assert_eq!(plane.session(&second.token).unwrap().unwrap().ends_at, first.session.ends_at);
        plane.revoke_session(&second.token).unwrap();
        assert!(plane.session(&second.token).unwrap().is_none());
    }

    #[test]
    fn signing_in_again_replaces_the_session_it_came_with() {
        let (plane, ..) = plane();
        plane.add_user(Author::Console, EMAIL, &password(), Role::Viewer).unwrap();
        let first = plane.sign_in(EMAIL, &password(), None).unwrap().token;
        let elsewhere = plane.sign_in(EMAIL, &password(), None).unwrap().token;
        let second = plane.sign_in(EMAIL, &password(), Some(&first)).unwrap().token;
        assert!(plane.session(&first).unwrap().is_none());
        assert!(plane.session(&second).unwrap().is_some());
        assert!(plane.session(&elsewhere).unwrap().is_some());
    }
}
