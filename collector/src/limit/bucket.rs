//! A token bucket as one number: the instant at which it will be full again. Spending a token puts that off by the time a token
//! takes to come; a bucket may be as far from full as its burst allows. An instant that has passed is a full bucket.

/// Most tokens of a bucket, and most that come in a second.
const MOST: u32 = 1_000_000;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Time for one token.
    token_us: u64,
    /// Time from empty to full.
    whole_us: u64,
    burst: u64,
}

impl Rate {
    /// So many tokens a second, and so many at once; `None` when there is no limit.
    pub(super) fn new(per_second: u32, burst: u32) -> Option<Self> {
        if per_second == 0 {
            return None;
        }
        let token_us = 1_000_000 / u64::from(per_second.min(MOST));
        let burst = u64::from(burst.clamp(1, MOST));
        Some(Self { token_us, whole_us: token_us * burst, burst })
    }

    /// When the bucket will be full again if so many tokens are taken now; `None` when it has not as many.
    ///
    /// Two processors may read the clock a little apart, so a bucket may seem emptier than empty; it counts as empty. One that
    /// would take a second filling to get there was left by a clock that has gone back, and counts as full: so nobody who is
    /// turned away waits for longer than two fillings.
    pub(super) fn take(self, full_at_us: u64, now_us: u64, tokens: usize) -> Option<u64> {
        let tokens = u64::try_from(tokens).unwrap_or(u64::MAX).min(self.burst);
        let latest = now_us.saturating_add(self.whole_us);
        let from =
            if full_at_us > latest.saturating_add(self.whole_us) { now_us } else { full_at_us.max(now_us) };
        let full_at = from.saturating_add(self.token_us * tokens);
        (full_at <= latest).then_some(full_at)
    }
}

/// A source's bucket in the table: 24 bits of who, and 40 bits of when it is full again, in microseconds. That is 12 days: a
/// period and the slowest bucket there may be (a million tokens, one a second).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(u64);

const TIME_BITS: u32 = 40;
const TIME: u64 = (1 << TIME_BITS) - 1;

impl Word {
    /// Nobody's.
    pub(super) const VACANT: u64 = 0;

    /// The bits of a hash by which a source is told from others of its set; never 0.
    pub(super) fn print(hash: u64) -> u64 {
        (hash >> TIME_BITS).max(1)
    }

    pub(super) fn new(hash: u64, full_at_us: u64) -> Self {
        Self(Self::print(hash) << TIME_BITS | full_at_us.min(TIME))
    }

    pub(super) fn read(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }

    /// When this source's bucket is full again; `None` when it is another's.
    pub(super) fn full_at_us(self, print: u64) -> Option<u64> {
        (self.0 >> TIME_BITS == print).then_some(self.0 & TIME)
    }

    pub(super) fn is_fuller_than(self, other: Self) -> bool {
        self.0 & TIME < other.0 & TIME
    }

    /// Whether it is not full yet.
    pub(super) fn owes(self, now_us: u64) -> bool {
        self.0 & TIME > now_us
    }
}
