//! From a body to rows: whatever a beacon says, a row holds nothing of the address, the agent, unknown parameters, or an e-mail
//! address; and the same beacon at the same time gives the same row.

use std::sync::{Arc, LazyLock};

use collector::address::ClientAddress;
use collector::admit::{AdmitConfig, Admitter, RequestFacts};
use collector::agent::{Agents, ClientHints};
use collector::bot::data_centre::DataCentres;
use collector::dialect::native;
use collector::geo::Geo;
use collector::identity::{Custody, Vault};
use collector::source::spam::SpamHosts;
use events::{OptOutMode, Site, SiteId, SiteList, SiteRules};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::{line, text};

const AGENT: &str = "Zq9AGENTx7";
const QUERY: &str = "Zq9QUERYx7";
const REFERRER: &str = "Zq9REFERRERx7";
const ADDRESS: &str = "203.0.113.77";
const PERSON: &str = "zq9.person@mail.kz";
/// A longer row is refused by the journal.
const LONGEST_ROW: usize = 1 << 20;

static ADMITTER: LazyLock<Admitter> = LazyLock::new(|| {
    let sites = SiteList::default();
    let site = |id, domain: &str, rules| Site {
        id: SiteId(id),
        domain: domain.to_owned(),
        zone: TimeZone::get("Asia/Almaty").expect("a zone that is bundled"),
        opt_out: OptOutMode::Tally,
        rules,
        keys: Vec::new(),
    };
    let any = vec!["*".to_owned()];
    let strict = SiteRules {
        shield_pages: vec!["/admin/**".to_owned(), "/*/private".to_owned()],
        keep_params: vec!["q".to_owned(), "page".to_owned()],
        allow_props: vec!["lang".to_owned(), "note".to_owned()],
        ..SiteRules::default()
    };
    sites.replace([
        site(1, "example.kz", SiteRules { allow_hosts: any, ..SiteRules::default() }),
        site(2, "all.example.kz", strict),
    ]);
    Admitter::new(AdmitConfig {
        sites: Arc::new(sites),
        vault: Arc::new(Vault::new(Custody::memory())),
        geo: Arc::new(Geo::time_zone_only()),
        agents: Agents::load().expect("the rules that come with the program"),
        spam: SpamHosts::default(),
        data_centres: DataCentres::default(),
        collector_id: 1,
    })
});

/// The first line is the agent, the second `Accept-Language`, the rest the body.
pub fn run(bytes: &[u8]) {
    let (agent, rest) = line(bytes);
    let (language, body) = line(rest);
    let Ok(mut beacon) = native::parse(body) else { return };
    let client = ClientAddress::parse(ADDRESS).expect("an address");
    let now = "2099-03-01T06:00:00Z".parse::<Timestamp>().expect("a time");
    let agent = format!("{} {AGENT}", text(agent));

    if !beacon.url.contains('#') {
        let mark = if beacon.url.contains('?') { '&' } else { '?' };
        beacon.url = format!("{}{mark}zz={QUERY}&fbclid={QUERY}#zz={QUERY}", beacon.url);
    }
    if beacon.referrer.as_ref().is_none_or(|referrer| referrer.len() % 2 == 0) {
        beacon.referrer = Some(format!("https://{REFERRER}:x@other.kz/a?token={REFERRER}#{REFERRER}"));
    }
    beacon.props.truncate(29);
    beacon.props.push(("note".to_owned(), format!("from {PERSON} to us")));

    for opted_out in [false, true] {
        let facts = RequestFacts {
            client: &client,
            agent: &agent,
            hints: ClientHints::default(),
            prefetch: false,
            accept_language: &text(language),
            opted_out,
        };
        let admissions = ADMITTER.admit(&beacon, &facts, now);
        assert_eq!(admissions.len(), beacon.domains.len(), "one outcome for each domain");
        for admission in &admissions {
            let Ok(row) = &admission.decision else { continue };
            let mut encoded = Vec::new();
            row.encode(&mut encoded);
            assert!(encoded.len() <= LONGEST_ROW, "a row fits into the journal");
            for canary in [AGENT, QUERY, REFERRER, ADDRESS, PERSON] {
                assert!(!holds(&encoded, canary), "{canary} is in a row");
            }
            assert_eq!(row.tag.is_none(), opted_out || beacon.opted_out, "only who opted out has no tag");
        }
        assert!(ADMITTER.admit(&beacon, &facts, now) == admissions, "admission depends on nothing else");
    }
}

/// Whether a text is in these bytes, in whatever case.
fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}
