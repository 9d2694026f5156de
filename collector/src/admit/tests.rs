use events::{Engagement, Revenue};
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::identity::Custody;

const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
const ADDRESS: &str = "203.0.113.77";

fn admitter() -> Admitter {
    let sites = SiteList::default();
    let site = |id, domain: &str, zone: &str, opt_out| Site {
        id: SiteId(id),
        domain: domain.into(),
        zone: TimeZone::get(zone).unwrap(),
        opt_out,
    };
    sites.replace([
        site(1, "example.kz", "Asia/Almaty", OptOutMode::Tally),
        site(2, "strict.kz", "Asia/Almaty", OptOutMode::Drop),
        site(3, "berlin.example", "Europe/Berlin", OptOutMode::Tally),
    ]);
    Admitter::new(AdmitConfig {
        sites: Arc::new(sites),
        vault: Arc::new(Vault::new(Custody::memory())),
        geo: Arc::new(Geo::time_zone_only()),
        agents: Agents::load().unwrap(),
        collector_id: 7,
    })
}

fn beacon(domain: &str) -> Beacon {
    Beacon {
        name: "pageview".into(),
        url: "https://www.example.kz/bet?utm_source=tg&utm_medium=post&utm_campaign=c&utm_content=d&utm_term=e&gclid=SECRET&x=SECRET#SECRET".into(),
        domains: vec![domain.into()],
        referrer: Some("https://other.kz/from/here?q=SECRET".into()),
        props: vec![("lang".into(), "kk".into())],
        revenue: Some(Revenue { amount_milli: 1_990_000, currency: *b"KZT" }),
        interactive: true,
        hash_routing: false,
        engagement: None,
        time_zone: Some("Asia/Almaty".into()),
        screen_width: Some(390),
        opted_out: false,
    }
}

fn engagement() -> Beacon {
    Beacon {
        name: "engagement".into(),
        engagement: Some(Engagement { scroll_depth: Some(60), engaged_ms: Some(4_200) }),
        ..beacon("example.kz")
    }
}

/// 00:30 of the 23rd in Almaty, 20:30 of the 22nd in Berlin.
fn now() -> Timestamp {
    "2026-11-22T19:30:00.75Z".parse().unwrap()
}

fn admitted(admitter: &Admitter, beacon: &Beacon, opted_out: bool) -> Vec<Admission> {
    let client = ClientAddress::parse(ADDRESS).unwrap();
    let request = RequestFacts {
        client: &client,
        agent: AGENT,
        mobile_hint: None,
        accept_language: "kk-KZ,ru;q=0.8",
        opted_out,
    };
    admitter.admit(beacon, &request, now())
}

fn row(admitter: &Admitter, beacon: &Beacon, opted_out: bool) -> EventRow {
    admitted(admitter, beacon, opted_out).remove(0).decision.unwrap()
}

#[test]
fn a_view_becomes_a_full_row() {
    let admitter = admitter();
    let row = row(&admitter, &beacon("example.kz"), false);
    let tag = row.tag.expect("a tag");
    let expected = EventRow {
        site: SiteId(1),
        day: date(2026, 11, 23),
        closes_at: UnixSeconds::new("2026-11-23T19:00:00Z".parse::<Timestamp>().unwrap().as_second()),
        tag: Some(tag),
        time: UnixSeconds::new(now().as_second()),
        name: "pageview".into(),
        host: "example.kz".into(),
        path: "/bet".into(),
        source: "Telegram".into(),
        referrer_host: "other.kz".into(),
        referrer_path: "/from/here".into(),
        utm_source: "tg".into(),
        utm_medium: "post".into(),
        utm_campaign: "c".into(),
        utm_content: "d".into(),
        utm_term: "e".into(),
        click_id: "gclid".into(),
        country: "KZ".into(),
        browser: "Chrome".into(),
        browser_version: "148".into(),
        os: "Windows".into(),
        os_version: "10".into(),
        device: Device::Desktop,
        screen: "xs".into(),
        language: "kk".into(),
        interactive: true,
        engaged_ms: 0,
        scroll_depth: NO_SCROLL_DEPTH,
        revenue_milli: 1_990_000,
        currency: "KZT".into(),
        props: vec![("lang".into(), "kk".into())],
        collector: 7,
    };
    assert_eq!(row, expected);
}

#[test]
fn engagement_reports_time_and_depth() {
    let row = row(&admitter(), &engagement(), false);
    assert_eq!((row.engaged_ms, row.scroll_depth), (4_200, 60));
    let half =
        Beacon { engagement: Some(Engagement { scroll_depth: None, engaged_ms: None }), ..engagement() };
    let row = super::tests::row(&admitter(), &half, false);
    assert_eq!((row.engaged_ms, row.scroll_depth), (0, NO_SCROLL_DEPTH));
}

#[test]
fn a_domain_nobody_registered_is_dropped_by_name() {
    let found = admitted(&admitter(), &beacon("unknown.kz"), false);
    assert_eq!(found, [Admission { site: None, decision: Err(DropReason::UnknownSite) }]);
}

#[test]
fn a_beacon_for_several_sites_is_decided_for_each_by_its_own_rules_and_day() {
    let several = Beacon {
        domains: ["unknown.kz", "example.kz", "strict.kz", "berlin.example"].map(str::to_owned).to_vec(),
        ..beacon("")
    };
    let admitter = admitter();
    let found = admitted(&admitter, &several, true);
    assert_eq!(
        found.iter().map(|a| a.site.map(|s| s.0)).collect::<Vec<_>>(),
        [None, Some(1), Some(2), Some(3)]
    );
    let reasons: Vec<_> = found.iter().map(|a| a.decision.as_ref().err().copied()).collect();
    assert_eq!(reasons, [Some(DropReason::UnknownSite), None, Some(DropReason::OptedOut), None]);

    let found = admitted(&admitter, &several, false);
    let rows: Vec<_> = found.into_iter().filter_map(|a| a.decision.ok()).collect();
    assert_eq!(
        rows.iter().map(|row| row.day).collect::<Vec<_>>(),
        [date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 22)]
    );
    assert!(rows[0].tag != rows[1].tag && rows[1].tag != rows[2].tag && rows[0].tag != rows[2].tag);
}

#[test]
fn the_same_visitor_keeps_a_tag_within_a_day_and_site() {
    let admitter = admitter();
    assert_eq!(row(&admitter, &beacon("example.kz"), false).tag, row(&admitter, &engagement(), false).tag);
}

#[test]
fn who_opted_out_is_counted_as_a_bare_tally() {
    let by_flag = Beacon { opted_out: true, ..beacon("example.kz") };
    let custom = Beacon { name: "Signup".into(), interactive: false, ..by_flag };
    for (beacon, header) in [(beacon("example.kz"), true), (custom, false)] {
        let row = row(&admitter(), &beacon, header);
        let bare = EventRow {
            tag: None,
            referrer_path: String::new(),
            utm_source: String::new(),
            utm_medium: String::new(),
            utm_campaign: String::new(),
            utm_content: String::new(),
            utm_term: String::new(),
            click_id: String::new(),
            browser: String::new(),
            browser_version: String::new(),
            os: String::new(),
            os_version: String::new(),
            device: Device::Unknown,
            screen: String::new(),
            language: String::new(),
            interactive: true,
            engaged_ms: 0,
            scroll_depth: NO_SCROLL_DEPTH,
            revenue_milli: 0,
            currency: String::new(),
            props: Vec::new(),
            ..row.clone()
        };
        assert_eq!(row, bare);
        assert_eq!(
            (row.name.as_str(), row.path.as_str(), row.country.as_str()),
            (beacon.name.as_str(), "/bet", "KZ")
        );
        assert_eq!((row.source.as_str(), row.referrer_host.as_str()), ("Telegram", "other.kz"));
    }
}

#[test]
fn an_opted_out_engagement_has_nothing_to_attach_to() {
    let decision = |domain: &str| {
        let beacon = Beacon { domains: vec![domain.into()], opted_out: true, ..engagement() };
        admitted(&admitter(), &beacon, false).remove(0).decision.err()
    };
    assert_eq!(decision("example.kz"), Some(DropReason::OptedOutEngagement));
    assert_eq!(decision("strict.kz"), Some(DropReason::OptedOut));
}

#[test]
fn an_opt_out_makes_no_key() {
    let admitter = admitter();
    let _ = admitted(&admitter, &beacon("example.kz"), true);
    assert!(admitter.config.vault.expire(now() + jiff::SignedDuration::from_hours(48)).is_empty());
}

proptest! {
    #[test]
    fn no_row_ever_contains_address_agent_or_query(
        v4: [u8; 4], secret in "[A-Z]{9}[0-9]{3}", path in "(/[a-z]{0,6}){0,3}", hash_routing: bool, opted_out: bool, referrer: bool,
    ) {
        let admitter = ADMITTER.with(Arc::clone);
        let address = format!("{}.{}.{}.{}", v4[0], v4[1], v4[2], v4[3]);
        prop_assume!(v4.iter().any(|octet| *octet > 99));
        let agent = format!("{AGENT} Canary/{secret}");
        let beacon = Beacon {
            url: format!("https://user:{secret}@example.kz{path}?token={secret}&gclid={secret}&mail=a@{secret}.kz#/route?key={secret}"),
            referrer: referrer.then(|| format!("https://{secret}@other.kz/{path}?q={secret}#{secret}")),
            hash_routing,
            ..beacon("example.kz")
        };
        let client = ClientAddress::parse(&address).unwrap();
        let request = RequestFacts { client: &client, agent: &agent, mobile_hint: None, accept_language: &format!("kk-{secret}"), opted_out };
        for admission in admitter.admit(&beacon, &request, now()) {
            let row = admission.decision.unwrap();
            let mut encoded = Vec::new();
            row.encode(&mut encoded);
            let text = format!("{row:?}");
            for canary in [secret.as_str(), address.as_str(), agent.as_str()] {
                prop_assert!(!text.contains(canary), "{}", text);
                prop_assert!(!encoded.windows(canary.len()).any(|window| window == canary.as_bytes()));
            }
        }
    }
}

thread_local! {
    /// Loading the agent rules for every case would take minutes.
    static ADMITTER: Arc<Admitter> = Arc::new(admitter());
}

#[test]
fn the_canary_test_would_see_a_canary() {
    let beacon = Beacon { props: vec![("k".into(), "CANARY".into())], ..beacon("example.kz") };
    let row = row(&admitter(), &beacon, false);
    let mut encoded = Vec::new();
    row.encode(&mut encoded);
    assert!(format!("{row:?}").contains("CANARY") && encoded.windows(6).any(|window| window == b"CANARY"));
}
