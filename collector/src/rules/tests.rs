use events::{OptOutMode, SiteRules};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn site(rules: SiteRules) -> Arc<Site> {
    Arc::new(Site {
        id: SiteId(1),
        domain: "example.kz".into(),
        zone: TimeZone::UTC,
        opt_out: OptOutMode::Tally,
        rules,
        keys: Vec::new(),
    })
}

fn list(entries: &[&str]) -> Vec<String> {
    entries.iter().map(|entry| (*entry).to_owned()).collect()
}

fn check(rules: &Rules, host: &str, address: &str) -> Result<(), DropReason> {
    rules.check(&Subject { host, client: &ClientAddress::parse(address).unwrap() })
}

#[test]
fn without_a_list_a_site_takes_its_domain_and_the_subdomains() {
    let rules = Rules::of(&site(SiteRules::default()));
    for host in ["example.kz", "EXAMPLE.kz", "example.kz.", "app.example.kz", "a.b.example.kz"] {
        assert_eq!(check(&rules, host, "192.0.2.1"), Ok(()), "{host}");
    }
    for host in ["", "notexample.kz", "example.kz.evil.kz", "kz", ".example.kz", "127.0.0.1"] {
        assert_eq!(check(&rules, host, "192.0.2.1"), Err(DropReason::HostNotAllowed), "{host}");
    }
}

#[test]
fn a_domain_in_cyrillic_is_the_same_in_both_alphabets() {
    let of =
        Site { domain: "xn--80aaa0a6ah4a.xn--80ao21a".into(), ..Site::clone(&site(SiteRules::default())) };
    let host = idna::domain_to_unicode(&of.domain).0;
    assert!(!host.is_ascii());
    let rules = Rules::of(&of);
    assert_eq!(check(&rules, &host, "192.0.2.1"), Ok(()));
    assert_eq!(check(&rules, &format!("www2.{host}"), "192.0.2.1"), Ok(()));
}

#[test]
fn a_list_of_hosts_replaces_the_default() {
    let rules =
        SiteRules { allow_hosts: list(&["shop.kz", "*.preview.kz", "www.other.kz"]), ..SiteRules::default() };
    let rules = Rules::of(&site(rules));
    for (host, allowed) in [
        ("shop.kz", true),
        ("a.shop.kz", false),
        ("a.preview.kz", true),
        ("preview.kz", false),
        ("other.kz", true),
        ("example.kz", false),
    ] {
        assert_eq!(check(&rules, host, "192.0.2.1").is_ok(), allowed, "{host}");
    }
    let any = SiteRules { allow_hosts: list(&["*"]), ..SiteRules::default() };
    assert_eq!(check(&Rules::of(&site(any)), "", "192.0.2.1"), Ok(()));
}

#[test]
fn shields_name_their_own_reason() {
    let rules = Rules::of(&site(SiteRules {
        shield_addresses: list(&["198.51.100.0/24", "2001:db8::/32"]),
        shield_countries: list(&["XK"]),
        shield_pages: list(&["/admin/**", "/*/draft"]),
        shield_hosts: list(&["staging.example.kz"]),
        ..SiteRules::default()
    }));
    assert_eq!(check(&rules, "staging.example.kz", "192.0.2.1"), Err(DropReason::ShieldHost));
    assert_eq!(check(&rules, "example.kz", "198.51.100.77"), Err(DropReason::ShieldAddress));
    assert_eq!(check(&rules, "example.kz", "2001:db8::1"), Err(DropReason::ShieldAddress));
    assert_eq!(rules.check_row("/admin/users/7", "KZ"), Err(DropReason::ShieldPage));
    assert_eq!(rules.check_row("/kk/draft", "KZ"), Err(DropReason::ShieldPage));
    assert_eq!(rules.check_row("/kk/a/draft", "KZ"), Ok(()));
    assert_eq!(rules.check_row("/", "XK"), Err(DropReason::ShieldCountry));
    assert_eq!(rules.check_row("/", ""), Ok(()));
}

#[test]
fn a_network_that_is_none_costs_only_itself() {
    let rules = SiteRules { shield_addresses: list(&["nonsense", "198.51.100.7"]), ..SiteRules::default() };
    let rules = Rules::of(&site(rules));
    assert_eq!(check(&rules, "example.kz", "198.51.100.7"), Err(DropReason::ShieldAddress));
    assert_eq!(check(&rules, "example.kz", "198.51.100.8"), Ok(()));
}

#[test]
fn stars_stop_at_slashes_and_two_stars_do_not() {
    for (pattern, path, covered) in [
        ("/a", "/a", true),
        ("/a", "/a/", false),
        ("/a", "/ab", false),
        ("/a*", "/ab", true),
        ("/a*", "/a", true),
        ("/a*", "/a/b", false),
        ("/a**", "/a/b/c", true),
        ("/a/**", "/a", false),
        ("/*/x", "/бет/x", true),
        ("**/x", "/a/b/x", true),
        ("**.pdf", "/d/f.pdf", true),
        ("*", "/", false),
        ("/*", "/", true),
        ("/*", "/a", true),
        ("/*", "/a/b", false),
        ("**", "", true),
        ("/a*b*c", "/aXbbYc", true),
        ("/a*b*c", "/aXbY", false),
    ] {
        assert_eq!(Pages::new(&[pattern]).match_path(path), covered, "{pattern} {path}");
    }
    assert!(!Pages::default().match_path("/"));
}

#[test]
fn kept_parameters_stay_and_the_others_go() {
    let rules = Rules::of(&site(SiteRules { keep_params: list(&["id", "tab"]), ..SiteRules::default() }));
    let kept = |url| rules.kept_query(&Address::parse(url).unwrap());
    assert_eq!(kept("https://example.kz/p?token=SECRET&tab=b&id=7&utm_source=x"), "?tab=b&id=7");
    assert_eq!(kept("https://example.kz/p?ID=7"), "");
    assert_eq!(kept("https://example.kz/p"), "");

    let mut path = "/p#/route".to_owned();
    let address = Address::parse("https://example.kz/p?id=aigul%40mail.kz&tab=%D0%B1").unwrap();
    rules.keep_query(&address, &mut path);
    assert_eq!(path, "/p?id=:email&tab=б#/route");
}

#[test]
fn rules_follow_the_site_list() {
    let (book, before) = (RuleBook::default(), site(SiteRules::default()));
    let first = book.of(&before);
    assert!(Arc::ptr_eq(&first, &book.of(&before)));
    let after = site(SiteRules { allow_hosts: list(&["*"]), ..SiteRules::default() });
    assert_eq!(check(&book.of(&after), "anywhere.kz", "192.0.2.1"), Ok(()));
}

proptest! {
    #[test]
    fn any_pattern_meets_any_path(pattern in "[a/*бB.]{0,12}", path in "[a/бB.]{0,24}") {
        let covered = Pages::new(&[&pattern]).match_path(&path);
        if !pattern.contains('*') {
            prop_assert_eq!(covered, pattern == path);
        }
        // More room never covers less.
        if covered {
            prop_assert!(Pages::new(&[pattern.replace('*', "**")]).match_path(&path));
        }
    }
}

#[test]
fn the_day_is_that_of_the_zone_whichever_was_asked_for_before() {
    let zone = TimeZone::get("Asia/Kathmandu").unwrap();
    let rules = Rules::of(&Site { zone: zone.clone(), ..Site::clone(&site(SiteRules::default())) });
    // Midnight there is at 18:15 UTC. Forward and back, as clocks are set.
    for now in [
        "2026-11-22T18:14:59.999Z",
        "2026-11-22T18:15:00Z",
        "2026-11-23T18:14:59Z",
        "2026-11-23T18:15:00.001Z",
        "2026-11-22T18:14:59Z",
        "2026-11-01T00:00:00Z",
    ] {
        let now: Timestamp = now.parse().unwrap();
        assert_eq!(rules.day(now), LocalDay::at(now, &zone).unwrap(), "{now}");
        assert_eq!(rules.day(now), LocalDay::at(now, &zone).unwrap(), "{now}");
    }
}
