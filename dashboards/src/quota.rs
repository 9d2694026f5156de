//! How many questions a program may ask: so many an hour for each key, as clients of other tools expect.
//!
//! A bucket that refills steadily: a key that rested may ask its hour's worth at once. In memory; a restart forgives.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::control::KeyId;

/// Questions an hour for each key, unless the operator says otherwise.
pub(crate) const QUESTIONS_PER_HOUR: u32 = 600;
const HOUR_MS: i64 = 3_600_000;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Milliseconds' worth of questions that are left.
    left_ms: i64,
    at_ms: i64,
}

/// The buckets of all keys. As many as there are keys: staff make them.
#[derive(Debug)]
pub(crate) struct Quota {
    per_hour: u32,
    buckets: Mutex<HashMap<KeyId, Bucket>>,
}

impl Quota {
    /// Full buckets of so many questions; of one at least.
    pub(crate) fn new(per_hour: u32) -> Self {
        Self { per_hour: per_hour.max(1), buckets: Mutex::default() }
    }

    /// How many questions an hour.
    pub(crate) const fn per_hour(&self) -> u32 {
        self.per_hour
    }

    /// Takes one question from a key's hour, or says in how many seconds there will be one.
    pub(crate) fn take(&self, key: KeyId, now_ms: i64) -> Result<(), u64> {
        let cost_ms = HOUR_MS / i64::from(self.per_hour);
        let mut all = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = all.entry(key).or_insert(Bucket { left_ms: HOUR_MS, at_ms: now_ms });
        // A clock set back adds nothing.
        bucket.left_ms = (bucket.left_ms + (now_ms - bucket.at_ms).max(0)).min(HOUR_MS);
        bucket.at_ms = now_ms;
        if bucket.left_ms < cost_ms {
            return Err(u64::try_from((cost_ms - bucket.left_ms + 999) / 1000).unwrap_or(1));
        }
        bucket.left_ms -= cost_ms;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hours_worth_may_be_asked_at_once_and_comes_back_steadily() {
        let quota = Quota::new(QUESTIONS_PER_HOUR);
        let key = KeyId(1);
        for _ in 0..QUESTIONS_PER_HOUR {
            assert_eq!(quota.take(key, 0), Ok(()));
        }
        assert_eq!(quota.take(key, 0), Err(6));
        assert_eq!(quota.take(KeyId(2), 0), Ok(()));
        assert_eq!(quota.take(key, 6_000), Ok(()));
        assert_eq!(quota.take(key, 6_001), Err(6));
        let small = Quota::new(2);
        assert_eq!([small.take(key, 0), small.take(key, 0), small.take(key, 0)], [Ok(()), Ok(()), Err(1800)]);
        // A clock set back neither gives nor takes.
        assert_eq!(quota.take(key, -9_000_000), Err(6));
    }
}
