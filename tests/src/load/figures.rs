//! What a client saw, phase by phase.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Times in microseconds.
#[derive(Clone, Debug, Default)]
pub struct Times(pub(super) Vec<u32>);

impl Times {
    pub(super) fn add(&mut self, time: Duration) {
        self.0.push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
    }

    /// The time below which this share of the answers came.
    #[must_use]
    pub fn quantile(&self, per_mille: usize) -> Duration {
        let mut sorted = self.0.clone();
        let at = (sorted.len() * per_mille / 1000).min(sorted.len().saturating_sub(1));
        if sorted.is_empty() {
            return Duration::ZERO;
        }
        let (_, time, _) = sorted.select_nth_unstable(at);
        Duration::from_micros(u64::from(*time))
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |per_mille| self.quantile(per_mille).as_secs_f64() * 1e3;
        write!(f, "p50 {:.2} ms, p99 {:.2} ms", ms(500), ms(990))
    }
}

/// A stretch of a run that is told apart.
#[derive(Clone, Debug, Default)]
pub struct Phase {
    /// How long it was.
    pub took: Duration,
    /// Requests sent in it.
    pub sent: u64,
    /// Answers that promise something.
    pub acknowledged: u64,
    /// Other answers, by status.
    pub refused: BTreeMap<u16, u64>,
    /// Requests that got no answer: nothing is known of them.
    pub broken: u64,
    /// 202s that say that nothing was kept.
    pub dropped: u64,
    /// Times of acknowledgements: from the moment a request was due, where there is a rate, and else from when it was sent.
    /// What waits behind a slow answer is slow too.
    pub acks: Times,
    /// Times of refusals, from when the request was sent.
    pub refusals: Times,
}

impl Phase {
    /// Refusals of any status.
    #[must_use]
    pub fn all_refused(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Acknowledgements a second.
    #[must_use]
    pub fn goodput(&self) -> f64 {
        per_second(self.acknowledged, self.took)
    }

    /// Requests sent a second.
    #[must_use]
    pub fn offered(&self) -> f64 {
        per_second(self.sent, self.took)
    }
}

/// So many in this time, in a second.
#[must_use]
pub fn per_second(count: u64, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64().max(1e-9)
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// The numbers of the beacons that were acknowledged.
    pub acknowledged: Vec<u64>,
    /// The first number that was not used.
    pub next: u64,
    /// Its stretches.
    pub phases: Vec<Phase>,
}

impl Done {
    /// The sum of something over all phases.
    pub fn sum(&self, of: impl Fn(&Phase) -> u64) -> u64 {
        self.phases.iter().map(of).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_time_that_was_seen() {
        let mut times = Times::default();
        assert_eq!(times.quantile(990), Duration::ZERO);
        for ms in (1..=100).rev() {
            times.add(Duration::from_millis(ms));
        }
        assert_eq!(times.quantile(500), Duration::from_millis(51));
        assert_eq!(times.quantile(990), Duration::from_millis(100));
    }
}
