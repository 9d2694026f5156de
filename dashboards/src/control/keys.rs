//! API keys: shown once, stored as a hash, bound to one site and one scope.

use std::collections::HashMap;
use std::fmt;

use events::SiteId;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::audit::{Action, Author, record};
use super::users::stored;
use super::{ControlError, ControlPlane, sites};
use crate::token::Token;

/// What every key begins with, so that secret scanners find one that leaked.
const MARK: &str = "sanaq_";
/// How many characters of a key are kept to tell it from others.
const PREFIX_LENGTH: usize = MARK.len() + 8;
/// Use is noted this often at most, as a note is a synced write.
const TOUCH_SECONDS: i64 = 600;
/// Characters of a key's name.
const MOST_NAME: usize = 100;

/// A key's number. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub i64);

stored! {
    /// What a key may be used for.
    Scope {
        /// Ask questions about its site.
        Stats = "stats",
        /// Send beacons for its site in a server's name. Collectors know these keys by their hashes.
        Events = "events",
        /// Manage sites over the sites API: all of them, or the one it is bound to.
        Sites = "sites",
    }
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Number.
    pub id: KeyId,
    /// Its first characters.
    pub prefix: String,
    /// What staff call it; may be empty.
    pub name: String,
    /// The site it is for; none, in scope sites alone: all of them.
    pub site: Option<SiteId>,
    /// That site's domain.
    pub domain: Option<String>,
    /// What it may be used for.
    pub scope: Scope,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// When it ends by itself, in Unix seconds.
    pub expires_at: Option<i64>,
    /// When it was used last, in Unix seconds, give or take ten minutes.
    pub last_used_at: Option<i64>,
    /// When it was revoked, in Unix seconds.
    pub revoked_at: Option<i64>,
}

/// A key just made, with the one copy of its secret.
#[derive(Clone)]
pub struct NewKey {
    token: Token,
    /// What is kept of it.
    pub key: ApiKey,
}

impl NewKey {
    /// The key itself, to be shown once: `sanaq_` and 64 hexadecimal digits.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{MARK}{}", self.token.reveal())
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").field("token", &"***").field("key", &self.key).finish()
    }
}

/// What a key is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOrder {
    /// What staff call it; may be empty.
    pub name: String,
    /// The domain of its site; none, in scope sites alone: all sites.
    pub domain: Option<String>,
    /// What it may be used for.
    pub scope: Scope,
    /// When it ends by itself, in Unix seconds.
    pub expires_at: Option<i64>,
}

const COLUMNS: &str = "k.id, k.prefix, k.name, k.site, s.domain, k.scope, k.created_at, k.expires_at, k.last_used_at, k.revoked_at";

impl ControlPlane {
    /// Makes a key for a site that is good until it is revoked.
    ///
    /// # Errors
    /// As [`ControlPlane::order_api_key`].
    pub fn create_api_key(&self, by: Author, domain: &str, scope: Scope) -> Result<NewKey, ControlError> {
        let domain = Some(domain.to_owned());
        self.order_api_key(by, KeyOrder { name: String::new(), domain, scope, expires_at: None })
    }

    /// Makes a key.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`]; [`ControlError::BadKey`] for a key of all sites in another scope than sites, one that has
    /// ended already, or a name that is too long; or SQLite's.
    pub fn order_api_key(&self, by: Author, order: KeyOrder) -> Result<NewKey, ControlError> {
        let token = Token::generate()?;
        let prefix: String = format!("{MARK}{}", token.reveal()).chars().take(PREFIX_LENGTH).collect();
        let now = self.now();
        let KeyOrder { name, domain, scope, expires_at } = order;
        let name = name.trim().to_owned();
        if (domain.is_none() && scope != Scope::Sites)
            || expires_at.is_some_and(|at| at <= now)
            || name.chars().count() > MOST_NAME
        {
            return Err(ControlError::BadKey);
        }
        let key = self.write(|transaction| {
            let site = domain.map(|domain| sites::by_domain(transaction, &domain)).transpose()?;
            let made_by = match by {
                Author::Console => None,
                Author::User(user) => Some(user.0),
            };
            transaction.execute(
                "INSERT INTO api_keys (key_hash, prefix, name, site, scope, made_by, created_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    token.hash(),
                    prefix,
                    name,
                    site.as_ref().map(|site| site.id.0),
                    scope,
                    made_by,
                    now,
                    expires_at
                ],
            )?;
            let id = KeyId(transaction.last_insert_rowid());
            record(transaction, now, by, Action::KeyMade, &prefix)?;
            let (site, domain) = site.map(|site| (site.id, site.domain)).unzip();
            Ok(ApiKey {
                id,
                prefix,
                name,
                site,
                domain,
                scope,
                created_at: now,
                expires_at,
                last_used_at: None,
                revoked_at: None,
            })
        })?;
        self.refill()?;
        Ok(NewKey { token, key })
    }

    /// The key spelt so, unless it was revoked or has ended. Notes that it is used.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn find_api_key(&self, spelt: &str) -> Result<Option<ApiKey>, ControlError> {
        let Some(token) = spelt.strip_prefix(MARK).and_then(Token::parse) else { return Ok(None) };
        let now = self.now();
        self.read(|connection| {
            let found = connection
                .query_row(
                    &format!(
                        "SELECT {COLUMNS} FROM api_keys k LEFT JOIN sites s ON s.id = k.site
                         WHERE k.key_hash = ?1 AND k.revoked_at IS NULL AND ifnull(k.expires_at > ?2, true)"
                    ),
                    params![token.hash(), now],
                    api_key,
                )
                .optional()?;
            if let Some(key) = &found
                && key.last_used_at.is_none_or(|last| now - last >= TOUCH_SECONDS)
            {
                connection
                    .execute("UPDATE api_keys SET last_used_at = ?2 WHERE id = ?1", params![key.id.0, now])?;
            }
            Ok(found)
        })
    }

    /// All keys, revoked ones too, oldest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn list_api_keys(&self) -> Result<Vec<ApiKey>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare(&format!(
                "SELECT {COLUMNS} FROM api_keys k LEFT JOIN sites s ON s.id = k.site ORDER BY k.id"
            ))?;
            let keys = statement.query_map([], api_key)?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
    }

    /// Revokes a key of a site, or one for all sites.
    ///
    /// # Errors
    /// [`ControlError::UnknownKey`] when there is none that is not revoked, or SQLite's.
    pub fn revoke_key_of(&self, by: Author, site: Option<SiteId>, key: KeyId) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            let prefix: String = transaction
                .query_row(
                    "UPDATE api_keys SET revoked_at = ?3 WHERE id = ?1 AND site IS ?2 AND revoked_at IS NULL
                     RETURNING prefix",
                    params![key.0, site.map(|site| site.0), now],
                    |row| row.get(0),
                )
                .optional()?
                .ok_or(ControlError::UnknownKey)?;
            record(transaction, now, by, Action::KeyRevoked, &prefix)?;
            Ok(())
        })?;
        self.refill()
    }

    /// Revokes the key that `list_api_keys` shows with this prefix.
    ///
    /// # Errors
    /// [`ControlError::UnknownKey`] when none that is not revoked has it, or SQLite's.
    pub fn revoke_api_key(&self, by: Author, prefix: &str) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            let revoked = transaction.execute(
                "UPDATE api_keys SET revoked_at = ?2 WHERE prefix = ?1 AND revoked_at IS NULL",
                params![prefix, now],
            )?;
            if revoked == 0 {
                return Err(ControlError::UnknownKey);
            }
            record(transaction, now, by, Action::KeyRevoked, prefix)?;
            Ok(())
        })?;
        self.refill()
    }
}

/// Revokes the keys of servers whose end has come: collectors know a key or they don't, and have no clock for it. True when
/// there were any. Other keys are looked at when they are used.
pub(super) fn end_those_due(connection: &Connection, now: i64) -> rusqlite::Result<bool> {
    const DUE: &str = "scope = 'events' AND revoked_at IS NULL AND expires_at <= ?1";
    let any: bool = connection.query_row(
        &format!("SELECT EXISTS (SELECT 1 FROM api_keys WHERE {DUE})"),
        [now],
        |row| row.get(0),
    )?;
    if any {
        connection.execute(&format!("UPDATE api_keys SET revoked_at = expires_at WHERE {DUE}"), [now])?;
    }
    Ok(any)
}

/// Hashes of the keys with which servers may send beacons, by site.
pub(super) fn for_collectors(connection: &Connection) -> rusqlite::Result<HashMap<SiteId, Vec<[u8; 32]>>> {
    let mut by_site: HashMap<SiteId, Vec<[u8; 32]>> = HashMap::new();
    let mut statement = connection
        .prepare("SELECT site, key_hash FROM api_keys WHERE scope = 'events' AND revoked_at IS NULL")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        by_site.entry(SiteId(row.get(0)?)).or_default().push(row.get(1)?);
    }
    Ok(by_site)
}

fn api_key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        id: KeyId(row.get(0)?),
        prefix: row.get(1)?,
        name: row.get(2)?,
        site: row.get::<_, Option<u32>>(3)?.map(SiteId),
        domain: row.get(4)?,
        scope: row.get(5)?,
        created_at: row.get(6)?,
        expires_at: row.get(7)?,
        last_used_at: row.get(8)?,
        revoked_at: row.get(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::plane;
    use jiff::SignedDuration;

    #[test]
    fn a_key_is_found_until_it_is_revoked() {
        let (plane, _directory, hand) = plane();
        let site = plane.add_site(Author::Console, "a.kz", "UTC").unwrap();
        let made = plane.create_api_key(Author::Console, "a.kz", Scope::Stats).unwrap();
        let spelt = made.reveal();
        assert!(spelt.starts_with(&made.key.prefix) && spelt.len() == 70);
        let found = plane.find_api_key(&spelt).unwrap().unwrap();
        assert_eq!((found.site, found.scope), (Some(site.id), Scope::Stats));
        hand.advance(SignedDuration::from_hours(1));
        plane.find_api_key(&spelt).unwrap();
        assert_eq!(plane.list_api_keys().unwrap()[0].last_used_at, Some(made.key.created_at + 3600));

        for wrong in ["", "sanaq_", &spelt[6..], &made.key.prefix, &spelt.to_uppercase()] {
            assert!(plane.find_api_key(wrong).unwrap().is_none(), "{wrong}");
        }
        plane.revoke_api_key(Author::Console, &made.key.prefix).unwrap();
        assert!(plane.find_api_key(&spelt).unwrap().is_none());
        let again = plane.revoke_api_key(Author::Console, &made.key.prefix);
        assert!(matches!(again, Err(ControlError::UnknownKey)));
        assert!(plane.list_api_keys().unwrap()[0].revoked_at.is_some());
    }

    #[test]
    fn a_key_ends_by_itself_for_programs_and_for_collectors() {
        let (plane, _directory, hand) = plane();
        plane.add_site(Author::Console, "a.kz", "UTC").unwrap();
        let order = |scope| KeyOrder {
            name: " board ".into(),
            domain: Some("a.kz".into()),
            scope,
            expires_at: Some(plane.now() + 60),
        };
        let stats = plane.order_api_key(Author::Console, order(Scope::Stats)).unwrap();
        let events = plane.order_api_key(Author::Console, order(Scope::Events)).unwrap();
        assert_eq!(stats.key.name, "board");
        let known = || plane.site_list().by_key(&events::KeyHash(events.token.hash())).is_some();
        hand.advance(SignedDuration::from_secs(59));
        assert!(!plane.follow().unwrap());
        assert!(known() && plane.find_api_key(&stats.reveal()).unwrap().is_some());
        hand.advance(SignedDuration::from_secs(1));
        assert!(plane.find_api_key(&stats.reveal()).unwrap().is_none());
        assert!(plane.follow().unwrap() && !known());
        assert!(!plane.follow().unwrap());
    }

    #[test]
    fn only_a_key_to_manage_sites_is_for_all_of_them() {
        let (plane, ..) = plane();
        plane.add_site(Author::Console, "a.kz", "UTC").unwrap();
        let order = |scope, expires_at| {
            let order = KeyOrder { name: String::new(), domain: None, scope, expires_at };
            plane.order_api_key(Author::Console, order)
        };
        for (scope, expires_at) in
            [(Scope::Stats, None), (Scope::Events, None), (Scope::Sites, Some(plane.now()))]
        {
            assert!(matches!(order(scope, expires_at), Err(ControlError::BadKey)), "{scope}");
        }
        let made = order(Scope::Sites, None).unwrap();
        assert_eq!(plane.find_api_key(&made.reveal()).unwrap().unwrap().site, None);
        let elsewhere = plane.revoke_key_of(Author::Console, Some(SiteId(1)), made.key.id);
        assert!(matches!(elsewhere, Err(ControlError::UnknownKey)));
        plane.revoke_key_of(Author::Console, None, made.key.id).unwrap();
        assert!(plane.find_api_key(&made.reveal()).unwrap().is_none());
    }

    #[test]
    fn a_key_goes_with_its_site() {
        let (plane, ..) = plane();
        plane.add_site(Author::Console, "a.kz", "UTC").unwrap();
        let made = plane.create_api_key(Author::Console, "a.kz", Scope::Stats).unwrap();
        plane.remove_site(Author::Console, "a.kz").unwrap();
        assert!(plane.find_api_key(&made.reveal()).unwrap().is_none());
        let none = plane.create_api_key(Author::Console, "a.kz", Scope::Stats);
        assert!(matches!(none, Err(ControlError::UnknownSite)));
    }

    #[test]
    fn debug_output_hides_the_key() {
        let (plane, ..) = plane();
        plane.add_site(Author::Console, "a.kz", "UTC").unwrap();
        let made = plane.create_api_key(Author::Console, "a.kz", Scope::Stats).unwrap();
        assert!(!format!("{made:?}").contains(&made.reveal()[PREFIX_LENGTH..]));
    }

    #[test]
    fn collectors_know_the_keys_of_scope_events_alone_until_they_are_revoked() {
        let (plane, ..) = plane();
        plane.add_site(Author::Console, "a.kz", "UTC").unwrap();
        let stats = plane.create_api_key(Author::Console, "a.kz", Scope::Stats).unwrap();
        let events = plane.create_api_key(Author::Console, "a.kz", Scope::Events).unwrap();
        let known = |key: &NewKey| plane.site_list().by_key(&events::KeyHash(key.token.hash())).is_some();
        assert!(known(&events) && !known(&stats));
        plane.revoke_api_key(Author::Console, &events.key.prefix).unwrap();
        assert!(!known(&events));
    }
}
