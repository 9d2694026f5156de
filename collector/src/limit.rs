//! How much one source may send: a token bucket for each address prefix, /24 of IPv4 and /48 of IPv6.
//!
//! Nothing here is an address. A source is the keyed hash of its prefix, cut to a place in a table and 24 bits; the key is made from
//! the operating system's generator, lives in memory alone and for [`PERIOD`] at most, and goes together with every bucket: a
//! bucket is full again within seconds, so nothing needs a source to be known for longer. Time is the process's own
//! (`Instant`), which no operator and no time server moves.
//!
//! The table has a fixed size ([`SETS`] × [`WAYS`] words, 512 KiB) and takes no lock but the key's: a bucket is one word, and
//! spending from it is one compare-and-swap. A source may use any of the 8 places of its set. When all are taken, the bucket
//! that is nearest to full is forgotten: one that *is* full loses nothing by it, and among those that are not, the source that
//! owes least is forgiven, never the one that floods. A forgiven debt is counted. Who has more prefixes than the table has
//! places is beyond what a limit for each source can do; the bound on all beacons in flight stands behind it.

mod bucket;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use rand::TryRng;
use rand::rngs::SysRng;
use siphasher::sip::SipHasher24;
use zeroize::Zeroizing;

use crate::address::SourcePrefix;
use bucket::{Rate, Word};

/// The longest that a key, and any bucket under it, lives.
pub const PERIOD: Duration = Duration::from_secs(3600);

/// Sets of the table; a power of two.
const SETS: usize = 8192;
/// Places of a set: one cache line.
const WAYS: usize = 8;

/// What one source may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLimit {
    /// Beacons a second, for as long as it likes; 0 turns the limit off. Default 100: some 8 million a day from one /24.
    pub rate: u32,
    /// Beacons at once, after a while of silence. Default 2,000: a school that opens the same page in one lesson, or a mobile
    /// carrier whose customers share a few addresses.
    pub burst: u32,
}

impl Default for SourceLimit {
    fn default() -> Self {
        Self { rate: 100, burst: 2_000 }
    }
}

/// Buckets of the sources that sent something lately.
pub struct Limiter {
    rate: Option<Rate>,
    period: RwLock<Period>,
    places: Box<[AtomicU64]>,
    forgiven: AtomicU64,
}

/// A key, and since when it is the key.
struct Period {
    key: Zeroizing<[u8; 16]>,
    began: Instant,
}

impl Limiter {
    /// Full buckets for everybody. `now` is the beginning of time.
    #[must_use]
    pub fn new(limit: SourceLimit, now: Instant) -> Self {
        let rate = Rate::new(limit.rate, limit.burst);
        // Without a limit no table is needed.
        let places = if rate.is_some() { SETS * WAYS } else { 0 };
        let mut period = Period { key: Zeroizing::new([0; 16]), began: now };
        period.renew(now);
        Self {
            rate,
            period: RwLock::new(period),
            places: (0..places).map(|_| AtomicU64::new(Word::VACANT)).collect(),
            forgiven: AtomicU64::new(0),
        }
    }

    /// Takes so many tokens from the source's bucket; `false`, and nothing is taken, when it has not as many. More than a whole
    /// bucket can't be asked for: then a full one is needed.
    pub(crate) fn admits(&self, source: &SourcePrefix, beacons: usize, now: Instant) -> bool {
        let Some(rate) = self.rate else { return true };
        let (hash, now_us) = loop {
            let period = self.period.read().unwrap_or_else(PoisonError::into_inner);
            if !period.is_over(now) {
                break (period.hash(source), micros(now.saturating_duration_since(period.began)));
            }
            drop(period);
            self.turn(now);
        };
        let set = usize::try_from(hash % SETS as u64).expect("below the number of sets");
        let places = &self.places[set * WAYS..][..WAYS];
        loop {
            let mut place = Chosen::of(places, Word::print(hash));
            let known = place.word.full_at_us(Word::print(hash));
            let Some(full_at_us) = rate.take(known.unwrap_or(0), now_us, beacons) else { return false };
            if place.take(Word::new(hash, full_at_us)) {
                if known.is_none() && place.word.owes(now_us) {
                    self.forgiven.fetch_add(1, Relaxed);
                }
                return true;
            }
        }
    }

    /// Begins a new period if the one before is over: another key, and full buckets for everybody.
    pub fn turn(&self, now: Instant) {
        if !self.period.read().unwrap_or_else(PoisonError::into_inner).is_over(now) {
            return;
        }
        let mut period = self.period.write().unwrap_or_else(PoisonError::into_inner);
        if period.is_over(now) {
            period.renew(now);
            self.places.iter().for_each(|place| place.store(Word::VACANT, Relaxed));
        }
    }

    /// Buckets that were forgotten while they owed something, since the start.
    pub fn forgiven(&self) -> u64 {
        self.forgiven.load(Relaxed)
    }

    /// Places of the table, and how many of them somebody has.
    #[cfg(test)]
    fn places(&self) -> (usize, usize) {
        let taken = self.places.iter().filter(|place| place.load(Relaxed) != Word::VACANT).count();
        (self.places.len(), taken)
    }
}

impl Period {
    /// Another key from now on. Should there be none to be had, the table is emptied all the same: the old key then leads to
    /// nothing.
    fn renew(&mut self, now: Instant) {
        let mut key = Zeroizing::new([0; 16]);
        if SysRng.try_fill_bytes(&mut key[..]).is_ok() {
            self.key = key;
        }
        self.began = now;
    }

    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= PERIOD
    }

    /// SipHash, which is made for short texts that others choose, at a fraction of what the hash behind a tag costs. Whoever finds the
    /// table without the key learns nothing from it; with the key, networks can be tried one by one, whatever the hash. So the
    /// key goes soon.
    fn hash(&self, source: &SourcePrefix) -> u64 {
        SipHasher24::new_with_key(&self.key).hash(source.as_slice())
    }
}

/// A place of a set, and what stood there when it was chosen.
struct Chosen<'a> {
    place: &'a AtomicU64,
    word: Word,
}

impl<'a> Chosen<'a> {
    /// The source's own place, else the one whose bucket is nearest to full; a vacant one is full.
    fn of(places: &'a [AtomicU64], print: u64) -> Self {
        let mut fullest: Option<Self> = None;
        for place in places {
            let word = Word::read(place.load(Relaxed));
            if word.full_at_us(print).is_some() {
                return Self { place, word };
            }
            if fullest.as_ref().is_none_or(|other| word.is_fuller_than(other.word)) {
                fullest = Some(Self { place, word });
            }
        }
        fullest.expect("a set has places")
    }

    /// Puts this there, unless somebody was quicker.
    fn take(&mut self, word: Word) -> bool {
        self.place.compare_exchange(self.word.bits(), word.bits(), Relaxed, Relaxed).is_ok()
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
