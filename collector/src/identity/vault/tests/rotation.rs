//! Midnights of every kind, and clocks and zones that move.

use jiff::{Span, civil::Date};

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("bundled zone")
}

fn day_at(now: i64, zone: &TimeZone) -> LocalDay {
    LocalDay::at(at(now), zone).unwrap()
}

fn tag_at(vault: &Vault, day: &LocalDay, now: i64) -> VisitorTag {
    vault.tag(ALMATY, day, at(now), &client("203.0.113.9"), AGENT)
}

#[test]
fn each_day_of_a_year_in_zones_of_every_kind_has_its_key_for_just_that_day() {
    let mut lengths = std::collections::BTreeSet::new();
    for name in [
        "Asia/Almaty",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Pacific/Chatham",
        "Australia/Lord_Howe",
        "America/St_Johns",
        "Europe/Berlin",
        // Their clocks change at midnight: a day begins at 1:00.
        "Africa/Cairo",
        "America/Santiago",
        "Pacific/Kiritimati",
    ] {
        let (zone, vault) = (zone(name), memory());
        let mut now = day_at(noon().as_second(), &zone).opens_at;
        let mut before = None;
        for _ in 0..366 {
            let day = day_at(now, &zone);
            assert_eq!(day.opens_at, now, "{name}: a day begins when the one before closes");
            lengths.insert((day.closes_at - day.opens_at) / 900);
            let first = tag_at(&vault, &day, now);
            assert_ne!(Some(first), before, "{name}");
            assert_eq!(vault.expire(at(day.closes_at - 1)), [], "{name}");
            let last = tag_at(&vault, &day_at(day.closes_at - 1, &zone), day.closes_at - 1);
            assert_eq!(first, last, "{name}: {}", day.date);
            assert_eq!(vault.expire(at(day.closes_at)), [Destroyed { closes_at: day.closes_at }], "{name}");
            assert!(vault.read().derived.is_empty() && vault.read().roots.is_empty(), "{name}");
            (before, now) = (Some(first), day.closes_at);
        }
        assert_eq!(vault.failures(), 0, "{name}");
    }
    // In quarters of an hour: 23, 23.5, 24, 24.5 and 25 hours were all among them.
    assert!([92, 94, 96, 98, 100].iter().all(|length| lengths.contains(length)), "{lengths:?}");
}

#[test]
fn a_calendar_that_skips_a_day_skips_its_key() {
    // Samoa went over the date line: 30 December 2011 did not exist.
    let (zone, vault) = (zone("Pacific/Apia"), memory());
    let eve = LocalDay::of(Date::constant(2011, 12, 29), &zone).unwrap();
    let first = tag_at(&vault, &eve, eve.opens_at);
    assert_eq!(vault.expire(at(eve.closes_at)), [Destroyed { closes_at: eve.closes_at }]);
    let next = day_at(eve.closes_at, &zone);
    assert_eq!(next.date, date(2011, 12, 31));
    assert_ne!(tag_at(&vault, &next, eve.closes_at), first);
    assert_eq!(vault.failures(), 0);
}

#[test]
fn a_site_that_changes_its_zone_leaves_no_key_past_its_own_instant() {
    // At noon in Almaty the site goes over to Berlin, hours behind, or to Kiritimati, hours ahead.
    for name in ["Europe/Berlin", "Pacific/Kiritimati"] {
        let vault = memory();
        let (old, new) = (today(), day_at(noon().as_second(), &zone(name)));
        let mut closings = vec![old.closes_at, new.closes_at];
        closings.sort_unstable();
        let before = tag_at(&vault, &old, noon().as_second());
        let after = tag_at(&vault, &new, noon().as_second());
        assert_ne!(before, after, "nothing links the two sides of the change");
        for closes_at in closings {
            assert_eq!(vault.expire(at(closes_at)), [Destroyed { closes_at }]);
            assert!(vault.read().derived.keys().all(|(_, day)| day.closes_at > closes_at));
        }
        // Going back the same evening does not bring the old day back.
        assert_ne!(tag_at(&vault, &old, old.closes_at), before);
        assert_eq!(vault.failures(), 1);
    }
}

#[test]
fn a_machine_that_slept_over_midnight_uses_no_old_key_when_it_wakes() {
    let vault = memory();
    let before = tag_at(&vault, &today(), noon().as_second());
    let woken = today().closes_at + 7 * 3600;
    // Beacons come before the first look at the clock: for the new day, and for the old one from a request that slept too.
    let new = tag_at(&vault, &tomorrow(), woken);
    let old = tag_at(&vault, &today(), woken);
    assert!(new != before && old != before);
    assert_eq!(vault.failures(), 1);
    assert_eq!(vault.expire(at(woken)), [Destroyed { closes_at: today().closes_at }]);
    assert_eq!(tag_at(&vault, &tomorrow(), woken), new);
}

#[test]
fn a_clock_set_back_before_midnight_changes_nothing() {
    let vault = memory();
    let tag = tag_at(&vault, &today(), today().closes_at - 10);
    vault.expire(at(today().closes_at - 10));
    // Back by a day and a bit: yesterday's beacons get yesterday's key, and today's is still there afterwards.
    let earlier = noon().as_second() - 30 * 3600;
    vault.expire(at(earlier));
    let yesterday = day_at(earlier, &zone("Asia/Almaty"));
    assert_ne!(tag_at(&vault, &yesterday, earlier), tag);
    assert_eq!(tag_at(&vault, &today(), today().closes_at - 10), tag);
    assert_eq!(vault.failures(), 0);
}

#[test]
fn a_clock_set_back_over_midnight_leaves_that_day_without_a_key_until_it_closes() {
    let vault = memory();
    let tag = tag_at(&vault, &today(), today().closes_at - 10);
    vault.expire(at(today().closes_at + 5));
    for second in 1..5 {
        let now = today().closes_at - second;
        vault.expire(at(now));
        assert_ne!(tag_at(&vault, &today(), now), tag);
    }
    assert_eq!(vault.failures(), 4);
    assert!(vault.read().roots.is_empty());
}

proptest! {
    /// Whatever the clock and the sites' zones do, no key outlives its instant and no tag comes back.
    #[test]
    fn no_walk_of_the_clock_brings_a_key_back(
        steps in prop::collection::vec((-40_i64..60, 0_usize..4, any::<bool>()), 1..60),
    ) {
        let zones = ["Asia/Almaty", "Asia/Kathmandu", "Europe/Berlin", "Pacific/Kiritimati"].map(zone);
        let vault = memory();
        let mut now = noon().as_second();
        let mut tags = HashMap::new();
        let mut ended = HashSet::new();
        let mut looked_at = i64::MIN;
        for (hours, which, look) in steps {
            now = at(now).checked_add(Span::new().hours(hours)).unwrap().as_second();
            if look {
                looked_at = now;
                ended.extend(vault.expire(at(now)).into_iter().map(|gone| gone.closes_at));
                let state = vault.read();
                prop_assert!(state.derived.keys().all(|(_, day)| day.closes_at > now));
                prop_assert!(state.roots.iter().all(|closes_at| *closes_at > now));
            }
            let day = day_at(now, &zones[which]);
            let failures = vault.failures();
            let tag = tag_at(&vault, &day, now);
            if vault.failures() == failures {
                prop_assert!(!ended.contains(&day.closes_at), "a key came back");
                prop_assert_eq!(*tags.entry(day).or_insert(tag), tag);
            } else {
                // Its key is destroyed, or the vault was told of a later time and not yet that the clock went back.
                prop_assert!(ended.contains(&day.closes_at) || day.closes_at <= looked_at, "failed without need");
                prop_assert!(tags.values().all(|other| *other != tag));
            }
        }
    }
}
