//! Slowing down whoever guesses passwords, without locking anybody out.
//!
//! Each account has a few attempts free; after that each one must wait twice as long as the one before, a minute at most,
//! and an hour without attempts forgets everything. Attempts in the waiting time are turned away unlooked at and don't
//! prolong it. Unknown addresses are treated the same, so that nothing shows who works here. A browser that the person has
//! signed in from before counts separately (the caller picks the key): a guesser elsewhere cannot make them wait.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Attempts without waiting.
const FREE: u32 = 5;
const LONGEST_WAIT_MS: i64 = 60_000;
/// Within the hour after which everything is forgotten.
const LONGEST_WAIT_FOR_CODES_MS: i64 = 900_000;
const FORGET_MS: i64 = 3_600_000;
/// Accounts remembered at once, about 600 KiB.
const CAPACITY: usize = 10_000;

/// What an attempt is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 16]);

impl Key {
    /// The account of this address, as seen from this browser if it is a known one.
    pub(crate) fn of(email: &str, device: Option<&str>) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("sanaq sign-in throttle");
        hasher.update(&[u8::from(device.is_some())]);
        hasher.update(device.unwrap_or_default().as_bytes());
        hasher.update(email.trim().to_lowercase().as_bytes());
        let mut key = [0; 16];
        hasher.finalize_xof().fill(&mut key);
        Self(key)
    }
}

#[derive(Clone, Copy, Debug)]
struct Attempts {
    failed: u32,
    last_ms: i64,
}

/// The attempts of the last hour, in memory: a restart forgives.
#[derive(Debug)]
pub(crate) struct Throttle {
    attempts: Mutex<HashMap<Key, Attempts>>,
    longest_wait_ms: i64,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { attempts: Mutex::default(), longest_wait_ms: LONGEST_WAIT_MS }
    }
}

impl Throttle {
    /// For codes of the second factor: there are only a million, of which three are good at any time, and who guesses them
    /// knows the password already. A quarter of an hour apart, a day's guesses find one in 3,500 days.
    pub(crate) fn of_codes() -> Self {
        Self { longest_wait_ms: LONGEST_WAIT_FOR_CODES_MS, ..Self::default() }
    }

    /// Counts an attempt as failed until [`Throttle::forgive`], so that many at once don't slip through together.
    /// In the waiting time: how many seconds are left of it.
    pub(crate) fn attempt(&self, key: Key, now_ms: i64) -> Result<(), u64> {
        let mut all = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= CAPACITY && !all.contains_key(&key) {
            make_room(&mut all, now_ms);
        }
        let attempts = all.entry(key).or_insert(Attempts { failed: 0, last_ms: now_ms });
        // A clock set back must not prolong the wait.
        attempts.last_ms = attempts.last_ms.min(now_ms);
        let since_ms = now_ms - attempts.last_ms;
        if since_ms >= FORGET_MS {
            attempts.failed = 0;
        }
        let left_ms = self.wait_ms(attempts.failed) - since_ms;
        if left_ms > 0 {
            return Err(u64::try_from(left_ms).unwrap_or_default().div_ceil(1000));
        }
        *attempts = Attempts { failed: attempts.failed.saturating_add(1), last_ms: now_ms };
        Ok(())
    }

    /// The attempt was right: nothing is held against this key any longer.
    pub(crate) fn forgive(&self, key: Key) {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    fn wait_ms(&self, failed: u32) -> i64 {
        match failed.checked_sub(FREE) {
            None => 0,
            Some(over) => (1000_i64 << over.min(10)).min(self.longest_wait_ms),
        }
    }

    /// The attempt was not looked at after all.
    pub(crate) fn refund(&self, key: Key) {
        let mut all = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(attempts) = all.get_mut(&key) {
            attempts.failed = attempts.failed.saturating_sub(1);
        }
    }
}

/// Forgets what may be forgotten, and if that is nothing the one with the fewest and oldest attempts: a flood of made-up
/// addresses must not wash out the account under attack.
fn make_room(all: &mut HashMap<Key, Attempts>, now_ms: i64) {
    all.retain(|_, attempts| now_ms - attempts.last_ms < FORGET_MS);
    if all.len() >= CAPACITY
        && let Some(least) = all.iter().min_by_key(|(_, a)| (a.failed, a.last_ms)).map(|(key, _)| *key)
    {
        all.remove(&least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(email: &str) -> Key {
        Key::of(email, None)
    }

    #[test]
    fn waits_double_from_the_sixth_attempt_and_end_at_a_minute() {
        let throttle = Throttle::default();
        let mut now = 0;
        for _ in 0..FREE {
            assert_eq!(throttle.attempt(key("a"), now), Ok(()));
        }
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            assert_eq!(throttle.attempt(key("a"), now), Err(seconds));
            // Asking in vain doesn't prolong it.
            assert_eq!(throttle.attempt(key("a"), now + 1), Err(seconds));
            now += i64::try_from(seconds).unwrap() * 1000;
            assert_eq!(throttle.attempt(key("a"), now), Ok(()), "after {seconds} s");
        }
        assert_eq!(throttle.attempt(key("b"), now), Ok(()));
    }

    #[test]
    fn guessed_codes_wait_a_quarter_of_an_hour() {
        let throttle = Throttle::of_codes();
        let mut now = 0;
        for _ in 0..FREE + 20 {
            let wait = throttle.attempt(key("a"), now).err().unwrap_or_default();
            now += i64::try_from(wait).unwrap() * 1000;
            if wait > 0 {
                throttle.attempt(key("a"), now).unwrap();
            }
        }
        assert_eq!(throttle.attempt(key("a"), now), Err(900));
    }

    #[test]
    fn success_and_an_hour_of_quiet_forgive() {
        let throttle = Throttle::default();
        for _ in 0..FREE {
            throttle.attempt(key("a"), 0).unwrap();
            throttle.attempt(key("b"), 0).unwrap();
        }
        throttle.forgive(key("a"));
        assert_eq!(throttle.attempt(key("a"), 0), Ok(()));
        assert!(throttle.attempt(key("b"), 0).is_err());
        throttle.refund(key("b"));
        assert_eq!(throttle.attempt(key("b"), 0), Ok(()));
        for _ in 0..FREE {
            assert_eq!(throttle.attempt(key("b"), FORGET_MS), Ok(()));
        }
    }

    #[test]
    fn a_known_browser_counts_for_itself_and_spelling_does_not_matter() {
        assert_ne!(Key::of("a@b.kz", None), Key::of("a@b.kz", Some("1")));
        assert_ne!(Key::of("a@b.kz", Some("")), Key::of("a@b.kz", None));
        assert_eq!(key(" A@b.KZ"), key("a@b.kz"));
    }

    #[test]
    fn a_flood_of_addresses_does_not_wash_out_the_one_under_attack() {
        let throttle = Throttle::default();
        for _ in 0..FREE {
            throttle.attempt(key("victim"), 0).unwrap();
        }
        for n in 0..CAPACITY + 100 {
            throttle.attempt(key(&n.to_string()), 1).unwrap();
        }
        assert!(throttle.attempt(key("victim"), 2).is_err());
        assert_eq!(throttle.attempts.lock().unwrap().len(), CAPACITY);
    }

    #[test]
    fn a_clock_set_back_does_not_prolong_the_wait() {
        let throttle = Throttle::default();
        for _ in 0..FREE {
            throttle.attempt(key("a"), 100_000_000).unwrap();
        }
        assert_eq!(throttle.attempt(key("a"), 0), Err(1));
        assert_eq!(throttle.attempt(key("a"), 1000), Ok(()));
    }
}
