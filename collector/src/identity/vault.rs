//! The vault: makes tags, keeps the day's keys, destroys them when the day closes.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use events::{LocalDay, SiteId, VisitorTag};
use jiff::Timestamp;
use zeroize::Zeroize;

use super::Custody;
use super::custody::NoKey;
use super::handover::{Host, Inheritance};
use super::memory::wipe_traces;
use super::secret::Secret;
use crate::address::ClientAddress;

/// Separates this use of a key from every other, and this construction from later ones.
const CONTEXT: &str = "sanaq 2026-11 site-day key from root key, site and date";

/// Separates the public commitment to a root key from its use.
pub(super) const COMMITMENT_CONTEXT: &str = "sanaq 2026-11 public commitment to a root key";

/// Closing instants remembered as destroyed: more than a day has, with every zone there is.
const REMEMBERED: usize = 256;

/// A root key that is gone, and with it the tags of the days that closed at that instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// The closing instant, in Unix seconds.
    pub closes_at: i64,
}

/// A hash of a root key that may be shown: of 256 random bits it tells nothing, and it can't be used to try out tags.
pub type Commitment = [u8; 32];

/// A root key that came to be, or was found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Born {
    /// The closing instant, in Unix seconds.
    pub closes_at: i64,
    /// When it was made or found, in Unix seconds.
    pub at: i64,
    /// Whether an earlier process made it.
    pub found: bool,
    /// The commitment to it.
    pub commitment: Commitment,
}

/// Makes tags, keeps the day's keys, destroys them.
///
/// No key is made for, or used in, a day that has closed: neither when a thread was held up over midnight nor when the
/// clock is set back. A day whose key was destroyed stays without one.
pub struct Vault {
    custody: &'static str,
    state: RwLock<State>,
    failures: AtomicU64,
    /// Makes the tags of events that get no real one: unlinkable, and without the system's generator, which may be what failed.
    nobody: RandomState,
}

struct State {
    custody: Custody,
    /// Site-day keys, for the life of the day.
    derived: HashMap<(SiteId, LocalDay), Secret>,
    /// Closing instants that custody may have a root key for.
    roots: BTreeSet<i64>,
    /// Closing instants whose root key was told of in `births`.
    told: BTreeSet<i64>,
    /// Root keys that nobody has asked about yet.
    births: Vec<Born>,
    /// Closing instants whose key was destroyed, the latest last.
    destroyed: VecDeque<i64>,
    /// The time [`Vault::expire`] was last told.
    expired_at: i64,
}

impl Vault {
    /// A vault over this custody. Keys that an earlier process left there and whose day is still open are found again.
    #[must_use]
    pub fn new(custody: Custody) -> Self {
        let roots = custody.closing_instants().into_iter().collect();
        Self {
            custody: custody.name(),
            state: RwLock::new(State {
                custody,
                derived: HashMap::new(),
                roots,
                told: BTreeSet::new(),
                births: Vec::new(),
                destroyed: VecDeque::new(),
                expired_at: i64::MIN,
            }),
            failures: AtomicU64::new(0),
            nobody: RandomState::new(),
        }
    }

    /// The tag of a visitor on one day of one site. Random, and counted as a failure, when there is no key to be had.
    pub fn tag(
        &self,
        site: SiteId,
        day: &LocalDay,
        now: Timestamp,
        client: &ClientAddress,
        agent: &str,
    ) -> VisitorTag {
        {
            let state = self.read();
            if state.is_open(day, now)
                && let Some(key) = state.derived.get(&(site, *day))
            {
                let tag = tag(key, client, agent);
                wipe_traces();
                return tag;
            }
        }
        let mut state = self.write();
        let tag = state.derive(site, day, now).map(|key| tag(key, client, agent));
        // Before the lock is given back: whoever destroys the key finds no trace of it with us.
        wipe_traces();
        drop(state);
        tag.unwrap_or_else(|NoKey| self.random_tag())
    }

    /// Takes over what an earlier process handed over, as far as those days are still open; then tells of every key found.
    pub fn adopt(&self, inheritance: Inheritance, now: Timestamp) {
        let now = now.as_second();
        let mut state = self.write();
        for (closes_at, root) in inheritance.into_roots() {
            if closes_at > now && state.custody.adopt(closes_at, closes_at - now, root).is_ok() {
                state.roots.insert(closes_at);
            }
        }
        for closes_at in state.roots.clone() {
            if let Some(commitment) = state.custody.held(closes_at).map(|root| commitment(root.expose())) {
                wipe_traces();
                state.told.insert(closes_at);
                state.births.push(Born { closes_at, at: now, found: true, commitment });
            }
        }
    }

    /// The root keys that were born or found since the last call.
    pub fn take_births(&self) -> Vec<Born> {
        std::mem::take(&mut self.write().births)
    }

    /// Whether custody may still have a root key for this closing instant.
    #[must_use]
    pub fn holds(&self, closes_at: i64) -> bool {
        self.read().roots.contains(&closes_at)
    }

    /// Gives up what only this process has, and makes no tag from a key any more.
    pub(super) fn surrender(&self) -> (Option<Host>, BTreeMap<i64, Secret>) {
        let mut state = self.write();
        state.expired_at = i64::MAX;
        state.derived.clear();
        state.custody.surrender()
    }

    /// Destroys the keys of every day that has closed by `now`, and says which. Call it once a second: between closing
    /// instants it costs a comparison.
    pub fn expire(&self, now: Timestamp) -> Vec<Destroyed> {
        let now = now.as_second();
        let mut state = self.write();
        // After a surrender it stays at the end of time.
        if state.expired_at != i64::MAX {
            state.expired_at = now;
        }
        if state.roots.first().is_none_or(|first| *first > now) {
            return Vec::new();
        }
        state.derived.retain(|(_, day), _| day.closes_at > now);
        let due: Vec<i64> = state.roots.range(..=now).copied().collect();
        let mut destroyed = Vec::new();
        for closes_at in due {
            // What could not be destroyed stays due; the kernel's own timeout does not depend on us.
            if state.custody.destroy(closes_at) {
                state.roots.remove(&closes_at);
                state.told.remove(&closes_at);
                state.destroyed.push_back(closes_at);
                destroyed.push(Destroyed { closes_at });
            }
        }
        while state.destroyed.len() > REMEMBERED {
            state.destroyed.pop_front();
        }
        destroyed
    }

    /// How many tags were random because no key could be had.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Where root keys are kept: `keyring`, `locked` or `memory`.
    #[must_use]
    pub fn custody(&self) -> &'static str {
        self.custody
    }

    fn random_tag(&self) -> VisitorTag {
        let count = self.failures.fetch_add(1, Ordering::Relaxed);
        VisitorTag::new(self.nobody.hash_one(count))
    }

    // A poisoned lock means that another thread panicked; every change below is complete at each step.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_open(&self, day: &LocalDay, now: Timestamp) -> bool {
        day.closes_at > now.as_second().max(self.expired_at)
    }

    /// The site-day key. Under the write lock, so two threads at midnight make one root key.
    fn derive(&mut self, site: SiteId, day: &LocalDay, now: Timestamp) -> Result<&Secret, NoKey> {
        if !self.is_open(day, now) || self.destroyed.contains(&day.closes_at) {
            return Err(NoKey);
        }
        if !self.derived.contains_key(&(site, *day)) {
            // Noted before the key is made: a key that nobody noted would not be destroyed.
            self.roots.insert(day.closes_at);
            let root = self.custody.root(day.closes_at, day.closes_at - now.as_second())?;
            if self.told.insert(day.closes_at) {
                let commitment = commitment(root.expose());
                let (closes_at, at) = (day.closes_at, now.as_second());
                self.births.push(Born { closes_at, at, found: false, commitment });
            }
            self.derived.insert((site, *day), site_day_key(root.expose(), site, day));
        }
        self.derived.get(&(site, *day)).ok_or(NoKey)
    }
}

// Out of line, all three: what they leave behind lies where `wipe_traces` of their caller reaches.

#[inline(never)]
fn commitment(root: &[u8; 32]) -> Commitment {
    let mut hasher = blake3::Hasher::new_derive_key(COMMITMENT_CONTEXT);
    hasher.update(root);
    let commitment = hasher.finalize();
    hasher.zeroize();
    *commitment.as_bytes()
}

#[inline(never)]
fn site_day_key(root: &[u8; 32], site: SiteId, day: &LocalDay) -> Secret {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    hasher.update(root);
    hasher.update(&site.0.to_le_bytes());
    hasher.update(&day.date.year().to_le_bytes());
    hasher.update(&[day.date.month().cast_unsigned(), day.date.day().cast_unsigned()]);
    let mut key = Secret::blank();
    let mut output = hasher.finalize_xof();
    output.fill(key.expose_mut());
    output.zeroize();
    hasher.zeroize();
    key
}

#[inline(never)]
fn tag(key: &Secret, client: &ClientAddress, agent: &str) -> VisitorTag {
    let prefix = client.prefix_bytes();
    let mut hasher = blake3::Hasher::new_keyed(key.expose());
    for field in [prefix.as_slice(), agent.as_bytes()] {
        hasher.update(&(field.len() as u64).to_le_bytes());
        hasher.update(field);
    }
    let mut bits = [0; 8];
    let mut output = hasher.finalize_xof();
    output.fill(&mut bits);
    output.zeroize();
    hasher.zeroize();
    VisitorTag::new(u64::from_le_bytes(bits))
}

#[cfg(test)]
mod tests;
