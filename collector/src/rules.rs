//! The rules of a site, compiled: what it takes beacons from, and what it keeps of them.
//!
//! Staff's lists ([`events::SiteRules`]) become matchers once for each version of the site list. Without an allow-list a site
//! takes beacons from pages of its own domain and the subdomains, so that nobody counts another's pages as theirs by pasting
//! a snippet. Shields drop; nothing here ever samples.

mod pattern;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use events::{DropReason, EventRow, LocalDay, Site, SiteId};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::address::{ClientAddress, Networks};
use crate::page::{Address, scrub_owned};
use crate::scrub::ScrubCounts;
pub use pattern::{Hosts, Pages, ascii_host};

/// The compiled rules of one site.
pub struct Rules {
    allowed: Hosts,
    shielded_hosts: Hosts,
    shielded_addresses: Networks,
    shielded_countries: Vec<String>,
    shielded_pages: Pages,
    keep_params: Vec<String>,
    allow_props: Vec<String>,
    zone: TimeZone,
    day: RwLock<Option<LocalDay>>,
}

/// What the rules look at besides the row.
pub struct Subject<'a> {
    /// The page's host as the browser wrote it; empty when it has none.
    pub host: &'a str,
    /// Who sent the beacon.
    pub client: &'a ClientAddress,
}

impl Rules {
    /// Compiles the rules of a site.
    #[must_use]
    pub fn of(site: &Site) -> Self {
        let rules = &site.rules;
        let allowed = if rules.allow_hosts.is_empty() {
            Hosts::new(&[site.domain.clone(), format!("*.{}", site.domain)])
        } else {
            Hosts::new(&rules.allow_hosts)
        };
        let shielded_addresses = Networks::parse(&rules.shield_addresses).unwrap_or_else(|_| {
            // They are checked on the way in; one that is not an address shields from nobody, the others still do.
            tracing::error!(
                code = "bad_rule",
                site = site.id.0,
                "a shielded network is left out: it is none"
            );
            let good = rules.shield_addresses.iter().filter(|entry| Networks::parse(&[entry]).is_ok());
            Networks::parse(&good.collect::<Vec<_>>()).unwrap_or_default()
        });
        Self {
            allowed,
            shielded_hosts: Hosts::new(&rules.shield_hosts),
            shielded_addresses,
            shielded_countries: rules.shield_countries.clone(),
            shielded_pages: Pages::new(&rules.shield_pages),
            keep_params: rules.keep_params.clone(),
            allow_props: rules.allow_props.clone(),
            zone: site.zone.clone(),
            day: RwLock::default(),
        }
    }

    /// Why a beacon is dropped whatever its row would be: costs no look at a database or an agent.
    ///
    /// # Errors
    /// The reason.
    pub fn check(&self, subject: &Subject<'_>) -> Result<(), DropReason> {
        let host = ascii_host(subject.host);
        if !self.allowed.match_host(&host) {
            return Err(DropReason::HostNotAllowed);
        }
        if self.shielded_hosts.match_host(&host) {
            return Err(DropReason::ShieldHost);
        }
        if self.shielded_addresses.contain(subject.client) {
            return Err(DropReason::ShieldAddress);
        }
        Ok(())
    }

    /// Why a row is dropped for what it says.
    ///
    /// # Errors
    /// The reason.
    pub fn check_row(&self, path: &str, country: &str) -> Result<(), DropReason> {
        if self.shielded_pages.match_path(path) {
            return Err(DropReason::ShieldPage);
        }
        if !country.is_empty() && self.shielded_countries.iter().any(|shielded| shielded == country) {
            return Err(DropReason::ShieldCountry);
        }
        Ok(())
    }

    /// Puts the query parameters that stay part of the path there, scrubbed and decoded, before the route of a hash-routed page.
    pub fn keep_query(&self, address: &Address<'_>, path: &mut String) {
        let kept = self.kept_query(address);
        if kept.is_empty() {
            return;
        }
        let kept = percent_encoding::percent_decode_str(&kept).decode_utf8_lossy().into_owned();
        let kept = scrub_owned(kept, &mut ScrubCounts::default());
        let at = path.find('#').unwrap_or(path.len());
        path.insert_str(at, &kept);
    }

    /// They as the page has them, in the order of its address; the question mark included. Empty for none.
    fn kept_query(&self, address: &Address<'_>) -> String {
        let mut kept = String::new();
        if self.keep_params.is_empty() {
            return kept;
        }
        for pair in address.query.split('&') {
            let name = pair.split_once('=').map_or(pair, |(name, _)| name);
            if self.keep_params.iter().any(|keep| keep == name) {
                kept.push(if kept.is_empty() { '?' } else { '&' });
                kept.push_str(pair);
            }
        }
        kept
    }

    /// The site's day that `now` falls on. Reckoned once a day: every beacon asks.
    #[must_use]
    pub fn day(&self, now: Timestamp) -> LocalDay {
        let known = *self.day.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(day) = known.filter(|day| (day.opens_at..day.closes_at).contains(&now.as_second())) {
            return day;
        }
        let day = LocalDay::at(now, &self.zone).expect("the clock stands within the years of the calendar");
        *self.day.write().unwrap_or_else(PoisonError::into_inner) = Some(day);
        day
    }

    /// Takes from a row the properties the site doesn't keep.
    pub fn trim(&self, row: &mut EventRow) {
        if !self.allow_props.is_empty() {
            row.props.retain(|(name, _)| self.allow_props.iter().any(|allowed| allowed == name));
        }
    }
}

/// The compiled rules of every site that was asked for, by the version of the site they were compiled from.
#[derive(Default)]
pub struct RuleBook {
    pages: RwLock<HashMap<SiteId, Compiled>>,
}

/// A version of a site, and its rules.
type Compiled = (Arc<Site>, Arc<Rules>);

impl RuleBook {
    /// The rules of this site. A new version of the site list has new sites, so rules change with it.
    #[must_use]
    pub fn of(&self, site: &Arc<Site>) -> Arc<Rules> {
        // A poisoned lock only means that a reader panicked.
        let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, rules)) = pages.get(&site.id)
            && Arc::ptr_eq(known, site)
        {
            return Arc::clone(rules);
        }
        drop(pages);
        let rules = Arc::new(Rules::of(site));
        let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        pages.insert(site.id, (Arc::clone(site), Arc::clone(&rules)));
        rules
    }
}

#[cfg(test)]
mod tests;
