//! The vault: makes tags, keeps the day's keys, destroys them when the day closes.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use events::{LocalDay, SiteId, VisitorTag};
use jiff::Timestamp;
use zeroize::Zeroize;

use super::Custody;
use super::custody::NoKey;
use super::secret::Secret;
use crate::address::ClientAddress;

/// Separates this use of a key from every other, and this construction from later ones.
const CONTEXT: &str = "sanaq 2026-11 site-day key from root key, site and date";

/// Closing instants remembered as destroyed: more than a day has, with every zone there is.
const REMEMBERED: usize = 256;

/// A root key that is gone, and with it the tags of the days that closed at that instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// The closing instant, in Unix seconds.
    pub closes_at: i64,
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
                return tag(key, client, agent);
            }
        }
        let mut state = self.write();
        match state.derive(site, day, now) {
            Ok(key) => tag(key, client, agent),
            Err(NoKey) => {
                drop(state);
                self.random_tag()
            }
        }
    }

    /// Destroys the keys of every day that has closed by `now`, and says which. Call it once a second: between closing
    /// instants it costs a comparison.
    pub fn expire(&self, now: Timestamp) -> Vec<Destroyed> {
        let now = now.as_second();
        let mut state = self.write();
        state.expired_at = now;
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

    /// Where root keys are kept: `keyring` or `memory`.
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
            self.derived.insert((site, *day), site_day_key(root.expose(), site, day));
        }
        self.derived.get(&(site, *day)).ok_or(NoKey)
    }
}

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
