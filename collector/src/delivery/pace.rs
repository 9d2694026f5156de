//! When the open segment is due. Each INSERT makes parts that have to be merged, so that steady traffic gets one batch per
//! interval; but somebody who watches their first beacons arrive shouldn't wait for it. A few quick batches are always in
//! hand: each costs one, and one comes back per interval.

use std::time::{Duration, Instant};

use crate::journal::{GOOD_BATCH_ROWS, Stats};

/// Quick batches in hand at most.
const QUICK: u32 = 5;

/// Decides when a batch is sealed.
#[derive(Debug)]
pub struct Pace {
    linger: Duration,
    interval: Duration,
    /// Until when quick batches have been spent ahead of time.
    spent_until: Instant,
}

impl Pace {
    /// A pace with all quick batches in hand.
    #[must_use]
    pub fn new(linger: Duration, interval: Duration, now: Instant) -> Self {
        Self { linger, interval, spent_until: now }
    }

    /// How long what is undelivered should still wait for company.
    #[must_use]
    pub fn wait(&self, stats: &Stats, now: Instant) -> Duration {
        if stats.open_rows >= GOOD_BATCH_ROWS {
            return Duration::ZERO;
        }
        // Sealed already, but not published: no row will be added, so there is nothing to wait for.
        let Some(since) = stats.open_since else { return Duration::ZERO };
        let in_hand_from = self.spent_until.checked_sub(self.interval * (QUICK - 1)).unwrap_or(now);
        (since + self.linger).max(in_hand_from).saturating_duration_since(now)
    }

    /// A batch is sealed.
    pub fn sealed(&mut self, stats: &Stats, now: Instant) {
        if stats.open_rows < GOOD_BATCH_ROWS {
            self.spent_until = self.spent_until.max(now) + self.interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINGER: Duration = Duration::from_millis(50);
    const INTERVAL: Duration = Duration::from_secs(1);

    fn stats(rows: u64, since: Instant) -> Stats {
        Stats { open_rows: rows, open_since: Some(since), ..Stats::default() }
    }

    /// Batches sealed within `span` when rows come all the time.
    fn batches(span: Duration) -> Vec<Duration> {
        let start = Instant::now();
        let mut pace = Pace::new(LINGER, INTERVAL, start);
        let (mut now, mut sealed) = (start, Vec::new());
        loop {
            let open = stats(10, now);
            now += pace.wait(&open, now);
            if now >= start + span {
                return sealed;
            }
            pace.sealed(&open, now);
            sealed.push(now - start);
        }
    }

    #[test]
    fn the_first_batches_are_quick_and_steady_traffic_gets_one_per_interval() {
        let sealed = batches(Duration::from_secs(60));
        assert_eq!(sealed[0], LINGER);
        assert!(sealed[4] < INTERVAL, "{sealed:?}");
        let steady = &sealed[10..];
        assert!(steady.windows(2).all(|pair| pair[1] - pair[0] == INTERVAL), "{sealed:?}");
    }

    #[test]
    fn after_a_pause_batches_are_quick_again() {
        let start = Instant::now();
        let mut pace = Pace::new(LINGER, INTERVAL, start);
        for _ in 0..20 {
            pace.sealed(&stats(1, start), start);
        }
        let later = start + Duration::from_secs(25);
        assert_eq!(pace.wait(&stats(1, later), later), LINGER);
    }

    #[test]
    fn a_good_batch_waits_for_nothing() {
        let start = Instant::now();
        let mut pace = Pace::new(LINGER, INTERVAL, start);
        for _ in 0..20 {
            pace.sealed(&stats(1, start), start);
        }
        assert_eq!(pace.wait(&stats(GOOD_BATCH_ROWS, start), start), Duration::ZERO);
    }
}
