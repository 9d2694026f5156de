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
    /// Count the visitor like any other. For sites whose lawyer says so.
    Ignore,
}

impl OptOutMode {
    /// Every mode there is.
    pub const ALL: [Self; 3] = [Self::Tally, Self::Drop, Self::Ignore];

    /// Its name in the control plane, the API and the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tally => "tally",
            Self::Drop => "drop",
            Self::Ignore => "ignore",
        }
    }

    /// The mode of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
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
    /// What it takes beacons from and what it keeps of them.
    pub rules: SiteRules,
    /// Hashes of the keys that may send beacons for it in a server's name.
    pub keys: Vec<KeyHash>,
}

/// The rules of one site, as staff wrote them. The collector compiles them; an empty list rules nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteRules {
    /// Hosts that pages may have: `example.kz`, `*.example.kz`, or `*`. Empty: the site's domain and its subdomains.
    pub allow_hosts: Vec<String>,
    /// Addresses and networks (`192.0.2.0/24`) whose beacons are dropped.
    pub shield_addresses: Vec<String>,
    /// Countries (ISO 3166-1 alpha-2) whose beacons are dropped.
    pub shield_countries: Vec<String>,
    /// Paths whose beacons are dropped; `*` stands for anything but a slash, `**` for anything.
    pub shield_pages: Vec<String>,
    /// Hosts of pages whose beacons are dropped, as in `allow_hosts`.
    pub shield_hosts: Vec<String>,
    /// Query parameters that are excepted from the removal of the query: they stay part of the path.
    pub keep_params: Vec<String>,
    /// Custom properties that are kept. Empty: all of them.
    pub allow_props: Vec<String>,
    /// The website's id (a UUID) in the Umami it came from.
    pub umami_id: Option<String>,
    /// Visitors of the smallest group that may be told.
    pub thresholds: Thresholds,
    /// How long what is sealed is kept; none: as `[retention]` says.
    pub keep: Option<KeepMonths>,
}

/// Visitors of the smallest group that may be told, where a site has a number of its own; 3 at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// To members of the site.
    pub staff: Option<u32>,
    /// To everybody else.
    pub public: Option<u32>,
}

impl Thresholds {
    /// No threshold is below this.
    pub const LEAST: u32 = 3;
}

/// How long a site keeps what is sealed, in months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepMonths {
    /// Visits and hits; 0 keeps statistics only.
    pub detail: u16,
    /// Statistics; none for no limit.
    pub statistics: Option<u16>,
}

/// BLAKE3 of a site key. Found by [`SiteList::by_key`]; prints as `***`.
#[derive(Clone, Copy)]
pub struct KeyHash(pub [u8; 32]);

impl KeyHash {
    /// Whether both are of one key; takes as long whatever they differ in.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }

    /// Where the list looks for it.
    fn shelf(&self) -> [u8; 4] {
        [self.0[0], self.0[1], self.0[2], self.0[3]]
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(***)")
    }
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
    by_umami_id: HashMap<String, Arc<Site>>,
    /// Keys by the first bytes of their hash, so that the whole of it is only ever compared in constant time.
    by_key: HashMap<[u8; 4], Vec<(KeyHash, Arc<Site>)>>,
}

impl SiteList {
    /// Replaces the whole list.
    pub fn replace(&self, sites: impl IntoIterator<Item = Site>) {
        let mut next = Snapshot::default();
        for site in sites {
            let site = Arc::new(site);
            next.by_id.insert(site.id, Arc::clone(&site));
            if let Some(id) = &site.rules.umami_id {
                next.by_umami_id.insert(id.clone(), Arc::clone(&site));
            }
            for key in &site.keys {
                next.by_key.entry(key.shelf()).or_default().push((*key, Arc::clone(&site)));
            }
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

    /// The site that had this website id in Umami, spelt in lower case.
    #[must_use]
    pub fn by_umami_id(&self, id: &str) -> Option<Arc<Site>> {
        self.snapshot().by_umami_id.get(id).cloned()
    }

    /// The site that this key may send beacons for.
    #[must_use]
    pub fn by_key(&self, key: &KeyHash) -> Option<Arc<Site>> {
        let snapshot = self.snapshot();
        let shelf = snapshot.by_key.get(&key.shelf())?;
        shelf.iter().find(|(known, _)| known.is(key)).map(|(_, site)| Arc::clone(site))
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
            rules: SiteRules::default(),
            keys: Vec::new(),
        };
        list.replace([site(1, "a.kz"), site(2, "b.kz")]);
        list.replace([site(2, "b.kz")]);
        assert!(list.by_domain("a.kz").is_none());
        assert_eq!(list.all().len(), 1);
        assert_eq!(list.by_id(SiteId(2)).map(|s| s.domain.clone()), Some("b.kz".into()));
    }
    #[test]
    fn a_key_finds_its_site_and_only_while_it_is_listed() {
        let list = SiteList::default();
        let site = |id, keys| Site {
            id: SiteId(id),
            domain: format!("{id}.kz"),
            zone: TimeZone::UTC,
            opt_out: OptOutMode::Tally,
            rules: SiteRules { umami_id: Some(format!("u{id}")), ..SiteRules::default() },
            keys,
        };
        // The same shelf: they differ in the last byte only.
        let (one, mut other) = (KeyHash([7; 32]), KeyHash([7; 32]));
        other.0[31] = 8;
        list.replace([site(1, vec![one]), site(2, vec![other])]);
        let found = |key| list.by_key(key).map(|site| site.id.0);
        assert_eq!((found(&one), found(&other), found(&KeyHash([9; 32]))), (Some(1), Some(2), None));
        assert_eq!(list.by_umami_id("u2").map(|site| site.id.0), Some(2));
        list.replace([site(1, Vec::new())]);
        assert_eq!(list.by_key(&one).map(|site| site.id.0), None);
        assert_eq!(format!("{one:?}"), "KeyHash(***)");
    }
}
