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
        // One page is told to several sites here.
        rules: events::SiteRules { allow_hosts: vec!["*".into()], ..events::SiteRules::default() },
        keys: Vec::new(),
    };
    sites.replace([
        site(1, "example.kz", "Asia/Almaty", OptOutMode::Tally),
        site(2, "strict.kz", "Asia/Almaty", OptOutMode::Drop),
        site(3, "berlin.example", "Europe/Berlin", OptOutMode::Tally),
        site(4, "ignoring.kz", "Asia/Almaty", OptOutMode::Ignore),
    ]);
    Admitter::new(AdmitConfig {
        sites: Arc::new(sites),
        vault: Arc::new(Vault::new(Custody::memory())),
        geo: Arc::new(Geo::time_zone_only()),
        agents: Agents::load().unwrap(),
        spam: SpamHosts::default(),
        data_centres: DataCentres::parse("198.51.100.0/24").unwrap(),
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
        unattributed: false,
        automation: None,
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
        hints: ClientHints::default(),
        prefetch: false,
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
        channel: Channel::OrganicSocial,
        referrer_host: "other.kz".into(),
        referrer_path: "/from/here".into(),
        utm_source: "tg".into(),
        utm_medium: "post".into(),
        utm_campaign: "c".into(),
        utm_content: "d".into(),
        utm_term: "e".into(),
        click_id: "gclid".into(),
        country: "KZ".into(),
        region: String::new(),
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

/// What becomes of a beacon of a request that is changed like this.
fn judged<'a>(
    beacon: &Beacon,
    change: impl FnOnce(&mut RequestFacts<'a>),
    client: &'a ClientAddress,
) -> Admission {
    let mut request = RequestFacts {
        client,
        agent: AGENT,
        hints: ClientHints::default(),
        prefetch: false,
        accept_language: "kk",
        opted_out: false,
    };
    change(&mut request);
    ADMITTER.with(Arc::clone).admit(beacon, &request, now()).remove(0)
}

#[test]
fn what_names_a_person_is_replaced_everywhere_and_counted_once() {
    let beacon = Beacon {
        name: "call +77011234567".into(),
        url: "https://example.kz/u/aigul%40mail.kz?utm_source=a@b.kz&utm_medium=87011234567&utm_campaign=900101300017&utm_content=a@b.kz&utm_term=a@b.kz#/o/550e8400-e29b-41d4-a716-446655440000".into(),
        hash_routing: true,
        referrer: Some("https://other.kz/card/4400430212345678".into()),
        props: vec![("a@b.kz".into(), "https://x.kz/p?token=SECRET".into()), ("to".into(), "aigul@mail.kz".into())],
        domains: vec!["example.kz".into(), "berlin.example".into()],
        ..beacon("example.kz")
    };
    let found = admitted(&ADMITTER.with(Arc::clone), &beacon, false);
    let row = found[0].decision.as_ref().unwrap();
    assert_eq!(row.name, "call :phone");
    assert_eq!(row.path, "/u/:email#/o/:uuid");
    assert_eq!(row.referrer_path, "/card/:id");
    assert_eq!(
        [&row.source, &row.utm_source, &row.utm_medium, &row.utm_campaign, &row.utm_content, &row.utm_term],
        [":email", ":email", ":phone", ":iin", ":email", ":email"]
    );
    let props = [(":email", "https://x.kz/p"), ("to", ":email")];
    assert_eq!(row.props, props.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let counts: Vec<_> =
        found.iter().map(|admission| scrub::Class::ALL.map(|class| admission.scrubbed.of(class))).collect();
    assert_eq!(counts[0], [6, 2, 1, 0, 1, 1]);
    assert!(counts[1..].iter().all(|counts| counts.iter().all(|count| *count == 0)));
}

#[test]
fn a_region_stands_in_the_row_of_who_did_not_opt_out() {
    let regional = |regions: bool| {
        let mut admitter = admitter();
        admitter.config.geo = Arc::new(crate::geo::tests::almaty().with_regions(regions));
        admitter
    };
    let view = beacon("example.kz");
    let region = |regions, opted_out| row(&regional(regions), &view, opted_out).region;
    assert_eq!([region(true, false), region(true, true), region(false, false)], ["KZ-75", "", ""]);
}

#[test]
fn who_is_no_visitor_is_dropped_with_the_reason() {
    let visitor = ClientAddress::parse(ADDRESS).unwrap();
    let hosted = ClientAddress::parse("198.51.100.7").unwrap();
    let view = beacon("example.kz");
    let driven = Beacon { automation: Some(153), ..beacon("example.kz") };
    let spam = Beacon { referrer: Some("https://semalt.com/x".into()), ..beacon("example.kz") };
    let cases = [
        (judged(&view, |_| {}, &visitor), None, None),
        (judged(&view, |request| request.prefetch = true, &visitor), Some(DropReason::Prefetch), None),
        (
            judged(&view, |request| request.agent = "curl/8.5.0", &visitor),
            Some(DropReason::Bot),
            Some(BotClass::Library),
        ),
        (
            judged(&view, |request| request.agent = "", &visitor),
            Some(DropReason::Bot),
            Some(BotClass::NoAgent),
        ),
        (judged(&driven, |_| {}, &visitor), Some(DropReason::Bot), Some(BotClass::Automation)),
        (judged(&view, |_| {}, &hosted), Some(DropReason::Bot), Some(BotClass::DataCentre)),
        (judged(&spam, |_| {}, &visitor), Some(DropReason::SpamReferrer), None),
        // An opt-out makes nobody a visitor.
        (judged(&spam, |request| request.opted_out = true, &visitor), Some(DropReason::SpamReferrer), None),
    ];
    for (admission, reason, bot) in cases {
        assert_eq!((admission.site, admission.decision.err(), admission.bot), (Some(SiteId(1)), reason, bot));
        assert!(admission.scrubbed.is_empty());
    }
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
    assert_eq!(found, [Admission::dropped(None, DropReason::UnknownSite)]);
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
            region: String::new(),
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
fn a_site_that_ignores_opt_outs_counts_those_visitors_like_any_other() {
    let admitter = admitter();
    let by_flag = Beacon { opted_out: true, ..beacon("ignoring.kz") };
    let plain = row(&admitter, &beacon("ignoring.kz"), false);
    assert!(plain.tag.is_some());
    assert_eq!(row(&admitter, &beacon("ignoring.kz"), true), plain);
    assert_eq!(row(&admitter, &by_flag, false), plain);
}

#[test]
fn what_a_server_reports_of_nobody_is_a_tally_on_every_site() {
    for domain in ["example.kz", "strict.kz", "ignoring.kz"] {
        let nobody = Beacon { unattributed: true, ..beacon(domain) };
        assert_eq!(row(&admitter(), &nobody, false).tag, None, "{domain}");
    }
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
        v4: [u8; 4], secret in "[QXZKV]{9}[0-9]{3}", path in "(/[a-z]{0,6}){0,3}", hash_routing: bool, opted_out: bool, referrer: bool,
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
        let request = RequestFacts { client: &client, agent: &agent, hints: ClientHints::default(), prefetch: false, accept_language: &format!("kk-{secret}"), opted_out };
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
