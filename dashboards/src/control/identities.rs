//! People whom the identity provider vouches for. Nobody gets in who has neither an account nor an open invitation.
//!
//! Somebody is recognised by the provider's name for them. The first time it is their e-mail address that counts, which the
//! provider has verified; from then on the account belongs to that name, and another person who gets the address later
//! doesn't come in with it.

use rusqlite::{Connection, OptionalExtension, params};

use super::audit::{Action, Author, record};
use super::invitations;
use super::sessions::{Client, NewSession, Way, begin_by};
use super::users::{User, insert, normalise_email, user};
use super::{ControlError, ControlPlane, second_factor};
use crate::oidc::Person;
use crate::token::Token;

/// Why somebody whom the provider vouches for is not signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("no account and no invitation")]
    UnknownPerson,
    #[error("the account belongs to another person at the provider")]
    OtherSubject,
    #[error("a second factor is asked for")]
    SecondFactor,
    #[error(transparent)]
    Control(#[from] ControlError),
}

impl ControlPlane {
    /// Begins a session for whom the provider vouches for; the one that `instead_of` stands for ends. Open invitations of
    /// somebody new are taken up.
    ///
    /// Where a second factor is asked for, by the instance or by the person's own choice, the provider must say that it has
    /// asked for one.
    pub(crate) fn sign_in_as(
        &self,
        person: &Person,
        instead_of: Option<&Token>,
        client: Client,
    ) -> Result<NewSession, IdentityError> {
        let now = self.now();
        // The transaction is left by an error of ours without a trace: a new account that isn't let in isn't made.
        let mut refused = None;
        let done = self.write(|transaction| {
            let signed_in = sign_in(transaction, now, person, instead_of, client);
            signed_in.map_err(|error| match error {
                IdentityError::Control(error) => error,
                IdentityError::UnknownPerson | IdentityError::OtherSubject | IdentityError::SecondFactor => {
                    refused = Some(error);
                    ControlError::UnknownUser
                }
            })
        });
        match refused {
            Some(refused) => Err(refused),
            None => Ok(done?),
        }
    }
}

fn sign_in(
    connection: &Connection,
    now: i64,
    person: &Person,
    instead_of: Option<&Token>,
    client: Client,
) -> Result<NewSession, IdentityError> {
    let user = match known(connection, person)? {
        Some(user) => user,
        None => recognise(connection, now, person)?,
    };
    let asked = second_factor::is_required(connection).map_err(ControlError::from)?
        || second_factor::is_on(connection, user.id).map_err(ControlError::from)?;
    if asked && !person.with_second_factor {
        return Err(IdentityError::SecondFactor);
    }
    let by = Author::User(user.id);
    record(connection, now, by, Action::SignedInByProvider, &user.id.to_string())
        .map_err(ControlError::from)?;
    Ok(begin_by(connection, now, user, instead_of, client, Way::Oidc)?)
}

/// Who goes by this name at the provider.
fn known(connection: &Connection, person: &Person) -> Result<Option<User>, ControlError> {
    Ok(connection
        .query_row(
            "SELECT u.id, u.email, u.role, u.language, u.created_at
             FROM identities i JOIN users u ON u.id = i.user WHERE i.issuer = ?1 AND i.subject = ?2",
            params![person.issuer, person.subject],
            user,
        )
        .optional()?)
}

/// Whose address it is: of an account that has no name at this provider yet, or of somebody who is invited.
fn recognise(connection: &Connection, now: i64, person: &Person) -> Result<User, IdentityError> {
    let email = normalise_email(&person.email).map_err(|_| IdentityError::UnknownPerson)?;
    let found: Option<(User, bool)> = connection
        .query_row(
            "SELECT id, email, role, language, created_at,
                    EXISTS (SELECT 1 FROM identities i WHERE i.user = users.id AND i.issuer = ?2)
             FROM users WHERE email = ?1",
            params![email, person.issuer],
            |row| Ok((user(row)?, row.get(5)?)),
        )
        .optional()
        .map_err(ControlError::from)?;
    let user = match found {
        Some((_, true)) => return Err(IdentityError::OtherSubject),
        Some((user, false)) => user,
        None => {
            let open = invitations::open_of(connection, now, &email)?;
            if open.is_empty() {
                return Err(IdentityError::UnknownPerson);
            }
            let new = insert(connection, now, Author::Console, &email, None, None)?;
            invitations::take_all(connection, now, &open, new.id)?
        }
    };
    connection
        .execute(
            "INSERT INTO identities (issuer, subject, user, created_at) VALUES (?1, ?2, ?3, ?4)",
            params![person.issuer, person.subject, user.id.0, now],
        )
        .map_err(ControlError::from)?;
    let by = Author::User(user.id);
    record(connection, now, by, Action::IdentityLinked, &user.id.to_string()).map_err(ControlError::from)?;
    Ok(user)
}
