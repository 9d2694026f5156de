use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::address::{ClientAddress, TrustedProxies};

const SECOND: Duration = Duration::from_secs(1);

fn source(text: &str) -> SourcePrefix {
    ClientAddress::parse(text).unwrap().source(&TrustedProxies::default()).unwrap()
}

/// A source of its own for each number.
fn numbered(number: u32) -> SourcePrefix {
    source(&format!("2001:{:x}:{:x}::1", number >> 16, number & 0xFFFF))
}

fn limiter(rate: u32, burst: u32) -> (Limiter, Instant) {
    let now = Instant::now();
    (Limiter::new(SourceLimit { rate, burst }, now), now)
}

/// How many of so many tries at this instant are let through.
fn admitted(limiter: &Limiter, source: &SourcePrefix, tries: u32, now: Instant) -> u32 {
    (0..tries).map(|_| u32::from(limiter.admits(source, 1, now))).sum()
}

#[test]
fn a_source_may_send_a_burst_and_then_its_rate() {
    let (limiter, now) = limiter(10, 50);
    let school = source("203.0.113.7");
    assert_eq!(admitted(&limiter, &school, 100, now), 50);
    assert_eq!(admitted(&limiter, &school, 100, now + SECOND), 10);
    assert_eq!(admitted(&limiter, &school, 100, now + SECOND * 3), 20);
    assert_eq!(
        admitted(&limiter, &school, 100, now + SECOND * 3600 / 2),
        50,
        "no more than a burst is saved up"
    );
}

#[test]
fn a_source_is_a_prefix_and_sources_do_not_disturb_each_other() {
    let (limiter, now) = limiter(1, 2);
    for (one, neighbour, other) in [
        ("203.0.113.7", "203.0.113.250", "203.0.114.7"),
        ("2001:db8:1:2::3", "2001:db8:1:ffff::1", "2001:db8:2:2::3"),
        ("::ffff:198.51.100.1", "198.51.100.2", "198.51.101.1"),
    ] {
        assert!(limiter.admits(&source(one), 1, now));
        assert!(limiter.admits(&source(neighbour), 1, now));
        assert!(!limiter.admits(&source(one), 1, now), "{neighbour} is of the same source");
        assert!(limiter.admits(&source(other), 1, now), "{other} is another source");
    }
}

#[test]
fn whoever_has_no_source_is_no_client_of_ours() {
    let trusted = TrustedProxies::parse(&["10.0.0.0/8"]).unwrap();
    let of = |text: &str| ClientAddress::parse(text).unwrap().source(&trusted).is_some();
    // A proxy that doesn't say for whom it asks, and whoever is on this machine.
    assert!(!of("10.1.2.3") && !of("127.0.0.1") && !of("::1"));
    assert!(of("192.168.1.1") && of("203.0.113.7") && of("2001:db8::1"));
}

#[test]
fn a_rate_of_0_is_no_limit_and_takes_no_memory() {
    let (limiter, now) = limiter(0, 1);
    assert_eq!(admitted(&limiter, &source("203.0.113.7"), 10_000, now), 10_000);
    assert_eq!(limiter.places(), (0, 0));
}

#[test]
fn a_batch_costs_as_many_tokens_as_it_has_beacons_and_a_refused_one_none() {
    let (limiter, now) = limiter(1, 10);
    let source = source("203.0.113.7");
    assert!(limiter.admits(&source, 7, now));
    assert!(!limiter.admits(&source, 4, now));
    assert!(limiter.admits(&source, 3, now));
    // More than a bucket holds takes a full one, else it could never be sent.
    assert!(!limiter.admits(&source, 1_000, now + SECOND * 9));
    assert!(limiter.admits(&source, 1_000, now + SECOND * 10));
}

#[test]
fn a_new_period_has_another_key_and_full_buckets() {
    let (limiter, now) = limiter(1, 1);
    let source = source("203.0.113.7");
    let key = || *limiter.period.read().unwrap().key;
    let first = key();
    assert_ne!(first, [0; 16]);
    assert!(limiter.admits(&source, 1, now));
    limiter.turn(now + PERIOD - Duration::from_nanos(1));
    assert_eq!((key(), limiter.places().1), (first, 1));
    limiter.turn(now + PERIOD);
    assert_ne!(key(), first, "the key of the period before is gone");
    assert_eq!(limiter.places().1, 0, "and so is every trace of who sent something");
    assert!(limiter.admits(&source, 1, now + PERIOD));
    assert!(!limiter.admits(&source, 1, now + PERIOD));
    // Nobody has to call for it: the next beacon does as well.
    assert!(limiter.admits(&source, 1, now + PERIOD * 2));
    assert_eq!(limiter.places().1, 1);
}

#[test]
fn the_same_source_leaves_another_mark_under_another_key() {
    let marks: HashSet<u64> = (0..16)
        .map(|_| {
            let (limiter, now) = limiter(1, 1);
            limiter.admits(&source("203.0.113.7"), 1, now);
            limiter.places.iter().map(|place| place.load(Relaxed) >> 40).find(|mark| *mark != 0).unwrap()
        })
        .collect();
    assert_eq!(marks.len(), 16);
}

#[test]
fn however_many_sources_come_memory_stays_and_a_flood_is_not_forgiven() {
    let (limiter, now) = limiter(1, 100);
    let flood = source("203.0.113.7");
    assert_eq!(admitted(&limiter, &flood, 1_000, now), 100);
    let (size, _) = limiter.places();
    for number in 0..200_000 {
        assert!(limiter.admits(&numbered(number), 1, now), "a newcomer is let in");
    }
    assert_eq!(limiter.places(), (size, size), "full, and no larger");
    assert!(limiter.forgiven() >= 200_000 - size as u64);
    assert_eq!(admitted(&limiter, &flood, 1_000, now), 0, "whoever owes most is remembered");
}

#[test]
fn a_bucket_that_is_full_again_gives_its_place_without_loss() {
    let (limiter, now) = limiter(1, 1);
    for number in 0..100_000 {
        limiter.admits(&numbered(number), 1, now);
    }
    let forgiven = limiter.forgiven();
    let later = now + SECOND * 2;
    for number in 100_000..140_000 {
        limiter.admits(&numbered(number), 1, later);
    }
    let (size, _) = limiter.places();
    let more = limiter.forgiven() - forgiven;
    assert!(more < size as u64 / 50, "{more} debts forgiven, though most places were free for the taking");
}

#[test]
fn threads_together_take_no_more_than_the_bucket_has() {
    let (limiter, now) = limiter(1, 10_000);
    let source = source("203.0.113.7");
    let total: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| admitted(&limiter, &source, 5_000, now))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(total, 10_000);
}

proptest! {
    /// Over any stretch of a clock that goes forward: no more than a burst and the rate of that time.
    #[test]
    fn no_stretch_of_time_sees_more_than_burst_and_rate(
        rate in 1_u32..2_000, burst in 1_u32..5_000,
        steps in prop::collection::vec((0_u64..3_000_000, 1_usize..200), 1..200),
    ) {
        let bucket = Rate::new(rate, burst).unwrap();
        let token_us = 1_000_000 / u64::from(rate);
        let (mut now, mut full_at, mut sent) = (0_u64, 0_u64, Vec::new());
        for (step, tokens) in steps {
            now += step;
            let tokens = tokens.min(burst as usize);
            if let Some(after) = bucket.take(full_at, now, tokens) {
                prop_assert!(after > now && after <= now + token_us * u64::from(burst));
                full_at = after;
                sent.push((now, tokens as u64));
            }
        }
        for from in 0..sent.len() {
            let mut sum = 0;
            for (at, tokens) in &sent[from..] {
                sum += tokens;
                prop_assert!(sum <= u64::from(burst) + (at - sent[from].0) / token_us);
            }
        }
    }

    /// Whatever the clock did, back and forth: who is turned away at some time has a whole bucket two fillings later.
    #[test]
    fn whatever_the_clock_did_nobody_is_locked_out_for_long(
        rate in 1_u32..2_000, burst in 1_u32..5_000,
        times in prop::collection::vec(0_u64..1_000_000_000, 1..100),
    ) {
        let bucket = Rate::new(rate, burst).unwrap();
        let whole_us = 1_000_000 / u64::from(rate) * u64::from(burst);
        let mut full_at = 0;
        for now in &times {
            let mut taken = 0;
            while let Some(after) = bucket.take(full_at, *now, 1) {
                full_at = after;
                taken += 1;
            }
            prop_assert!(taken <= burst, "one instant gives no more than a burst");
        }
        for now in times {
            let at_once = bucket.take(full_at, now, 1).is_some();
            prop_assert!(at_once || bucket.take(full_at, now + 2 * whole_us, burst as usize).is_some());
        }
    }

    /// Two processors read the clock a little apart: that must not open a bucket that is empty.
    #[test]
    fn a_clock_a_little_behind_gives_nothing_away(
        rate in 1_u32..2_000, burst in 2_u32..5_000, now in 1_000_000_u64..1_000_000_000, behind in 0_u64..1_000,
    ) {
        let bucket = Rate::new(rate, burst).unwrap();
        let empty = bucket.take(0, now, burst as usize).unwrap();
        prop_assert_eq!(bucket.take(empty, now - behind, 1), None);
    }

    /// A word gives back what was put in, for every time that can occur.
    #[test]
    fn a_word_keeps_who_and_when(hash: u64, full_at in 0_u64..1_086_400_000_000, other: u64) {
        let word = Word::new(hash, full_at);
        prop_assert_eq!(word.full_at_us(Word::print(hash)), Some(full_at));
        prop_assert_ne!(word.bits(), Word::VACANT);
        if Word::print(other) != Word::print(hash) {
            prop_assert_eq!(word.full_at_us(Word::print(other)), None);
        }
    }
}
