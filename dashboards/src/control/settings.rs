//! How a site's figures are counted, shown and kept: zone, first day of the week, thresholds, retention. And the end of a
//! site: what would go with it, and the list of sites whose figures are still to leave ClickHouse.

use events::{KeepMonths, SiteId, SiteRules, Thresholds};
use rusqlite::{Connection, OptionalExtension, params};

use super::audit::{Action, Author, record};
use super::entries::EntryError;
use super::keys::KeyId;
use super::users::UserId;
use super::{ControlError, ControlPlane, SiteRecord, rules, sites};
use crate::domain;

/// Days that a week can begin with: Monday, Saturday, Sunday (ISO numbers).
const WEEK_STARTS: [u8; 3] = [1, 6, 7];
/// The greatest threshold, and the greatest number of months.
const MOST_VISITORS: u32 = 1_000;
const MOST_DETAIL_MONTHS: u16 = aggregator::retention::MOST_DETAIL_MONTHS;
const MOST_STATISTICS_MONTHS: u16 = 1_200;

/// What of a site is to change; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteChange {
    /// IANA name of the zone whose midnight ends its days.
    pub timezone: Option<String>,
    /// The day its weeks begin with, ISO: 1 is Monday.
    pub week_start: Option<u8>,
    /// What it does with opt-outs.
    pub opt_out: Option<events::OptOutMode>,
    /// Visitors of the smallest group that may be told.
    pub thresholds: Option<Thresholds>,
    /// How long what is sealed is kept; `Some(None)`: as configured.
    pub keep: Option<Option<KeepMonths>>,
}

/// What goes with a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Belongings {
    /// Goals.
    pub goals: u32,
    /// Funnels.
    pub funnels: u32,
    /// Segments.
    pub segments: u32,
    /// Notes on the chart.
    pub annotations: u32,
    /// Shared links.
    pub links: u32,
    /// API keys that were not revoked.
    pub keys: u32,
}

/// A site that was deleted and whose figures may be in ClickHouse still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedSite {
    /// Its number, which is never given again.
    pub id: SiteId,
    /// The domain it had.
    pub domain: String,
    /// When it was deleted, in Unix seconds.
    pub deleted_at: i64,
}

impl ControlPlane {
    /// Changes a site: what `change` names, and its lists of rules, which `rules` gets as they are (thresholds and retention
    /// in them are not looked at). All of it or nothing; the services know within a second.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::BadTimezone`], [`ControlError::BadRule`],
    /// [`ControlError::UmamiIdTaken`], [`ControlError::Entry`] with the setting that is out of its range, or SQLite's.
    pub fn change_site(
        &self,
        by: Author,
        domain: &str,
        change: SiteChange,
        rules: impl FnOnce(&mut SiteRules),
    ) -> Result<SiteRecord, ControlError> {
        check(&change)?;
        let timezone = change.timezone.as_deref().map(domain::timezone).transpose()?;
        let now = self.now();
        let changed = self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            let id = site.id.0;
            if let Some((timezone, _)) = timezone {
                transaction.execute("UPDATE sites SET timezone = ?2 WHERE id = ?1", params![id, timezone])?;
            }
            if let Some(day) = change.week_start {
                transaction.execute("UPDATE sites SET week_start = ?2 WHERE id = ?1", params![id, day])?;
            }
            if let Some(mode) = change.opt_out {
                transaction
                    .execute("UPDATE sites SET opt_out = ?2 WHERE id = ?1", params![id, mode.name()])?;
            }
            if let Some(Thresholds { staff, public }) = change.thresholds {
                transaction.execute(
                    "UPDATE sites SET staff_threshold = ?2, public_threshold = ?3 WHERE id = ?1",
                    params![id, staff, public],
                )?;
            }
            if let Some(keep) = change.keep {
                transaction.execute(
                    "UPDATE sites SET detail_months = ?2, statistics_months = ?3 WHERE id = ?1",
                    params![id, keep.map(|keep| keep.detail), keep.and_then(|keep| keep.statistics)],
                )?;
            }
            let mut wanted = site.rules;
            rules(&mut wanted);
            rules::put(transaction, id, &mut wanted)?;
            record(transaction, now, by, Action::SiteChanged, &site.domain)?;
            sites::by_domain(transaction, domain)
        })?;
        self.refill()?;
        Ok(changed)
    }

    /// On whose behalf a program with this key changes sites: whoever made the key.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn author_with(&self, key: KeyId) -> Result<Author, ControlError> {
        self.read(|connection| {
            let made_by: Option<i64> = connection
                .query_row("SELECT made_by FROM api_keys WHERE id = ?1", [key.0], |row| row.get(0))
                .optional()?
                .flatten();
            Ok(made_by.map_or(Author::Console, |user| Author::User(UserId(user))))
        })
    }

    /// What would go with a site.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], or SQLite's.
    pub fn belongings(&self, domain: &str) -> Result<Belongings, ControlError> {
        self.read(|connection| {
            let site = sites::by_domain(connection, domain)?;
            let count = |table: &str, which: &str| {
                let sql = format!("SELECT count() FROM {table} WHERE site = ?1{which}");
                connection.query_row(&sql, [site.id.0], |row| row.get::<_, u32>(0))
            };
            Ok(Belongings {
                goals: count("goals", "")?,
                funnels: count("funnels", "")?,
                segments: count("segments", "")?,
                annotations: count("annotations", "")?,
                links: count("links", "")?,
                keys: count("api_keys", " AND revoked_at IS NULL")?,
            })
        })
    }

    /// Deletes a site with all that staff have laid down for it, and puts it on the list of those whose figures leave
    /// ClickHouse.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], or SQLite's.
    pub fn delete_site(&self, by: Author, domain: &str) -> Result<SiteRecord, ControlError> {
        let now = self.now();
        let deleted = self.write(|transaction| {
            let site = sites::by_domain(transaction, domain)?;
            transaction.execute(
                "INSERT INTO deleted_sites (site, domain, deleted_at) VALUES (?1, ?2, ?3)",
                params![site.id.0, site.domain, now],
            )?;
            transaction.execute("DELETE FROM sites WHERE id = ?1", [site.id.0])?;
            record(transaction, now, by, Action::SiteDeleted, &site.domain)?;
            Ok(site)
        })?;
        self.refill()?;
        Ok(deleted)
    }

    /// The deleted sites whose figures are still to leave ClickHouse.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn sites_to_erase(&self) -> Result<Vec<DeletedSite>, ControlError> {
        self.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT site, domain, deleted_at FROM deleted_sites WHERE erased_at IS NULL ORDER BY site",
            )?;
            let sites = statement.query_map([], |row| {
                Ok(DeletedSite { id: SiteId(row.get(0)?), domain: row.get(1)?, deleted_at: row.get(2)? })
            })?;
            Ok(sites.collect::<Result<_, _>>()?)
        })
    }

    /// Notes that nothing of a deleted site is left in ClickHouse, and that nothing can come any more.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn note_erased(&self, site: SiteId) -> Result<(), ControlError> {
        let now = self.now();
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE deleted_sites SET erased_at = ?2 WHERE site = ?1 AND erased_at IS NULL",
                params![site.0, now],
            )?;
            if changed == 1 {
                record(transaction, now, Author::Console, Action::SiteErased, &format!("site {}", site.0))?;
            }
            Ok(())
        })
    }
}

/// Thresholds and retention of the site of this number.
pub(super) fn of(connection: &Connection, site: u32) -> rusqlite::Result<(Thresholds, Option<KeepMonths>)> {
    connection
        .prepare_cached(
            "SELECT staff_threshold, public_threshold, detail_months, statistics_months FROM sites WHERE id = ?1",
        )?
        .query_row([site], |row| {
            let detail: Option<u16> = row.get(2)?;
            let statistics = row.get(3)?;
            let keep = detail.map(|detail| KeepMonths { detail, statistics });
            Ok((Thresholds { staff: row.get(0)?, public: row.get(1)? }, keep))
        })
}

fn check(change: &SiteChange) -> Result<(), EntryError> {
    if change.week_start.is_some_and(|day| !WEEK_STARTS.contains(&day)) {
        return Err(EntryError::BadSetting("week_start"));
    }
    if let Some(thresholds) = change.thresholds {
        let fits = |least: u32| (Thresholds::LEAST..=MOST_VISITORS).contains(&least);
        if ![thresholds.staff, thresholds.public].into_iter().flatten().all(fits) {
            return Err(EntryError::BadSetting("thresholds"));
        }
    }
    if let Some(Some(keep)) = change.keep {
        let statistics = keep.statistics.is_none_or(|months| (1..=MOST_STATISTICS_MONTHS).contains(&months));
        if keep.detail > MOST_DETAIL_MONTHS || !statistics {
            return Err(EntryError::BadSetting("retention"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::{plane, reopen};
    use events::OptOutMode;
    use serde_json::json;

    const BY: Author = Author::Console;

    #[test]
    fn a_change_is_kept_and_known_to_the_services_of_another_process() {
        let (here, directory, ..) = plane();
        here.add_site(BY, "a.kz", "UTC").unwrap();
        let there = reopen(&directory);
        let thresholds = Thresholds { staff: Some(3), public: Some(20) };
        let keep = KeepMonths { detail: 0, statistics: Some(24) };
        let change = SiteChange {
            timezone: Some("asia/qostanay".into()),
            week_start: Some(7),
            opt_out: Some(OptOutMode::Drop),
            thresholds: Some(thresholds),
            keep: Some(Some(keep)),
        };
        let shield = |rules: &mut SiteRules| rules.shield_countries = vec!["ru".into()];
        let changed = there.change_site(BY, "a.kz", change, shield).unwrap();
        assert_eq!((changed.timezone.as_str(), changed.week_start), ("Asia/Qostanay", 7));
        assert!(here.follow().unwrap());
        let site = here.site_list().by_domain("a.kz").unwrap();
        assert_eq!((site.rules.thresholds, site.rules.keep), (thresholds, Some(keep)));
        assert_eq!(site.zone.iana_name(), Some("Asia/Qostanay"));
        assert_eq!(
            (site.opt_out, &site.rules.shield_countries[..]),
            (OptOutMode::Drop, &["RU".to_owned()][..])
        );

        // What isn't named stays; rules given anew leave thresholds and retention alone, and they can be given back.
        here.change_site(BY, "a.kz", SiteChange::default(), |rules| *rules = SiteRules::default()).unwrap();
        let site = here.site("a.kz").unwrap();
        assert_eq!((site.rules.thresholds, site.rules.keep, site.week_start), (thresholds, Some(keep), 7));
        let back =
            SiteChange { keep: Some(None), thresholds: Some(Thresholds::default()), ..SiteChange::default() };
        assert_eq!(here.change_site(BY, "a.kz", back, |_| ()).unwrap().rules, SiteRules::default());
    }

    #[test]
    fn a_setting_out_of_its_range_changes_nothing() {
        let (plane, ..) = plane();
        plane.add_site(BY, "a.kz", "UTC").unwrap();
        let before = plane.site("a.kz").unwrap();
        let of = |staff, public| Some(Thresholds { staff, public });
        let months = |detail, statistics| Some(Some(KeepMonths { detail, statistics }));
        let none = SiteChange::default;
        for change in [
            SiteChange { thresholds: of(Some(2), None), ..none() },
            SiteChange { thresholds: of(None, Some(0)), ..none() },
            SiteChange { thresholds: of(None, Some(1_001)), ..none() },
            SiteChange { keep: months(26, None), ..none() },
            SiteChange { keep: months(0, Some(0)), ..none() },
            SiteChange { week_start: Some(3), ..none() },
            SiteChange { timezone: Some("Mars/Olympus".into()), ..none() },
        ] {
            assert!(plane.change_site(BY, "a.kz", change.clone(), |_| ()).is_err(), "{change:?}");
        }
        // Half of it is right.
        let sunday = SiteChange { week_start: Some(7), ..none() };
        let wrong = plane.change_site(BY, "a.kz", sunday, |rules| rules.shield_pages = vec!["admin".into()]);
        assert!(matches!(wrong, Err(ControlError::BadRule("shield_page"))));
        assert_eq!(plane.site("a.kz").unwrap(), before);
    }

    #[test]
    fn a_deleted_site_waits_to_be_erased_with_all_it_had_gone() {
        let (plane, ..) = plane();
        let site = plane.add_site(BY, "a.kz", "UTC").unwrap();
        let goal = json!({"display_name": "a", "event_name": "a"});
        plane.put_goal(BY, "a.kz", None, &goal, None).unwrap();
        plane.add_link(BY, "a.kz", "Board", None, None).unwrap();
        let belongings = Belongings { goals: 1, links: 1, ..Belongings::default() };
        assert_eq!(plane.belongings("a.kz").unwrap(), belongings);
        plane.delete_site(BY, "a.kz").unwrap();
        assert!(plane.site_list().by_domain("a.kz").is_none() && plane.belongings("a.kz").is_err());
        let waiting = plane.sites_to_erase().unwrap();
        assert_eq!((waiting[0].id, waiting[0].domain.as_str()), (site.id, "a.kz"));
        plane.note_erased(site.id).unwrap();
        assert!(plane.sites_to_erase().unwrap().is_empty());
        let log: Vec<_> = plane.audit_log(2).unwrap().into_iter().map(|entry| entry.action).collect();
        assert_eq!(log, ["site_erased", "site_deleted"]);
    }
}
