//! One thread that parses, resolves, admits and encodes the prepared beacons: no sockets, no disk. Told is processor time, so
//! that a busy machine does not count.

use std::fmt;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use collector::address::{ClientAddress, Peer, TrustedProxies};
use collector::admit::{AdmitConfig, Admitter, RequestFacts};
use collector::agent::{Agents, ClientHints};
use collector::bot::data_centre::DataCentres;
use collector::dialect::native;
use collector::geo::Geo;
use collector::identity::{Custody, Vault};
use collector::source::spam::SpamHosts;
use events::{OptOutMode, Site, SiteId, SiteList, SiteRules};
use http::HeaderMap;
use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

use crate::beacons::{Beacons, SITE};

/// Time per beacon of each part.
pub(crate) struct HotPath {
    parse: Duration,
    resolve: Duration,
    admit: Duration,
    encode: Duration,
}

impl HotPath {
    /// Time of one `admit`.
    pub(crate) fn admit_ns(&self) -> u128 {
        self.admit.as_nanos()
    }
}

impl fmt::Display for HotPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parse, resolve, admit, encode } = self;
        let ns = Duration::as_nanos;
        write!(
            f,
            "parse {} ns, resolve the address {} ns, admit {} ns, encode {} ns",
            ns(parse),
            ns(resolve),
            ns(admit),
            ns(encode)
        )
    }
}

/// Measures with warm caches, and with the country database below `data`.
pub(crate) fn measure(beacons: &Beacons, data: &Path, passes: u32) -> anyhow::Result<HotPath> {
    let sites = SiteList::default();
    sites.replace([Site {
        id: SiteId(1),
        domain: SITE.to_owned(),
        zone: jiff::tz::TimeZone::get("Asia/Almaty")?,
        opt_out: OptOutMode::Tally,
        rules: SiteRules::default(),
        keys: Vec::new(),
    }]);
    let admitter = Admitter::new(AdmitConfig {
        sites: Arc::new(sites),
        vault: Arc::new(Vault::new(Custody::memory())),
        geo: Arc::new(Geo::open(&data.join("country.mmdb"))?),
        agents: Agents::load()?,
        spam: SpamHosts::default(),
        data_centres: DataCentres::default(),
        collector_id: 1,
    });
    let peer = Peer::parse("127.0.0.1").context("an address")?;
    let trusted =
        TrustedProxies::parse(&["127.0.0.0/8"]).map_err(|_| anyhow::anyhow!("the network is one"))?;
    // The day's key is made for now; a fixed time would be a day that has closed.
    let now: Timestamp = "2099-11-22T06:00:00Z".parse()?;

    let mut requests = Vec::new();
    for one in &beacons.all {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", one.address.parse()?);
        let client = ClientAddress::resolve(&peer, &headers, &trusted);
        requests.push((native::parse(one.body.as_bytes())?, one.agent.as_str(), headers, client));
    }
    let admit = |at: usize| {
        let (beacon, agent, _, client) = &requests[at];
        let facts = RequestFacts {
            client,
            agent,
            hints: ClientHints::default(),
            prefetch: false,
            accept_language: "kk-KZ,kk;q=0.9,ru;q=0.8",
            opted_out: false,
        };
        admitter.admit(beacon, &facts, now)
    };
    let mut rows = Vec::new();
    for at in 0..requests.len() {
        for admission in admit(at) {
            rows.push(admission.decision.map_err(|reason| anyhow::anyhow!("dropped: {}", reason.code()))?);
        }
    }
    let each = |work: &mut dyn FnMut(usize)| {
        let begun = processor_time();
        for _ in 0..passes {
            (0..requests.len()).for_each(&mut *work);
        }
        processor_time().saturating_sub(begun) / passes / u32::try_from(requests.len()).unwrap_or(1)
    };
    let mut buffer = Vec::with_capacity(512);
    Ok(HotPath {
        parse: each(&mut |at| drop(black_box(native::parse(beacons.all[at].body.as_bytes())))),
        resolve: each(&mut |at| drop(black_box(ClientAddress::resolve(&peer, &requests[at].2, &trusted)))),
        admit: each(&mut |at| drop(black_box(admit(at)))),
        encode: each(&mut |at| {
            buffer.clear();
            rows[at].encode(&mut buffer);
            black_box(&buffer);
        }),
    })
}

/// What this thread has cost so far.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}
