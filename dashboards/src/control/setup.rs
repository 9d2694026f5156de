//! The one-time link that makes the first owner. It exists while there is no staff, for 24 hours, and only the newest one
//! is worth anything.

use rusqlite::{Connection, OptionalExtension, params};
use serve::access::Secret;

use super::audit::{Action, Author, record};
use super::users::{Role, insert, normalise_email};
use super::{ControlError, ControlPlane, NewSession, sessions};
use crate::password;
use crate::token::Token;

/// A link is worth something for this long.
pub const LINK_SECONDS: i64 = 24 * 3600;

impl ControlPlane {
    /// Whether the first owner is still to be made.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn needs_setup(&self) -> Result<bool, ControlError> {
        self.read(|connection| Ok(!has_users(connection)?))
    }

    /// The token of a new link; older ones are worth nothing from now on. Goes behind `/setup#`: a fragment is never sent
    /// to a server, so it is in nobody's log.
    ///
    /// # Errors
    /// [`ControlError::AlreadySetUp`], or SQLite's.
    pub fn create_setup_link(&self) -> Result<Token, ControlError> {
        let token = Token::generate()?;
        let now = self.now();
        self.write(|transaction| {
            if has_users(transaction)? {
                return Err(ControlError::AlreadySetUp);
            }
            transaction.execute("DELETE FROM setup_links WHERE used_at IS NULL", [])?;
            transaction.execute(
                "INSERT INTO setup_links (token_hash, purpose, created_at, expires_at) VALUES (?1, 'first_owner', ?2, ?3)",
                params![token.hash(), now, now + LINK_SECONDS],
            )?;
            record(transaction, now, Author::Console, Action::SetupLinkMade, "first_owner")?;
            Ok(())
        })?;
        Ok(token)
    }

    /// Makes the first owner and signs them in. A link stays good when the address or the password was not acceptable.
    /// Blocks for about 20 ms when the link is good, and no longer than a look when it isn't.
    ///
    /// # Errors
    /// [`ControlError::SetupLinkUsed`], [`ControlError::BadEmail`], [`ControlError::Password`], or SQLite's.
    pub fn redeem_setup_link(
        &self,
        token: &Token,
        email: &str,
        password: &Secret,
    ) -> Result<NewSession, ControlError> {
        let now = self.now();
        self.read(|connection| live_link(connection, token, now))?;
        let email = normalise_email(email)?;
        let hash = password::hash(password)?;
        self.write(|transaction| {
            let link = live_link(transaction, token, now)?;
            transaction.execute("UPDATE setup_links SET used_at = ?2 WHERE id = ?1", params![link, now])?;
            let user = insert(transaction, now, Author::Console, &email, Some(&hash), Some(Role::Owner))?;
            let author = Author::User(user.id);
            record(transaction, now, author, Action::SetupLinkRedeemed, &user.id.to_string())?;
            sessions::begin(transaction, now, user, None, sessions::Client::default())
        })
    }
}

fn live_link(connection: &Connection, token: &Token, now: i64) -> Result<i64, ControlError> {
    if has_users(connection)? {
        return Err(ControlError::SetupLinkUsed);
    }
    connection
        .query_row(
            "SELECT id FROM setup_links WHERE token_hash = ?1 AND used_at IS NULL AND expires_at > ?2",
            params![token.hash(), now],
            |row| row.get(0),
        )
        .optional()?
        .ok_or(ControlError::SetupLinkUsed)
}

fn has_users(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::plane;
    use crate::password::PasswordError;
    use jiff::SignedDuration;

    fn redeem(plane: &ControlPlane, token: &Token) -> Result<NewSession, ControlError> {
        plane.redeem_setup_link(token, "a@b.kz", &Secret::new("dala-samaly-2026"))
    }

    #[test]
    fn a_link_makes_one_owner_once() {
        let (plane, ..) = plane();
        assert!(plane.needs_setup().unwrap());
        let token = plane.create_setup_link().unwrap();
        let made = redeem(&plane, &token).unwrap();
        assert_eq!(made.session.user.role, Some(Role::Owner));
        assert!(plane.session(&made.token).unwrap().is_some());
        assert!(matches!(redeem(&plane, &token), Err(ControlError::SetupLinkUsed)));
        assert!(matches!(plane.create_setup_link(), Err(ControlError::AlreadySetUp)));
        assert!(!plane.needs_setup().unwrap());
    }

    #[test]
    fn only_the_newest_link_is_good_and_for_a_day() {
        let (plane, _directory, hand) = plane();
        let old = plane.create_setup_link().unwrap();
        let new = plane.create_setup_link().unwrap();
        assert!(matches!(redeem(&plane, &old), Err(ControlError::SetupLinkUsed)));
        assert!(matches!(redeem(&plane, &Token::generate().unwrap()), Err(ControlError::SetupLinkUsed)));
        hand.advance(SignedDuration::from_hours(24));
        assert!(matches!(redeem(&plane, &new), Err(ControlError::SetupLinkUsed)));
        hand.advance(SignedDuration::from_secs(-1));
        assert!(redeem(&plane, &new).is_ok());
    }

    #[test]
    fn a_link_outlives_an_unacceptable_password() {
        let (plane, ..) = plane();
        let token = plane.create_setup_link().unwrap();
        let weak = plane.redeem_setup_link(&token, "a@b.kz", &Secret::new("short"));
        assert!(matches!(weak, Err(ControlError::Password(PasswordError::TooShort))));
        let bad = plane.redeem_setup_link(&token, "a", &Secret::new("dala-samaly-2026"));
        assert!(matches!(bad, Err(ControlError::BadEmail)));
        assert!(redeem(&plane, &token).is_ok());
    }

    #[test]
    fn a_link_is_worth_nothing_once_there_is_staff() {
        let (plane, ..) = plane();
        let token = plane.create_setup_link().unwrap();
        plane.add_user(Author::Console, "c@d.kz", &Secret::new("dala-samaly-2026"), Role::Viewer).unwrap();
        assert!(matches!(redeem(&plane, &token), Err(ControlError::SetupLinkUsed)));
    }

    #[test]
    fn a_used_link_stays_used_even_if_all_staff_is_gone() {
        let (plane, ..) = plane();
        let token = plane.create_setup_link().unwrap();
        redeem(&plane, &token).unwrap();
        plane.store().connection.execute("DELETE FROM users", []).unwrap();
        assert!(matches!(redeem(&plane, &token), Err(ControlError::SetupLinkUsed)));
        assert!(redeem(&plane, &plane.create_setup_link().unwrap()).is_ok());
    }
}
