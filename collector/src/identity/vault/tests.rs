use std::collections::HashSet;
use std::sync::{Arc, Barrier};

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

mod rotation;

const ALMATY: SiteId = SiteId(1);
const OTHER: SiteId = SiteId(2);
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64)";

fn noon() -> Timestamp {
    "2026-11-22T07:00:00Z".parse().unwrap()
}

fn today() -> LocalDay {
    LocalDay::of(date(2026, 11, 22), &TimeZone::get("Asia/Almaty").unwrap()).unwrap()
}

fn tomorrow() -> LocalDay {
    LocalDay::of(date(2026, 11, 23), &TimeZone::get("Asia/Almaty").unwrap()).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn client(text: &str) -> ClientAddress {
    ClientAddress::parse(text).unwrap()
}

fn memory() -> Vault {
    Vault::new(Custody::memory())
}

/// The tag of one visitor of one site on one day, seen at noon.
fn seen(vault: &Vault, site: SiteId, day: &LocalDay, address: &str, agent: &str) -> VisitorTag {
    vault.tag(site, day, noon(), &client(address), agent)
}

#[test]
fn a_visitor_has_one_tag_for_a_day_of_a_site() {
    let vault = memory();
    let tag = seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT);
    assert_eq!(tag, seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT));
    assert_ne!(tag, seen(&vault, ALMATY, &today(), "203.0.113.8", AGENT));
    assert_ne!(tag, seen(&vault, ALMATY, &today(), "203.0.113.9", "other"));
    assert_eq!(vault.failures(), 0);
}

#[test]
fn two_sites_never_share_a_tag() {
    let vault = memory();
    let tags = |site| {
        (0..200)
            .map(move |i| format!("203.0.113.{i}"))
            .map(|a| seen(&vault, site, &today(), &a, AGENT).bits())
            .collect()
    };
    let (one, other): (HashSet<u64>, HashSet<u64>) = (tags(ALMATY), {
        let vault = memory();
        (0..200).map(|i| seen(&vault, OTHER, &today(), &format!("203.0.113.{i}"), AGENT).bits()).collect()
    });
    assert!(one.is_disjoint(&other));
    // The same root key: only the site tells them apart.
    let vault = memory();
    assert_ne!(
        seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT),
        seen(&vault, OTHER, &today(), "203.0.113.9", AGENT)
    );
}

#[test]
fn two_days_never_share_a_tag() {
    let vault = memory();
    assert_ne!(
        seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT),
        seen(&vault, ALMATY, &tomorrow(), "203.0.113.9", AGENT)
    );
    // Even under one root key, as when a zone change puts two dates before one closing instant.
    let renamed = LocalDay { date: date(2026, 11, 21), ..today() };
    assert_ne!(
        seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT),
        seen(&vault, ALMATY, &renamed, "203.0.113.9", AGENT)
    );
}

#[test]
fn two_vaults_never_share_a_tag() {
    assert_ne!(
        seen(&memory(), ALMATY, &today(), "203.0.113.9", AGENT),
        seen(&memory(), ALMATY, &today(), "203.0.113.9", AGENT)
    );
}

#[test]
fn mapped_v4_equals_v4() {
    let vault = memory();
    assert_eq!(
        seen(&vault, ALMATY, &today(), "::ffff:203.0.113.9", AGENT),
        seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT)
    );
}

#[test]
fn ipv6_counts_by_its_64_bit_prefix() {
    let vault = memory();
    let tag = |address| seen(&vault, ALMATY, &today(), address, AGENT);
    assert_eq!(tag("2001:db8:1:2:3:4:5:6"), tag("2001:db8:1:2::1"));
    assert_ne!(tag("2001:db8:1:2::1"), tag("2001:db8:1:3::1"));
}

#[test]
fn lengths_keep_address_and_agent_apart() {
    let vault = memory();
    // Without lengths, 203.0.113.9 followed by "abcd…" and an IPv6 prefix that contains those letters would be the same bytes.
    let v4 = seen(&vault, ALMATY, &today(), "203.0.113.9", "abcdX");
    let v6 = seen(&vault, ALMATY, &today(), "cb00:7109:6162:6364::", "X");
    assert_ne!(v4, v6);
    let unprefixed =
        |address: &str, agent: &str| [client(address).prefix_bytes().as_slice(), agent.as_bytes()].concat();
    assert_eq!(unprefixed("203.0.113.9", "abcdX"), unprefixed("cb00:7109:6162:6364::", "X"), "the control");
}

#[test]
fn an_old_key_cannot_reproduce_a_tag() {
    let vault = memory();
    let tag = seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT);
    let midnight = at(today().closes_at);
    assert_eq!(vault.expire(midnight - SignedDuration::from_secs(1)), []);
    assert_eq!(
        seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT),
        tag,
        "the control: before midnight it can"
    );
    assert_eq!(vault.expire(midnight), [Destroyed { closes_at: today().closes_at }]);
    assert_eq!(vault.expire(midnight), []);
    // Neither at midnight, nor for a thread that still thinks it is noon, nor after the clock was set back.
    let mut tags = vec![vault.tag(ALMATY, &today(), midnight, &client("203.0.113.9"), AGENT)];
    tags.push(seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT));
    vault.expire(noon());
    tags.push(seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT));
    tags.push(seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT));
    assert!(tags.iter().all(|other| *other != tag));
    assert_eq!(
        tags.iter().map(|tag| tag.bits()).collect::<HashSet<_>>().len(),
        tags.len(),
        "nor are they linked to one another"
    );
    assert_eq!(vault.failures(), 4);
    assert!(vault.read().derived.is_empty() && vault.read().roots.is_empty());
}

#[test]
fn no_key_is_made_for_a_day_that_has_closed() {
    let vault = memory();
    vault.expire(at(today().closes_at));
    seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT);
    assert_eq!(vault.failures(), 1);
    assert!(vault.read().roots.is_empty());
    // The next day has its own.
    vault.tag(ALMATY, &tomorrow(), at(today().closes_at), &client("203.0.113.9"), AGENT);
    assert_eq!(vault.failures(), 1);
}

#[test]
fn days_that_close_later_keep_their_keys() {
    let vault = memory();
    let utc = LocalDay::of(date(2026, 11, 22), &TimeZone::UTC).unwrap();
    seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT);
    let tag = seen(&vault, OTHER, &utc, "203.0.113.9", AGENT);
    assert_eq!(vault.expire(at(today().closes_at)).len(), 1);
    assert_eq!(vault.tag(OTHER, &utc, at(today().closes_at), &client("203.0.113.9"), AGENT), tag);
}

#[test]
fn a_clock_that_leapt_ahead_and_back_costs_only_the_days_it_passed() {
    let vault = memory();
    seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT);
    vault.expire(noon() + SignedDuration::from_hours(24 * 365));
    vault.expire(noon());
    seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT);
    assert_eq!(vault.failures(), 1);
    seen(&vault, ALMATY, &tomorrow(), "203.0.113.9", AGENT);
    assert_eq!(vault.failures(), 1);
}

#[test]
fn threads_that_meet_at_midnight_make_one_key() {
    for _ in 0..50 {
        let vault = Arc::new(memory());
        let barrier = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (vault, barrier) = (Arc::clone(&vault), Arc::clone(&barrier));
                std::thread::spawn(move || {
                    barrier.wait();
                    seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT).bits()
                })
            })
            .collect();
        let tags: HashSet<u64> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(tags.len(), 1);
    }
}

#[test]
fn a_tag_taken_while_the_day_closes_is_the_days_or_nobodys() {
    for _ in 0..50 {
        let vault = Arc::new(memory());
        let tag = seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT);
        let barrier = Arc::new(Barrier::new(2));
        let late = {
            let (vault, barrier) = (Arc::clone(&vault), Arc::clone(&barrier));
            std::thread::spawn(move || {
                barrier.wait();
                (0..50).map(|_| seen(&vault, ALMATY, &today(), "203.0.113.9", AGENT)).collect::<Vec<_>>()
            })
        };
        barrier.wait();
        vault.expire(at(today().closes_at));
        let tags = late.join().unwrap();
        let real = tags.iter().filter(|other| **other == tag).count() as u64;
        assert_eq!(real + vault.failures(), 50);
        assert!(vault.read().derived.is_empty(), "nothing was derived after the end");
    }
}

/// Where the kernel lets us use its keyring. Where it does not, `best` has to have fallen back, and nothing else is claimed.
fn keyring(data: &std::path::Path) -> Option<Custody> {
    let refused = !cfg!(target_os = "linux")
        || linux_keyutils::KeyRing::from_special_id(linux_keyutils::KeyRingIdentifier::User, false).is_err();
    match Custody::keyring(data) {
        Ok(custody) => {
            assert_eq!(Custody::best(data).unwrap().name(), "keyring");
            Some(custody)
        }
        Err(_) => {
            assert!(refused, "the kernel has a keyring for us, but we could not use it");
            assert_eq!(Custody::best(data).unwrap().name(), "locked");
            None
        }
    }
}

#[test]
fn a_restart_keeps_the_tags_of_the_day_where_there_is_a_keyring() {
    let data = tempfile::tempdir().unwrap();
    let Some(custody) = keyring(data.path()) else { return };
    let first = Vault::new(custody);
    let tag = seen(&first, ALMATY, &today(), "203.0.113.9", AGENT);
    drop(first);

    let second = Vault::new(Custody::keyring(data.path()).unwrap());
    assert_eq!(seen(&second, ALMATY, &today(), "203.0.113.9", AGENT), tag);
    assert_eq!(second.failures(), 0);
    drop(second);

    // Another instance has other keys; and a vault that only starts after midnight still destroys what was left.
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Vault::new(Custody::keyring(elsewhere.path()).unwrap());
    assert_ne!(seen(&other, ALMATY, &today(), "203.0.113.9", AGENT), tag);
    assert_eq!(other.expire(at(today().closes_at)).len(), 1);

    let third = Vault::new(Custody::keyring(data.path()).unwrap());
    assert_eq!(third.expire(at(today().closes_at)), [Destroyed { closes_at: today().closes_at }]);
    assert_eq!(Custody::keyring(data.path()).unwrap().closing_instants(), [] as [i64; 0]);
}

#[test]
fn the_kernel_ends_a_key_by_itself() {
    let data = tempfile::tempdir().unwrap();
    let Some(mut custody) = keyring(data.path()) else { return };
    custody.root(today().closes_at, 1).expect("a key");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    // Without anybody calling `destroy`: the kernel says "expired" first and later forgets the name.
    while custody.root(today().closes_at, 1000).is_ok() {
        assert!(std::time::Instant::now() < deadline, "the kernel kept the key");
        std::thread::yield_now();
    }
    assert!(custody.destroy(today().closes_at));
}

#[test]
fn nothing_that_is_written_to_the_data_directory_is_a_key() {
    let data = tempfile::tempdir().unwrap();
    let Some(mut custody) = keyring(data.path()) else { return };
    let root = *custody.root(today().closes_at, 60).expect("a key").expose();
    for file in std::fs::read_dir(data.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let hex: String = root[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(
            !bytes.windows(8).any(|window| window == &root[..8])
                && !String::from_utf8_lossy(&bytes).contains(&hex)
        );
    }
    assert!(custody.destroy(today().closes_at));
}

proptest! {
    #[test]
    fn different_visitors_have_different_tags(a: [u8; 4], b: [u8; 4], x in ".{0,20}", y in ".{0,20}") {
        let vault = memory();
        let text = |ip: [u8; 4]| format!("{}.{}.{}.{}", ip[0], ip[1], ip[2], ip[3]);
        let one = seen(&vault, ALMATY, &today(), &text(a), &x);
        let other = seen(&vault, ALMATY, &today(), &text(b), &y);
        prop_assert_eq!(one == other, a == b && x == y);
    }
}
