//! G6: tags of one visitor on two sites and two days are unrelated, and collisions are no more than chance.

use std::collections::HashSet;

use collector::address::ClientAddress;
use collector::identity::{Custody, Vault};
use events::{LocalDay, SiteId};
use jiff::civil::date;
use jiff::tz::TimeZone;

use crate::child::{AGENT, noon};

const TAGS: u32 = 1_000_000;

fn day(number: i8) -> LocalDay {
    LocalDay::of(date(2026, 11, number), &TimeZone::get("Asia/Almaty").unwrap()).unwrap()
}

fn tags(vault: &Vault, site: u32, day: &LocalDay, visitors: u32) -> HashSet<u64> {
    (0..visitors)
        .map(|visitor| {
            let [a, b, c, d] = (0x0A00_0000 + visitor).to_be_bytes();
            let client = ClientAddress::parse(&format!("{a}.{b}.{c}.{d}")).unwrap();
            vault.tag(SiteId(site), day, noon(), &client, AGENT).bits()
        })
        .collect()
}

#[test]
fn the_same_visitors_on_two_sites_and_two_days_share_no_tag() {
    let vault = Vault::new(Custody::memory());
    let visitors = 10_000;
    let sets: Vec<HashSet<u64>> = [(1, 22), (1, 23), (2, 22), (2, 23)]
        .map(|(site, date)| tags(&vault, site, &day(date), visitors))
        .into();
    assert_eq!(vault.failures(), 0);
    for (at, set) in sets.iter().enumerate() {
        assert_eq!(set.len(), 10_000);
        assert!(sets[at + 1..].iter().all(|other| set.is_disjoint(other)));
    }
    // The control: the same site and day again is the same set.
    assert_eq!(tags(&vault, 1, &day(22), visitors), sets[0]);
}

#[test]
fn a_million_visitors_collide_as_seldom_as_chance_has_it() {
    let vault = Vault::new(Custody::memory());
    let all = tags(&vault, 1, &day(22), TAGS);
    // Of 64 bits: 2.7e-8 collisions expected.
    assert_eq!(all.len(), usize::try_from(TAGS).unwrap());
    // Of either half alone: 116.4 expected; six standard deviations are 65. Far fewer would be as wrong as far more.
    for shift in [0, 32] {
        let halves: HashSet<u64> = all.iter().map(|tag| tag >> shift & 0xFFFF_FFFF).collect();
        let collisions = all.len() - halves.len();
        assert!((51..182).contains(&collisions), "{collisions} collisions in bits from {shift}");
    }
}
