//! The rules of a site: hosts it takes beacons from, shields, what stays of query and properties, its id in Umami.
//!
//! Kept as staff wrote them, tidied. Whether an address range is one is checked where addresses may be spelled: by the
//! collector's `rules::mistakes`, which callers ask first.

use events::SiteRules;
use rusqlite::{Connection, OptionalExtension, params};

use super::audit::{Action, Author, record};
use super::{ControlError, ControlPlane, is_taken, settings, sites};
use crate::control::SiteRecord;

/// Entries a list may have.
const MOST_ENTRIES: usize = 500;
/// Bytes an entry may have.
const LONGEST_ENTRY: usize = 500;

/// The lists as the table calls them.
fn lists(rules: &mut SiteRules) -> [(&'static str, &mut Vec<String>); 7] {
    [
        ("allow_host", &mut rules.allow_hosts),
        ("shield_address", &mut rules.shield_addresses),
        ("shield_country", &mut rules.shield_countries),
        ("shield_page", &mut rules.shield_pages),
        ("shield_host", &mut rules.shield_hosts),
        ("keep_param", &mut rules.keep_params),
        ("allow_prop", &mut rules.allow_props),
    ]
}

impl ControlPlane {
    /// Changes the rules of a site. `change` gets them as they are.
    ///
    /// # Errors
    /// [`ControlError::UnknownSite`], [`ControlError::BadRule`] with the list that is wrong, [`ControlError::UmamiIdTaken`],
    /// or SQLite's.
    pub fn change_rules(
        &self,
        by: Author,
        domain: &str,
        change: impl FnOnce(&mut SiteRules),
    ) -> Result<SiteRecord, ControlError> {
        let now = self.now();
        let changed = self.write(|transaction| {
            let mut site = sites::by_domain(transaction, domain)?;
            change(&mut site.rules);
            put(transaction, site.id.0, &mut site.rules)?;
            record(transaction, now, by, Action::SiteChanged, &site.domain)?;
            // Thresholds and retention are settings, which this does not change.
            (site.rules.thresholds, site.rules.keep) = settings::of(transaction, site.id.0)?;
            Ok(site)
        })?;
        self.refill()?;
        Ok(changed)
    }
}

/// Tidies the lists and puts them in place of those that are there.
pub(super) fn put(connection: &Connection, site: u32, rules: &mut SiteRules) -> Result<(), ControlError> {
    tidy(rules)?;
    connection
        .execute("UPDATE sites SET umami_id = ?2 WHERE id = ?1", params![site, rules.umami_id])
        .map_err(|error| if is_taken(&error) { ControlError::UmamiIdTaken } else { error.into() })?;
    connection.execute("DELETE FROM site_rules WHERE site = ?1", [site])?;
    for (rule, values) in lists(rules) {
        for value in values {
            connection.execute(
                "INSERT INTO site_rules (site, rule, value) VALUES (?1, ?2, ?3)",
                params![site, rule, *value],
            )?;
        }
    }
    Ok(())
}

/// The rules of this site.
pub(super) fn of(connection: &Connection, site: u32) -> rusqlite::Result<SiteRules> {
    let umami_id = connection
        .query_row("SELECT umami_id FROM sites WHERE id = ?1", [site], |row| row.get(0))
        .optional()?
        .flatten();
    let (thresholds, keep) = settings::of(connection, site)?;
    let mut rules = SiteRules { umami_id, thresholds, keep, ..SiteRules::default() };
    let mut statement =
        connection.prepare_cached("SELECT rule, value FROM site_rules WHERE site = ?1 ORDER BY value")?;
    let mut rows = statement.query([site])?;
    while let Some(row) = rows.next()? {
        let (rule, value): (String, String) = (row.get(0)?, row.get(1)?);
        if let Some((_, list)) = lists(&mut rules).into_iter().find(|(name, _)| *name == rule) {
            list.push(value);
        }
    }
    Ok(rules)
}

/// Trims, orders and checks. A blank entry is none, so that a list can be emptied.
fn tidy(rules: &mut SiteRules) -> Result<(), ControlError> {
    for (rule, list) in lists(rules) {
        for value in list.iter_mut() {
            *value = match rule {
                "allow_host" | "shield_host" => value.trim().to_lowercase(),
                "shield_country" => value.trim().to_uppercase(),
                _ => value.trim().to_owned(),
            };
        }
        list.retain(|value| !value.is_empty());
        list.sort_unstable();
        list.dedup();
        let fits = |value: &String| value.len() <= LONGEST_ENTRY && !value.contains(char::is_control);
        let fitting = match rule {
            "shield_country" => {
                |value: &String| value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase())
            }
            "shield_page" => |value: &String| value.starts_with(['/', '*']),
            "allow_host" | "shield_host" => {
                |value: &String| !value.contains(|c: char| c.is_whitespace() || c == '/' || c == '@')
            }
            "keep_param" => |value: &String| !value.contains(['=', '&', '#', '?']),
            _ => |_: &String| true,
        };
        if list.len() > MOST_ENTRIES || !list.iter().all(|value| fits(value) && fitting(value)) {
            return Err(ControlError::BadRule(rule));
        }
    }
    if let Some(id) = &mut rules.umami_id {
        *id = id.trim().to_ascii_lowercase();
        let is_uuid = id.len() == 36
            && id.bytes().enumerate().all(|(at, b)| match at {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_hexdigit(),
            });
        if id.is_empty() {
            rules.umami_id = None;
        } else if !is_uuid {
            return Err(ControlError::BadRule("umami_id"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::tests::{plane, reopen};

    #[test]
    fn rules_are_tidied_kept_and_followed_by_another_process() {
        let (here, directory, ..) = plane();
        here.add_site(Author::Console, "a.kz", "UTC").unwrap();
        let there = reopen(&directory);
        let changed = there
            .change_rules(Author::Console, "a.kz", |rules| {
                rules.allow_hosts = vec![" App.A.kz ".into(), "*.a.kz".into(), "*.a.kz".into()];
                rules.shield_countries = vec!["ru".into()];
                rules.shield_pages = vec!["/admin/**".into(), " ".into()];
                rules.umami_id = Some("94DB1CB1-74F4-4A40-AD6C-962362670409".into());
            })
            .unwrap();
        assert!(here.follow().unwrap());
        let site = here.site_list().by_umami_id("94db1cb1-74f4-4a40-ad6c-962362670409").unwrap();
        assert_eq!(site.rules, changed.rules);
        assert_eq!(site.rules.allow_hosts, ["*.a.kz", "app.a.kz"]);
        assert_eq!(
            (&site.rules.shield_countries[..], &site.rules.shield_pages[..]),
            (&["RU".to_owned()][..], &["/admin/**".to_owned()][..])
        );
        here.change_rules(Author::Console, "a.kz", |rules| *rules = SiteRules::default()).unwrap();
        assert_eq!(here.site_list().by_domain("a.kz").unwrap().rules, SiteRules::default());
        let log = here.audit_log(1).unwrap();
        assert_eq!((log[0].action.as_str(), log[0].subject.as_str()), ("site_changed", "a.kz"));
    }

    #[test]
    fn a_rule_that_can_not_be_meant_is_refused_and_changes_nothing() {
        let (plane, ..) = plane();
        plane.add_site(Author::Console, "a.kz", "UTC").unwrap();
        plane.add_site(Author::Console, "b.kz", "UTC").unwrap();
        let change = |change: fn(&mut SiteRules)| plane.change_rules(Author::Console, "a.kz", change);
        for (rule, result) in [
            ("shield_country", change(|rules| rules.shield_countries = vec!["KAZ".into()])),
            ("shield_page", change(|rules| rules.shield_pages = vec!["admin".into()])),
            ("allow_host", change(|rules| rules.allow_hosts = vec!["https://a.kz".into()])),
            ("keep_param", change(|rules| rules.keep_params = vec!["a=b".into()])),
            ("allow_prop", change(|rules| rules.allow_props = vec!["x".repeat(501)])),
            ("umami_id", change(|rules| rules.umami_id = Some("mine".into()))),
        ] {
            assert!(matches!(result, Err(ControlError::BadRule(named)) if named == rule), "{rule}");
        }
        let id = "94db1cb1-74f4-4a40-ad6c-962362670409";
        plane.change_rules(Author::Console, "b.kz", |rules| rules.umami_id = Some(id.into())).unwrap();
        let twice = plane.change_rules(Author::Console, "a.kz", |rules| rules.umami_id = Some(id.into()));
        assert!(matches!(twice, Err(ControlError::UmamiIdTaken)));
        assert_eq!(plane.site("a.kz").unwrap().rules, SiteRules::default());
    }
}
