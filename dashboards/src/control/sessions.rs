//! Sessions: an opaque token in a cookie, its hash in the table. They end after 14 days without use, and after 90 days
//! whatever happens.

use std::collections::BTreeMap;

use events::SiteId;
use rusqlite::{Connection, OptionalExtension, params};
use serve::access::Secret;

use super::audit::{Action, Author, record};
use super::second_factor::{self, Checked};
use super::users::{Role, User, UserId, normalise_email, stored, user};
use super::{ControlError, ControlPlane, members};
use crate::password;
use crate::token::Token;

/// A session that nobody has used for this long is over.
pub const IDLE_SECONDS: i64 = 14 * 24 * 3600;
/// A session is over this long after signing in.
pub const ABSOLUTE_SECONDS: i64 = 90 * 24 * 3600;
/// Use is noted this often at most: a dashboard asks every second, and a note is a synced write.
const TOUCH_SECONDS: i64 = 600;

stored! {
    /// How somebody has signed in.
    Way {
        /// With a password, and a second factor if they have one.
        Password = "password",
        /// Through the identity provider.
        Oidc = "oidc",
    }
}

/// Which sessions to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one of this number.
    One(i64),
    /// All but the one of this number.
    AllBut(i64),
}

/// A session that is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Number.
    pub id: i64,
    /// Whose it is.
    pub user: User,
    /// The sites they are a member of, and what they may do there.
    pub member_of: BTreeMap<SiteId, Role>,
    /// Everybody needs a second factor, and they have none: they can do nothing but set one up.
    pub must_enrol: bool,
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
    /// The password is right; the second factor is missing.
    #[error("a code is needed")]
    CodeNeeded,
    /// The password is right; the code isn't, or was used.
    #[error("wrong code")]
    WrongCode,
    /// The control plane failed.
    #[error(transparent)]
    Control(#[from] ControlError),
}

/// What somebody brings to be signed in.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// E-mail address, as typed.
    pub email: String,
    /// Password.
    pub password: Secret,
    /// Code of the second factor, or a recovery code.
    pub code: Option<Secret>,
    /// The session that ends when the new one begins.
    pub instead_of: Option<Token>,
    /// With what they come.
    pub client: Client,
}

/// With what somebody has signed in: no more than the families, so that they know their own sessions in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Family of the browser (`firefox`).
    pub browser: Option<&'static str>,
    /// Family of the operating system (`linux`).
    pub system: Option<&'static str>,
}

/// A session in the list of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Number.
    pub id: i64,
    /// How they signed in.
    pub way: Way,
    /// Family of the browser.
    pub browser: Option<String>,
    /// Family of the operating system.
    pub system: Option<String>,
    /// When they signed in, in Unix seconds.
    pub created_at: i64,
    /// When it was used last, in Unix seconds, give or take ten minutes.
    pub last_seen_at: i64,
    /// When it is over at the latest, in Unix seconds.
    pub ends_at: i64,
}

impl ControlPlane {
    /// Signs in with a password alone: [`ControlPlane::sign_in_with`].
    ///
    /// # Errors
    /// As there.
    pub fn sign_in(
        &self,
        email: &str,
        password: &Secret,
        instead_of: Option<&Token>,
    ) -> Result<NewSession, SignInError> {
        self.sign_in_with(Attempt {
            email: email.to_owned(),
            password: password.clone(),
            code: None,
            instead_of: instead_of.cloned(),
            client: Client::default(),
        })
    }

    /// Checks the password, then the second factor if there is one, and begins a session; the one that `instead_of` stands
    /// for ends. Blocks for about 20 ms, without holding the database, whether the address is known or not.
    ///
    /// # Errors
    /// [`SignInError`].
    pub fn sign_in_with(&self, attempt: Attempt) -> Result<NewSession, SignInError> {
        let known = normalise_email(&attempt.email)
            .ok()
            .map(|email| self.read(|connection| credentials(connection, &email)))
            .transpose()?
            .flatten();
        let fits = password::verify(&attempt.password, known.as_ref().and_then(|(_, hash)| hash.as_deref()));
        let Some((user, hash)) = known.filter(|_| fits) else {
            return Err(SignInError::WrongCredentials);
        };
        let now = self.now();
        self.write(|transaction| {
            // The password may have been changed while it was being checked.
            let still = credentials(transaction, &user.email)?;
            let Some((user, _)) = still.filter(|(_, now)| *now == hash) else {
                return Ok(Err(SignInError::WrongCredentials));
            };
            match second_factor::check(transaction, now, user.id, attempt.code.as_ref())? {
                Checked::Passed => {}
                Checked::Missing => return Ok(Err(SignInError::CodeNeeded)),
                Checked::Wrong => return Ok(Err(SignInError::WrongCode)),
            }
            record(transaction, now, Author::User(user.id), Action::SignedIn, &user.id.to_string())?;
            begin(transaction, now, user, attempt.instead_of.as_ref(), attempt.client).map(Ok)
        })?
    }

    /// Whether this is the user's password. Blocks for about 20 ms.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn is_password_of(&self, user: UserId, typed: &Secret) -> Result<bool, ControlError> {
        let hash: Option<String> = self.read(|connection| {
            Ok(connection
                .query_row("SELECT password_hash FROM users WHERE id = ?1", [user.0], |row| row.get(0))
                .optional()?
                .flatten())
        })?;
        Ok(password::verify(typed, hash.as_deref()))
    }

    /// Sets one's own password and ends one's other sessions; this one goes on under another token. Whether it is really
    /// them was checked before. Blocks for about 20 ms.
    ///
    /// # Errors
    /// [`ControlError::Password`], [`ControlError::UnknownUser`] when the session is over, or SQLite's.
    pub fn change_password(&self, token: &Token, new: &Secret) -> Result<NewSession, ControlError> {
        let session = self.session(token)?.ok_or(ControlError::UnknownUser)?;
        let hash = password::hash(new)?;
        let fresh = Token::generate()?;
        let now = self.now();
        let user = session.user.id;
        self.write(|transaction| {
            let kept = transaction.execute(
                "UPDATE sessions SET token_hash = ?2 WHERE token_hash = ?1",
                params![token.hash(), fresh.hash()],
            )?;
            if kept == 0 {
                return Err(ControlError::UnknownUser);
            }
            transaction
                .execute("UPDATE users SET password_hash = ?2 WHERE id = ?1", params![user.0, hash])?;
            transaction.execute(
                "DELETE FROM sessions WHERE user = ?1 AND token_hash <> ?2",
                params![user.0, fresh.hash()],
            )?;
            record(transaction, now, Author::User(user), Action::PasswordSet, &user.to_string())?;
            Ok(())
        })?;
        Ok(NewSession { token: fresh, session })
    }

    /// The sessions of a user that are on, the one used last first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn list_sessions(&self, user: UserId) -> Result<Vec<Listed>, ControlError> {
        let now = self.now();
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT id, way, browser, system, created_at, last_seen_at, ends_at FROM sessions
                 WHERE user = ?1 AND ends_at > ?2 AND last_seen_at > ?3 ORDER BY last_seen_at DESC, id DESC",
            )?;
            let sessions = statement.query_map(params![user.0, now, now - IDLE_SECONDS], |row| {
                Ok(Listed {
                    id: row.get(0)?,
                    way: row.get(1)?,
                    browser: row.get(2)?,
                    system: row.get(3)?,
                    created_at: row.get(4)?,
                    last_seen_at: row.get(5)?,
                    ends_at: row.get(6)?,
                })
            })?;
            Ok(sessions.collect::<Result<_, _>>()?)
        })
    }

    /// Ends one session of a user, or all but one. What is over already is no error.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn end_sessions(&self, user: UserId, which: Which) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            let ended = match which {
                Which::One(id) => transaction
                    .execute("DELETE FROM sessions WHERE user = ?1 AND id = ?2", params![user.0, id])?,
                Which::AllBut(id) => transaction
                    .execute("DELETE FROM sessions WHERE user = ?1 AND id <> ?2", params![user.0, id])?,
            };
            if ended > 0 {
                record(transaction, now, Author::User(user), Action::SessionsEnded, &user.to_string())?;
            }
            Ok(())
        })
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
                            s.id, s.created_at, s.ends_at, s.last_seen_at, s.way
                     FROM sessions s JOIN users u ON u.id = s.user
                     WHERE s.token_hash = ?1 AND s.ends_at > ?2 AND s.last_seen_at > ?3",
                    params![token.hash(), now, now - IDLE_SECONDS],
                    |row| {
                        let session = Session {
                            user: user(row)?,
                            member_of: BTreeMap::new(),
                            must_enrol: false,
                            id: row.get(5)?,
                            created_at: row.get(6)?,
                            ends_at: row.get(7)?,
                        };
                        Ok((session, row.get::<_, i64>(8)?, row.get::<_, Way>(9)?))
                    },
                )
                .optional()?;
            let Some((mut session, last_seen_at, way)) = found else { return Ok(None) };
            session.member_of = members::roles_of(connection, session.user.id)?;
            session.must_enrol = must_enrol(connection, session.user.id, way)?;
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

/// Begins a session with a password, and clears away those that are over.
pub(super) fn begin(
    connection: &Connection,
    now: i64,
    user: User,
    instead_of: Option<&Token>,
    client: Client,
) -> Result<NewSession, ControlError> {
    begin_by(connection, now, user, instead_of, client, Way::Password)
}

/// The same, however they have signed in.
pub(super) fn begin_by(
    connection: &Connection,
    now: i64,
    user: User,
    instead_of: Option<&Token>,
    client: Client,
    way: Way,
) -> Result<NewSession, ControlError> {
    connection.execute(
        "DELETE FROM sessions WHERE ends_at <= ?1 OR last_seen_at <= ?2 OR token_hash = ?3",
        params![now, now - IDLE_SECONDS, instead_of.map(Token::hash)],
    )?;
    let token = Token::generate()?;
    let ends_at = now + ABSOLUTE_SECONDS;
    connection.execute(
        "INSERT INTO sessions (token_hash, user, way, browser, system, created_at, last_seen_at, ends_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)",
        params![token.hash(), user.id.0, way, client.browser, client.system, now, ends_at],
    )?;
    let id = connection.last_insert_rowid();
    let member_of = members::roles_of(connection, user.id)?;
    let must_enrol = must_enrol(connection, user.id, way)?;
    let session = Session { id, user, member_of, must_enrol, created_at: now, ends_at };
    Ok(NewSession { token, session })
}

/// Whoever came through the identity provider was let in because it had asked for a second factor (`identities.rs`).
fn must_enrol(connection: &Connection, user: UserId, way: Way) -> rusqlite::Result<bool> {
    Ok(way == Way::Password
        && second_factor::is_required(connection)?
        && !second_factor::is_on(connection, user)?)
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
