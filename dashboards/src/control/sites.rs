//! Sites: adding, listing, removing, and the list of them that every service reads.

use events::{KeyHash, OptOutMode, Site, SiteId, SiteList, SiteRules};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::audit::{Action, Author, record};
use super::{ControlError, ControlPlane, is_taken, keys, rules};
use crate::domain;

/// A site as the control plane keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteRecord {
    /// Its number, never reused.
    pub id: SiteId,
    /// Its domain: lower case, punycode, without `www.`.
    pub domain: String,
    /// IANA name of the zone whose midnight ends its days.
    pub timezone: String,
    /// What it does with opt-outs.
    pub opt_out: OptOutMode,
    /// When it was added, in Unix seconds.
    pub created_at: i64,
    /// The day its weeks begin with, ISO: 1 is Monday.
    pub week_start: u8,
    /// What it takes beacons from and what it keeps of them.
    pub rules: SiteRules,
}

impl ControlPlane {
    /// Adds a site.
    ///
    /// # Errors
    /// [`ControlError::BadDomain`], [`ControlError::BadTimezone`], [`ControlError::DomainTaken`], or SQLite's.
    pub fn add_site(&self, by: Author, domain: &str, timezone: &str) -> Result<SiteRecord, ControlError> {
        let domain = domain::normalise(domain)?;
        let (timezone, _) = domain::timezone(timezone)?;
        let now = self.now();
        let added = self.write(|transaction| {
            let added = transaction
                .query_row(
                    "INSERT INTO sites (domain, timezone, created_at) VALUES (?1, ?2, ?3)
                     RETURNING id, domain, timezone, opt_out, created_at, week_start",
                    params![domain, timezone, now],
                    site_record,
                )
                .map_err(|error| if is_taken(&error) { ControlError::DomainTaken } else { error.into() })?;
            record(transaction, now, by, Action::SiteAdded, &domain)?;
            Ok(added)
        })?;
        self.refill()?;
        Ok(added)
    }

    /// All sites, in order of their domain.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn list_sites(&self) -> Result<Vec<SiteRecord>, ControlError> {
        self.read(|connection| Ok(all(connection)?))
    }

    /// The site of this domain, spelt in any way that [`domain::normalise`] understands.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], or SQLite's.
    pub fn site(&self, domain: &str) -> Result<SiteRecord, ControlError> {
        self.read(|connection| by_domain(connection, domain))
    }

    /// Removes a site with its API keys: its beacons are dropped from now on. Its number is never given again, and what
    /// was counted stays in ClickHouse.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], or SQLite's.
    pub fn remove_site(&self, by: Author, domain: &str) -> Result<SiteRecord, ControlError> {
        let now = self.now();
        let removed = self.write(|transaction| {
            let site = by_domain(transaction, domain)?;
            transaction.execute("DELETE FROM sites WHERE id = ?1", [site.id.0])?;
            record(transaction, now, by, Action::SiteRemoved, &site.domain)?;
            Ok(site)
        })?;
        self.refill()?;
        Ok(removed)
    }

    /// Sets what a site does with the beacons of visitors who opted out.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], or SQLite's.
    pub fn set_opt_out(
        &self,
        by: Author,
        domain: &str,
        mode: OptOutMode,
    ) -> Result<SiteRecord, ControlError> {
        let now = self.now();
        let changed = self.write(|transaction| {
            let site = by_domain(transaction, domain)?;
            transaction
                .execute("UPDATE sites SET opt_out = ?1 WHERE id = ?2", params![mode.name(), site.id.0])?;
            record(transaction, now, by, Action::SiteChanged, &site.domain)?;
            Ok(SiteRecord { opt_out: mode, ..site })
        })?;
        self.refill()?;
        Ok(changed)
    }

    pub(super) fn refill(&self) -> Result<(), ControlError> {
        // Filled under the lock: of two changes the later one's list is the one that stays.
        self.read(|connection| Ok(fill(connection, &self.0.sites)?))
    }
}

pub(super) fn by_domain(connection: &Connection, domain: &str) -> Result<SiteRecord, ControlError> {
    let domain = domain::normalise(domain).map_err(|_| ControlError::UnknownSite)?;
    let mut site = connection
        .query_row(
            "SELECT id, domain, timezone, opt_out, created_at, week_start FROM sites WHERE domain = ?1",
            [domain],
            site_record,
        )
        .optional()?
        .ok_or(ControlError::UnknownSite)?;
    site.rules = rules::of(connection, site.id.0)?;
    Ok(site)
}

/// Fills the list that the other services read.
pub(super) fn fill(connection: &Connection, list: &SiteList) -> rusqlite::Result<()> {
    let mut of_site = keys::for_collectors(connection)?;
    let sites = all(connection)?.into_iter().filter_map(|site| match domain::timezone(&site.timezone) {
        Ok((_, zone)) => Some(Site {
            keys: of_site.remove(&site.id).unwrap_or_default().into_iter().map(KeyHash).collect(),
            id: site.id,
            domain: site.domain,
            zone,
            opt_out: site.opt_out,
            rules: site.rules,
        }),
        Err(_) => {
            // Only a downgrade to an older time-zone database can do this: names are checked on the way in.
            tracing::error!(
                code = "unknown_timezone",
                site = site.id.0,
                "site left out: its time zone is unknown"
            );
            None
        }
    });
    list.replace(sites);
    Ok(())
}

fn all(connection: &Connection) -> rusqlite::Result<Vec<SiteRecord>> {
    let mut sites: Vec<SiteRecord> = connection
        .prepare("SELECT id, domain, timezone, opt_out, created_at, week_start FROM sites ORDER BY domain")?
        .query_map([], site_record)?
        .collect::<Result<_, _>>()?;
    for site in &mut sites {
        site.rules = rules::of(connection, site.id.0)?;
    }
    Ok(sites)
}

fn site_record(row: &Row<'_>) -> rusqlite::Result<SiteRecord> {
    let opt_out: String = row.get(3)?;
    Ok(SiteRecord {
        id: SiteId(row.get(0)?),
        domain: row.get(1)?,
        timezone: row.get(2)?,
        // The table allows no other names.
        opt_out: OptOutMode::named(&opt_out).unwrap_or_default(),
        created_at: row.get(4)?,
        week_start: row.get(5)?,
        rules: SiteRules::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::{plane, reopen};

    #[test]
    fn a_sites_number_is_never_given_again() {
        let (plane, ..) = plane();
        let first = plane.add_site(Author::Console, "a.kz", "Asia/Almaty").unwrap();
        plane.remove_site(Author::Console, "https://www.a.kz/").unwrap();
        let second = plane.add_site(Author::Console, "a.kz", "Asia/Almaty").unwrap();
        assert!(second.id > first.id);
    }

    #[test]
    fn the_list_follows_own_changes_at_once() {
        let (plane, ..) = plane();
        let list = plane.site_list();
        plane.add_site(Author::Console, "WWW.A.kz", "asia/almaty").unwrap();
        let site = list.by_domain("a.kz").unwrap();
        assert_eq!(site.zone.iana_name(), Some("Asia/Almaty"));
        plane.remove_site(Author::Console, "a.kz").unwrap();
        assert!(list.all().is_empty());
    }

    #[test]
    fn the_list_follows_another_process() {
        let (here, directory, ..) = plane();
        let there = reopen(&directory);
        assert!(!here.follow().unwrap());
        there.add_site(Author::Console, "a.kz", "UTC").unwrap();
        assert!(here.site_list().by_domain("a.kz").is_none());
        assert!(here.follow().unwrap());
        assert!(here.site_list().by_domain("a.kz").is_some());
        // Its own changes are no news.
        here.add_site(Author::Console, "b.kz", "UTC").unwrap();
        assert!(!here.follow().unwrap());
    }

    #[test]
    fn a_domain_is_registered_once_however_it_is_spelt() {
        let (plane, ..) = plane();
        plane.add_site(Author::Console, "a.kz", "UTC").unwrap();
        let again = plane.add_site(Author::Console, "http://WWW.A.KZ", "UTC");
        assert!(matches!(again, Err(ControlError::DomainTaken)));
        assert!(matches!(plane.add_site(Author::Console, "a_b", "UTC"), Err(ControlError::BadDomain)));
        assert!(matches!(plane.add_site(Author::Console, "b.kz", "Mars"), Err(ControlError::BadTimezone)));
        assert!(matches!(plane.remove_site(Author::Console, "b.kz"), Err(ControlError::UnknownSite)));
        assert_eq!(plane.list_sites().unwrap().len(), 1);
    }

    #[test]
    fn every_way_with_opt_outs_is_kept_and_followed_by_another_process() {
        let (here, directory, ..) = plane();
        let there = reopen(&directory);
        here.add_site(Author::Console, "a.kz", "UTC").unwrap();
        assert_eq!(here.site("a.kz").unwrap().opt_out, OptOutMode::Tally);
        for mode in [OptOutMode::Drop, OptOutMode::Ignore, OptOutMode::Tally] {
            here.set_opt_out(Author::Console, "www.a.kz", mode).unwrap();
            assert_eq!(here.site_list().by_domain("a.kz").unwrap().opt_out, mode);
            assert!(there.follow().unwrap());
            assert_eq!(there.site_list().by_domain("a.kz").unwrap().opt_out, mode);
        }
        let unknown = here.set_opt_out(Author::Console, "b.kz", OptOutMode::Drop);
        assert!(matches!(unknown, Err(ControlError::UnknownSite)));
    }

    #[test]
    fn a_change_and_its_audit_entry_are_one() {
        let (plane, ..) = plane();
        plane.add_site(Author::Console, "a.kz", "UTC").unwrap();
        let _ = plane.add_site(Author::Console, "a.kz", "UTC").unwrap_err();
        let log = plane.audit_log(10).unwrap();
        assert_eq!(log.len(), 1);
        assert_eq!((log[0].action.as_str(), log[0].subject.as_str()), ("site_added", "a.kz"));
    }
}
