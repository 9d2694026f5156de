//! The control plane: sites, staff, their sessions, API keys, and who changed what, in one SQLite file.
//!
//! Visitor data never goes here. Every method blocks for as long as SQLite takes (writes sync to disk, and are rare), and
//! those that hash a password for about 20 ms more: async callers go through `spawn_blocking`. One connection behind one
//! lock is enough for a staff of hundreds, and makes "this process changed it" and "another one did" easy to tell apart.
//!
//! | module | what it owns |
//! |---|---|
//! | `schema` | opening the file, migrations |
//! | [`sites`] | sites, and the list of them that every service reads |
//! | [`rules`] | what a site takes beacons from and what it keeps of them |
//! | [`settings`] | how its figures are counted, shown and kept; the end of a site |
//! | [`goals`] | goals and funnels |
//! | [`segments`] | filters under a name, notes on the chart |
//! | [`links`] | shared links |
//! | [`entries`] | what goals, funnels, segments, notes and links have in common |
//! | [`users`] | staff and their roles on the instance |
//! | [`members`] | their roles at single sites |
//! | [`invitations`] | links by which colleagues come in |
//! | [`second_factor`] | codes asked for beside the password |
//! | [`sessions`] | signing in and staying so |
//! | `identities` | whom the identity provider vouches for |
//! | [`setup`] | the one-time link that makes the first owner |
//! | [`keys`] | API keys |
//! | [`audit`] | who changed what, when |

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use events::SiteList;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serve::clock::Clock;

use crate::domain::{BadDomain, BadTimezone};
use crate::password::PasswordError;
use crate::token::NoEntropy;

pub mod audit;
pub mod entries;
pub mod goals;
pub(crate) mod identities;
pub mod invitations;
pub mod keys;
pub mod links;
pub mod members;
pub mod rules;
mod schema;
pub mod second_factor;
pub mod segments;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod sites;
pub mod users;

pub use audit::{Author, Entry};
pub use entries::{EntryError, Kind};
pub use keys::{ApiKey, KeyId, KeyOrder, NewKey, Scope};
pub use members::Member;
pub use schema::OpenError;
pub use sessions::{NewSession, Session, SignInError};
pub use sites::SiteRecord;
pub use users::{Language, Role, User, UserId};

/// How often a change by another process (`sanaq site add` beside `sanaq serve`) is looked for.
const POLL: Duration = Duration::from_secs(1);

/// The control plane. Cheap to clone; clones share the file.
#[derive(Clone)]
pub struct ControlPlane(Arc<Inner>);

struct Inner {
    store: Mutex<Store>,
    clock: Clock,
    sites: Arc<SiteList>,
    instance_id: String,
    device_key: [u8; 32],
}

struct Store {
    connection: Connection,
    /// `PRAGMA data_version` at the last look: changes when another connection has committed.
    version: i64,
}

/// Why the control plane did not do what it was asked. Named after what the caller must do differently.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Not a domain a site can have.
    #[error("not a domain")]
    BadDomain,
    /// Not an IANA time zone.
    #[error("not an IANA time zone")]
    BadTimezone,
    /// There is a site of this domain.
    #[error("a site of this domain is registered already")]
    DomainTaken,
    /// There is no such site.
    #[error("no such site")]
    UnknownSite,
    /// An entry of this list of rules can't be meant, or there are too many.
    #[error("{0} can't be meant so")]
    BadRule(&'static str),
    /// Another site has this id of Umami's.
    #[error("another site has this umami_id")]
    UmamiIdTaken,
    /// Not an e-mail address.
    #[error("not an e-mail address")]
    BadEmail,
    /// Somebody has this e-mail address.
    #[error("somebody has this e-mail address already")]
    EmailTaken,
    /// There is no such user.
    #[error("no such user")]
    UnknownUser,
    /// The invitation was taken up or withdrawn, has expired, or never existed.
    #[error("the invitation was used or has expired")]
    InvitationUsed,
    /// The invited address has an account: its owner signs in first.
    #[error("the address has an account; sign in to it first")]
    SignInToAccept,
    /// There is no such open invitation.
    #[error("no such invitation")]
    UnknownInvitation,
    /// Too many invitations are open.
    #[error("too many invitations are open")]
    TooManyInvitations,
    /// A second factor is on: it is turned off before another is begun.
    #[error("a second factor is on already")]
    SecondFactorOn,
    /// Not the code that the app shows now, or one that was used.
    #[error("wrong code")]
    WrongCode,
    /// Nobody would be left who may do everything.
    #[error("the last owner stays owner")]
    LastOwner,
    /// The password can't be used.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The set-up link was used, has expired, was replaced by a newer one, or never existed.
    #[error("the set-up link was used or has expired")]
    SetupLinkUsed,
    /// There is staff already: the first owner can't be made again.
    #[error("there is a user already; the set-up link is for the first one")]
    AlreadySetUp,
    /// A key can't be made so.
    #[error("a key of all sites has scope sites, its end is to come, and its name is short")]
    BadKey,
    /// There is no such API key.
    #[error("no such API key")]
    UnknownKey,
    /// No random numbers to be had.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// A goal, funnel, segment, note, link or setting can't be as it was asked for.
    #[error(transparent)]
    Entry(#[from] entries::EntryError),
    /// SQLite failed: disk, permissions, lock.
    #[error("the control plane's database failed")]
    Storage(#[from] rusqlite::Error),
}

impl From<BadDomain> for ControlError {
    fn from(_: BadDomain) -> Self {
        Self::BadDomain
    }
}

impl From<BadTimezone> for ControlError {
    fn from(_: BadTimezone) -> Self {
        Self::BadTimezone
    }
}

impl ControlPlane {
    /// Opens the file, made with mode 0600 where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// When the file can't be opened, or was written by a newer version.
    pub fn open(path: &Path, clock: Clock) -> Result<Self, OpenError> {
        let mut connection = schema::open(path)?;
        let identity = schema::migrate(&mut connection, clock.now().as_second())?;
        let version = data_version(&connection)?;
        keys::end_those_due(&connection, clock.now().as_second())?;
        let sites = Arc::new(SiteList::default());
        sites::fill(&connection, &sites)?;
        Ok(Self(Arc::new(Inner {
            store: Mutex::new(Store { connection, version }),
            clock,
            sites,
            instance_id: identity.instance_id,
            device_key: identity.device_key,
        })))
    }

    /// The sites known now: follows this process's changes at once and, while [`ControlPlane::run`] runs, those of others.
    #[must_use]
    pub fn site_list(&self) -> Arc<SiteList> {
        Arc::clone(&self.0.sites)
    }

    /// A random name of this installation, made when the file was.
    #[must_use]
    pub fn instance_id(&self) -> &str {
        &self.0.instance_id
    }

    /// Keys the cookie that tells a browser somebody has signed in with before from a guesser's.
    pub(crate) fn device_key(&self) -> &[u8; 32] {
        &self.0.device_key
    }

    /// Follows what other processes change, until `stop` resolves.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut tick = tokio::time::interval(POLL);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                _ = tick.tick() => {}
            }
            let plane = self.clone();
            let looked = tokio::task::spawn_blocking(move || plane.follow()).await;
            if !matches!(looked, Ok(Ok(_))) {
                tracing::warn!(code = "control_plane_unreadable", "the site list could not be refreshed");
            }
        }
    }

    /// Takes over what another process has changed since the last look. True when there was something.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn follow(&self) -> Result<bool, ControlError> {
        let mut store = self.store();
        let version = data_version(&store.connection)?;
        let ended = keys::end_those_due(&store.connection, self.now())?;
        if version == store.version && !ended {
            return Ok(false);
        }
        sites::fill(&store.connection, &self.0.sites)?;
        store.version = version;
        Ok(true)
    }

    fn now(&self) -> i64 {
        self.0.clock.now().as_second()
    }

    fn store(&self) -> std::sync::MutexGuard<'_, Store> {
        // A panic while the lock was held rolled its transaction back: the connection is whole.
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, ControlError>) -> Result<T, ControlError> {
        read(&self.store().connection)
    }

    /// One transaction that takes the write lock at once, so that what it reads can't change before it writes.
    fn write<T>(
        &self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, ControlError>,
    ) -> Result<T, ControlError> {
        let mut store = self.store();
        let transaction = store.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = write(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }
}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPlane").field("instance_id", &self.0.instance_id).finish_non_exhaustive()
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA data_version", [], |row| row.get(0))
}

/// Whether SQLite refused because a value that must be unique is there already.
fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE)
}

#[cfg(test)]
mod tests;
