//! Sites, and the list of them that every service reads.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::tz::TimeZone;

/// A site's number. Given by the control plane, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteId(pub u32);

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a site does with the beacons of visitors who opted out (`Sec-GPC`, `DNT`, tracker flag).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OptOutMode {
    /// Count the view with no tag, no visit, no geography below country and no referrer path.
    #[default]
    Tally,
    /// Keep nothing.
    Drop,
}

/// What the services need to know of a site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its number.
    pub id: SiteId,
    /// Its domain as the tracker names it: lower case, without `www.`.
    pub domain: String,
    /// The zone whose midnight ends its days.
    pub zone: TimeZone,
    /// What it does with opt-outs.
    pub opt_out: OptOutMode,
}

/// The sites known now. Whoever owns them (SQLite, or the dashboards' API in split mode) fills the list; everyone else
/// reads a snapshot, so that a lookup costs no I/O and outlives the owner's absence.
#[derive(Default)]
pub struct SiteList {
    snapshot: RwLock<Arc<Snapshot>>,
}

#[derive(Default)]
struct Snapshot {
    by_domain: HashMap<String, Arc<Site>>,
    by_id: HashMap<SiteId, Arc<Site>>,
}

impl SiteList {
    /// Replaces the whole list.
    pub fn replace(&self, sites: impl IntoIterator<Item = Site>) {
        let mut next = Snapshot::default();
        for site in sites {
            let site = Arc::new(site);
            next.by_id.insert(site.id, Arc::clone(&site));
            next.by_domain.insert(site.domain.clone(), site);
        }
        // A poisoned lock only means that a reader panicked; the snapshot itself is never half-written.
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }

    /// The site of this domain.
    #[must_use]
    pub fn by_domain(&self, domain: &str) -> Option<Arc<Site>> {
        self.snapshot().by_domain.get(domain).cloned()
    }

    /// The site of this number.
    #[must_use]
    pub fn by_id(&self, id: SiteId) -> Option<Arc<Site>> {
        self.snapshot().by_id.get(&id).cloned()
    }

    /// All sites, in order of their number.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Site>> {
        let mut all: Vec<_> = self.snapshot().by_id.values().cloned().collect();
        all.sort_by_key(|site| site.id);
        all
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_list_forgets_the_sites_that_are_gone() {
        let list = SiteList::default();
        let site = |id, domain: &str| Site {
            id: SiteId(id),
            domain: domain.into(),
            zone: TimeZone::UTC,
            opt_out: OptOutMode::Tally,
        };
        list.replace([site(1, "a.kz"), site(2, "b.kz")]);
        list.replace([site(2, "b.kz")]);
        assert!(list.by_domain("a.kz").is_none());
        assert_eq!(list.all().len(), 1);
        assert_eq!(list.by_id(SiteId(2)).map(|s| s.domain.clone()), Some("b.kz".into()));
    }
}
