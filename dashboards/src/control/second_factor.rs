//! The second factor: begun with a secret, confirmed with a code, from then on asked for at every sign-in with a password.
//!
//! A code is good once: using it notes its step in the same transaction. A recovery code is deleted when it is used.

use rusqlite::{Connection, OptionalExtension, params};
use serve::access::Secret;

use super::audit::{Action, Author, record};
use super::users::UserId;
use super::{ControlError, ControlPlane};
use crate::totp::{RECOVERY_CODES, SECRET_BYTES, SharedSecret, Typed, recovery_code};

/// The setting that makes it an obligation for everybody who signs in with a password. It is there or not.
const REQUIRED: &str = "require_second_factor";

/// A secret to put into an authenticator app, shown once.
#[derive(Clone)]
pub struct Begun(SharedSecret);

impl Begun {
    /// As it is typed into an app: base32.
    #[must_use]
    pub fn spelt(&self) -> String {
        self.0.spelt()
    }

    /// As an app reads it from a QR code. `host` tells this installation from others in the app's list.
    #[must_use]
    pub fn address(&self, host: &str, email: &str) -> String {
        self.0.address(host, email)
    }
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Begun(***)")
    }
}

/// Whether a second factor that was asked for is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// None is asked for, or it is right and used up now.
    Passed,
    Missing,
    Wrong,
}

impl ControlPlane {
    /// Begins with a new secret. One that was begun and not confirmed is forgotten.
    ///
    /// # Errors
    /// [`ControlError::SecondFactorOn`] when one is confirmed, or SQLite's.
    pub fn begin_second_factor(&self, user: UserId) -> Result<Begun, ControlError> {
        let secret = SharedSecret::generate()?;
        self.write(|transaction| {
            if is_on(transaction, user)? {
                return Err(ControlError::SecondFactorOn);
            }
            transaction.execute(
                "INSERT OR REPLACE INTO second_factors (user, secret) VALUES (?1, ?2)",
                params![user.0, secret.bytes()],
            )?;
            Ok(())
        })?;
        Ok(Begun(secret))
    }

    /// Confirms that the app shows the right codes; from now on they are asked for. Gives the recovery codes.
    ///
    /// # Errors
    /// [`ControlError::WrongCode`], also when none was begun; [`ControlError::SecondFactorOn`]; or SQLite's.
    pub fn confirm_second_factor(&self, user: UserId, code: &Secret) -> Result<Vec<String>, ControlError> {
        let now = self.now();
        self.write(|transaction| {
            if is_on(transaction, user)? {
                return Err(ControlError::SecondFactorOn);
            }
            let begun = kept(transaction, user)?;
            let step = match (begun, Typed::read(code)) {
                (Some((secret, last)), Typed::Code(code)) => secret.step_of(&code, now, last),
                (None, _) | (_, Typed::Recovery(_)) => None,
            };
            let step = step.ok_or(ControlError::WrongCode)?;
            transaction.execute(
                "UPDATE second_factors SET confirmed_at = ?2, last_step = ?3 WHERE user = ?1",
                params![user.0, now, step],
            )?;
            record(transaction, now, Author::User(user), Action::SecondFactorOn, &user.to_string())?;
            renew_recovery_codes(transaction, user)
        })
    }

    /// Turns it off, and its recovery codes with it. None is no error.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn drop_second_factor(&self, by: Author, user: UserId) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            let dropped = transaction.execute("DELETE FROM second_factors WHERE user = ?1", [user.0])?;
            transaction.execute("DELETE FROM recovery_codes WHERE user = ?1", [user.0])?;
            if dropped > 0 {
                record(transaction, now, by, Action::SecondFactorOff, &user.to_string())?;
            }
            Ok(())
        })
    }

    /// New recovery codes; the old ones are worth nothing from now on.
    ///
    /// # Errors
    /// [`ControlError::WrongCode`] when no second factor is on, or SQLite's.
    pub fn renew_recovery_codes(&self, user: UserId) -> Result<Vec<String>, ControlError> {
        let now = self.now();
        self.write(|transaction| {
            if !is_on(transaction, user)? {
                return Err(ControlError::WrongCode);
            }
            record(transaction, now, Author::User(user), Action::RecoveryCodesMade, &user.to_string())?;
            renew_recovery_codes(transaction, user)
        })
    }

    /// How many recovery codes are left; none: no second factor is on.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn recovery_codes_left(&self, user: UserId) -> Result<Option<u32>, ControlError> {
        self.read(|connection| {
            if !is_on(connection, user)? {
                return Ok(None);
            }
            let left = connection.query_row(
                "SELECT count(*) FROM recovery_codes WHERE user = ?1",
                [user.0],
                |row| row.get(0),
            )?;
            Ok(Some(left))
        })
    }

    /// Whether everybody who signs in with a password needs one.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn requires_second_factor(&self) -> Result<bool, ControlError> {
        self.read(|connection| Ok(is_required(connection)?))
    }

    /// Makes it an obligation, or not. Who has none can do nothing but set one up; who came in through the identity provider
    /// comes in anew, but for the one who decides it.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn require_second_factor(&self, by: Author, required: bool) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            if required {
                transaction.execute(
                    "INSERT INTO settings (name, value) VALUES (?1, x'01') ON CONFLICT DO NOTHING",
                    [REQUIRED],
                )?;
                let but = match by {
                    Author::Console => None,
                    Author::User(user) => Some(user.0),
                };
                transaction.execute("DELETE FROM sessions WHERE way = 'oidc' AND user IS NOT ?1", [but])?;
            } else {
                transaction.execute("DELETE FROM settings WHERE name = ?1", [REQUIRED])?;
            }
            let subject = if required { "second factor required" } else { "second factor not required" };
            record(transaction, now, by, Action::InstanceChanged, subject)?;
            Ok(())
        })
    }
}

/// Whether codes are asked for when this user signs in with a password.
pub(super) fn is_on(connection: &Connection, user: UserId) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM second_factors WHERE user = ?1 AND confirmed_at IS NOT NULL)",
        [user.0],
        |row| row.get(0),
    )
}

pub(super) fn is_required(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .query_row("SELECT EXISTS (SELECT 1 FROM settings WHERE name = ?1)", [REQUIRED], |row| row.get(0))
}

/// Checks what came with a password, and uses it up. In the transaction that begins the session.
pub(super) fn check(
    connection: &Connection,
    now: i64,
    user: UserId,
    typed: Option<&Secret>,
) -> Result<Checked, ControlError> {
    if !is_on(connection, user)? {
        return Ok(Checked::Passed);
    }
    let Some(typed) = typed else { return Ok(Checked::Missing) };
    let passed = match Typed::read(typed) {
        Typed::Code(code) => {
            let step = kept(connection, user)?.and_then(|(secret, last)| secret.step_of(&code, now, last));
            if let Some(step) = step {
                connection.execute(
                    "UPDATE second_factors SET last_step = ?2 WHERE user = ?1",
                    params![user.0, step],
                )?;
            }
            step.is_some()
        }
        Typed::Recovery(hash) => {
            let used = connection.execute(
                "DELETE FROM recovery_codes WHERE code_hash = ?1 AND user = ?2",
                params![hash, user.0],
            )?;
            if used > 0 {
                record(connection, now, Author::User(user), Action::RecoveryCodeUsed, &user.to_string())?;
            }
            used > 0
        }
    };
    Ok(if passed { Checked::Passed } else { Checked::Wrong })
}

/// The secret and the newest step that was used.
fn kept(connection: &Connection, user: UserId) -> rusqlite::Result<Option<(SharedSecret, i64)>> {
    connection
        .query_row("SELECT secret, last_step FROM second_factors WHERE user = ?1", [user.0], |row| {
            Ok((SharedSecret::of(row.get::<_, [u8; SECRET_BYTES]>(0)?), row.get(1)?))
        })
        .optional()
}

fn renew_recovery_codes(connection: &Connection, user: UserId) -> Result<Vec<String>, ControlError> {
    connection.execute("DELETE FROM recovery_codes WHERE user = ?1", [user.0])?;
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let (code, hash) = recovery_code()?;
        connection
            .execute("INSERT INTO recovery_codes (code_hash, user) VALUES (?1, ?2)", params![hash, user.0])?;
        codes.push(code);
    }
    Ok(codes)
}
