//! Invitations: a link that is good once, for a week, for one e-mail address and one role, at one site or on the instance.
//!
//! Whoever holds the link can take the invitation up, so it is sent to nobody but whom it is for. An address that has an
//! account already must sign in to it first: a link opens no account but the one it makes. When the one who invited loses
//! their role, what they had invited to lapses with it.

use events::SiteId;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serve::access::Secret;

use super::audit::{Action, Author, record};
use super::sessions::{Client, begin};
use super::users::{Role, UserId, insert, normalise_email, user};
use super::{ControlError, ControlPlane, NewSession, members};
use crate::password;
use crate::token::Token;

/// An invitation is good for this long.
pub const INVITATION_SECONDS: i64 = 7 * 24 * 3600;
/// Open ones of one site, or of the instance.
const MOST_OPEN: u32 = 100;

/// An invitation that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Number.
    pub id: i64,
    /// Whom it is for.
    pub email: String,
    /// The site; none: the whole instance.
    pub site: Option<SiteId>,
    /// That site's domain.
    pub domain: Option<String>,
    /// What they will be allowed to do.
    pub role: Role,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// When it ends, in Unix seconds.
    pub expires_at: i64,
}

/// What somebody with a link is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// Whether its address has an account: then one signs in to take it up, else one chooses a password.
    pub has_account: bool,
}

/// Who takes an invitation up.
#[derive(Clone, Debug)]
pub enum Taker {
    /// Somebody new, with the password they chose.
    New(Secret, Client),
    /// Somebody who is signed in.
    Known(UserId),
}

const COLUMNS: &str = "i.id, i.email, i.site, s.domain, i.role, i.created_at, i.expires_at";

impl ControlPlane {
    /// Invites somebody, to a site or to the whole instance. An open invitation of the same address to the same place is
    /// replaced. The token goes behind `/invitation#`: a fragment is never sent to a server, so it is in nobody's log.
    ///
    /// # Errors
    /// [`ControlError::BadEmail`], [`ControlError::TooManyInvitations`], or SQLite's.
    pub fn invite(
        &self,
        by: Author,
        email: &str,
        site: Option<SiteId>,
        role: Role,
    ) -> Result<(Token, Invitation), ControlError> {
        let email = normalise_email(email)?;
        let token = Token::generate()?;
        let now = self.now();
        let made = self.write(|transaction| {
            let site_id = site.map(|site| site.0);
            transaction.execute(
                "DELETE FROM invitations WHERE email = ?1 AND site IS ?2 AND used_at IS NULL",
                params![email, site_id],
            )?;
            transaction
                .execute("DELETE FROM invitations WHERE expires_at <= ?1 AND used_at IS NULL", [now])?;
            let open: u32 = transaction.query_row(
                "SELECT count(*) FROM invitations WHERE site IS ?1 AND used_at IS NULL",
                [site_id],
                |row| row.get(0),
            )?;
            if open >= MOST_OPEN {
                return Err(ControlError::TooManyInvitations);
            }
            let invited_by = match by {
                Author::Console => None,
                Author::User(user) => Some(user.0),
            };
            transaction.execute(
                "INSERT INTO invitations (token_hash, email, site, role, invited_by, created_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![token.hash(), email, site_id, role, invited_by, now, now + INVITATION_SECONDS],
            )?;
            let id = transaction.last_insert_rowid();
            record(transaction, now, by, Action::InvitationMade, &named(id))?;
            let made = transaction.query_row(
                &format!(
                    "SELECT {COLUMNS} FROM invitations i LEFT JOIN sites s ON s.id = i.site WHERE i.id = ?1"
                ),
                [id],
                invitation,
            )?;
            Ok(made)
        })?;
        Ok((token, made))
    }

    /// The open invitations to a site, or to the whole instance, newest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn list_invitations(&self, site: Option<SiteId>) -> Result<Vec<Invitation>, ControlError> {
        let now = self.now();
        self.read(|connection| {
            let mut statement = connection.prepare(&format!(
                "SELECT {COLUMNS} FROM invitations i LEFT JOIN sites s ON s.id = i.site
                 WHERE i.site IS ?1 AND i.used_at IS NULL AND i.expires_at > ?2 ORDER BY i.id DESC"
            ))?;
            let open = statement.query_map(params![site.map(|site| site.0), now], invitation)?;
            Ok(open.collect::<Result<_, _>>()?)
        })
    }

    /// Withdraws an open invitation to this place.
    ///
    /// # Errors
    /// [`ControlError::UnknownInvitation`], or SQLite's.
    pub fn withdraw_invitation(&self, by: Author, site: Option<SiteId>, id: i64) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            let withdrawn = transaction.execute(
                "DELETE FROM invitations WHERE id = ?1 AND site IS ?2 AND used_at IS NULL",
                params![id, site.map(|site| site.0)],
            )?;
            if withdrawn == 0 {
                return Err(ControlError::UnknownInvitation);
            }
            record(transaction, now, by, Action::InvitationWithdrawn, &named(id))?;
            Ok(())
        })
    }

    /// What this token invites to.
    ///
    /// # Errors
    /// [`ControlError::InvitationUsed`], or SQLite's.
    pub fn invited(&self, token: &Token) -> Result<Invited, ControlError> {
        let now = self.now();
        self.read(|connection| {
            let invitation = open(connection, now, token)?;
            let has_account = account(connection, &invitation.email)?.is_some();
            Ok(Invited { invitation, has_account })
        })
    }

    /// Takes an invitation up. Somebody new gets an account and is signed in; hashes their password, so blocks for about
    /// 20 ms. A role they have already is never lowered.
    ///
    /// # Errors
    /// [`ControlError::InvitationUsed`]; [`ControlError::SignInToAccept`] when the address has an account and its owner is not
    /// who takes it; [`ControlError::Password`]; or SQLite's.
    pub fn take_invitation(&self, token: &Token, taker: Taker) -> Result<Option<NewSession>, ControlError> {
        let now = self.now();
        self.read(|connection| open(connection, now, token))?;
        let fresh = match taker {
            Taker::New(password, client) => Ok((password::hash(&password)?, client)),
            Taker::Known(user) => Err(user),
        };
        self.write(|transaction| {
            let invitation = open(transaction, now, token)?;
            let known = account(transaction, &invitation.email)?;
            let (user, client) = match (known, fresh) {
                (None, Ok((hash, client))) => {
                    let email = &invitation.email;
                    let user = insert(transaction, now, Author::Console, email, Some(&hash), None)?;
                    (user.id, Some(client))
                }
                (Some(known), Err(signed_in)) if known == signed_in => (known, None),
                (Some(_), _) | (None, Err(_)) => return Err(ControlError::SignInToAccept),
            };
            take(transaction, now, &invitation, user)?;
            match client {
                Some(client) => {
                    let user = by_id(transaction, user)?;
                    begin(transaction, now, user, None, client).map(Some)
                }
                None => Ok(None),
            }
        })
    }
}

/// What somebody had invited to lapses: they have another role now, or none.
pub(super) fn lapse(connection: &Connection, by: UserId, site: Option<SiteId>) -> rusqlite::Result<()> {
    connection.execute(
        "DELETE FROM invitations WHERE invited_by = ?1 AND used_at IS NULL AND (?2 IS NULL OR site = ?2)",
        params![by.0, site.map(|site| site.0)],
    )?;
    Ok(())
}

/// The open invitations of an address.
pub(super) fn open_of(
    connection: &Connection,
    now: i64,
    email: &str,
) -> Result<Vec<Invitation>, ControlError> {
    let mut statement = connection.prepare(&format!(
        "SELECT {COLUMNS} FROM invitations i LEFT JOIN sites s ON s.id = i.site
         WHERE i.email = ?1 AND i.used_at IS NULL AND i.expires_at > ?2 ORDER BY i.id"
    ))?;
    let open = statement.query_map(params![email, now], invitation)?;
    Ok(open.collect::<Result<_, _>>()?)
}

/// Takes these up for somebody whose address they are known to be for.
pub(super) fn take_all(
    connection: &Connection,
    now: i64,
    open: &[Invitation],
    user: UserId,
) -> Result<super::User, ControlError> {
    for invitation in open {
        take(connection, now, invitation, user)?;
    }
    Ok(by_id(connection, user)?)
}

fn take(
    connection: &Connection,
    now: i64,
    invitation: &Invitation,
    user: UserId,
) -> Result<(), ControlError> {
    connection.execute("UPDATE invitations SET used_at = ?2 WHERE id = ?1", params![invitation.id, now])?;
    let by = Author::User(user);
    record(connection, now, by, Action::InvitationTaken, &named(invitation.id))?;
    give(connection, now, by, invitation, user)
}

fn give(
    connection: &Connection,
    now: i64,
    by: Author,
    invitation: &Invitation,
    user: UserId,
) -> Result<(), ControlError> {
    match invitation.site {
        Some(site) => {
            let has = members::role_of(connection, site, user)?;
            if has < Some(invitation.role) {
                members::join(connection, now, by, site, user, invitation.role)?;
            }
        }
        None => {
            let has = by_id(connection, user)?.role;
            if has < Some(invitation.role) {
                connection
                    .execute("UPDATE users SET role = ?2 WHERE id = ?1", params![user.0, invitation.role])?;
                record(connection, now, by, Action::RoleSet, &user.to_string())?;
            }
        }
    }
    Ok(())
}

fn open(connection: &Connection, now: i64, token: &Token) -> Result<Invitation, ControlError> {
    connection
        .query_row(
            &format!(
                "SELECT {COLUMNS} FROM invitations i LEFT JOIN sites s ON s.id = i.site
                 WHERE i.token_hash = ?1 AND i.used_at IS NULL AND i.expires_at > ?2"
            ),
            params![token.hash(), now],
            invitation,
        )
        .optional()?
        .ok_or(ControlError::InvitationUsed)
}

fn account(connection: &Connection, email: &str) -> rusqlite::Result<Option<UserId>> {
    connection
        .query_row("SELECT id FROM users WHERE email = ?1", [email], |row| row.get(0).map(UserId))
        .optional()
}

fn by_id(connection: &Connection, id: UserId) -> rusqlite::Result<super::User> {
    connection.query_row(
        "SELECT id, email, role, language, created_at FROM users WHERE id = ?1",
        [id.0],
        user,
    )
}

fn invitation(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    Ok(Invitation {
        id: row.get(0)?,
        email: row.get(1)?,
        site: row.get::<_, Option<u32>>(2)?.map(SiteId),
        domain: row.get(3)?,
        role: row.get(4)?,
        created_at: row.get(5)?,
        expires_at: row.get(6)?,
    })
}

fn named(id: i64) -> String {
    format!("invitation {id}")
}
