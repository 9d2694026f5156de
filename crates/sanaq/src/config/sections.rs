//! Every configuration key, with its default and its reason: one type per section of the file.
//!
//! `docs/configuration.md` is printed from here; a test fails when it is stale.

use aggregator::Keep;
use aggregator::retention::MOST_DETAIL_MONTHS;
use std::path::PathBuf;
use std::time::Duration;

use collector::Keys as KeyCustody;
use collector::address::TrustedProxies;
use collector::http::BeaconLimits;
use collector::http::script::Paths;
use collector::limit::SourceLimit;
use dashboards::OidcConfig;
use serve::access::Secret;
use serve::config::{GIB, KIB, Keys, MIB, Settings};
use serve::listener::Limits;
use serve::telemetry::{Format, Level};

/// `[data]`
pub struct Data {
    /// The data directory.
    pub directory: PathBuf,
}

impl Settings for Data {
    const SECTION: &'static str = "data";
    const DOC: &'static str = "Where everything is kept that is kept.";

    fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            directory: keys.path("directory", "data", "Holds the journal, the control plane and the embedded ClickHouse; mode 0700. `--data` overrides it."),
        }
    }
}

/// `[public]`
pub struct Public {
    /// Address to listen on.
    pub listen: String,
    /// The address as visitors' browsers see it, where that differs.
    pub url: Option<String>,
    /// Whether the demo site is served.
    pub demo: bool,
    /// Further paths of the tracker and of the beacon endpoint.
    pub paths: Paths,
    /// Bounds of the listener.
    pub limits: Limits,
}

impl Settings for Public {
    const SECTION: &'static str = "public";
    const DOC: &'static str =
        "The door of the website and its visitors: tracker script and beacons. Behind a proxy that ends TLS.";

    fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            listen: keys.address("listen", "127.0.0.1:8080", "Loopback, as a proxy stands in front."),
            url: keys.optional_url("url", "How browsers reach it (`https://stats.example.kz`); stands in the snippet. Without it, `listen`."),
            demo: keys.flag("demo", false, "Serve the demo site at `/demo/` and register it. Off, as it is for trying out; `make run` turns it on."),
            paths: Paths {
                script: further_path(keys, "script_path", "A second path of the tracker (`/a/counter.js`), for visitors whose blockers know `/js/script.js`."),
                event: further_path(keys, "event_path", "A second path of the beacon endpoint (`/a/seen`); pages name it in `data-api`."),
            },
            limits: Limits::read(keys),
        }
    }
}

/// A path beside the usual one.
fn further_path(keys: &mut Keys<'_>, name: &'static str, doc: &'static str) -> Option<String> {
    let path = keys.optional_text(name, doc)?;
    if path.len() > 1 && path.starts_with('/') && !path.contains(['?', '#', ' ']) {
        return Some(path);
    }
    keys.refuse(name, "not_a_path", "is no path such as `/a/counter.js`");
    None
}

/// `[staff]`
pub struct Staff {
    /// Address to listen on.
    pub listen: String,
    /// The address as staff's browsers see it, where that differs.
    pub url: Option<String>,
    /// Questions an hour for each API key.
    pub questions_per_hour: u16,
}

impl Settings for Staff {
    const SECTION: &'static str = "staff";
    const DOC: &'static str = "The door of staff: dashboards and stats API.";

    fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            listen: keys.address("listen", "127.0.0.1:8081", "Loopback, as a proxy stands in front."),
            url: keys.optional_url("url", "How staff reach it. With `https://`, cookies are `Secure` and named `__Host-…`. Without it, `listen`."),
            questions_per_hour: keys.count(
                "questions_per_hour",
                600,
                1..=u16::MAX,
                "How many questions a program may ask in an hour with its API key.",
            ),
        }
    }
}

/// `[oidc]`
pub struct Oidc(pub Option<OidcConfig>);

impl Settings for Oidc {
    const SECTION: &'static str = "oidc";
    const DOC: &'static str = "Signing in through an identity provider (OpenID Connect), beside passwords. It lets in who has an account or an open invitation, by an e-mail address that the provider has verified; it opens no accounts to others.";

    fn read(keys: &mut Keys<'_>) -> Self {
        let issuer = keys.optional_text("issuer", "The provider's name for itself, exactly as it spells it (`https://id.example.kz/realms/staff`). Must be `https`, or `http` on loopback. The provider must know `/api/oidc/callback` below `staff.url` as address to send people back to. Without it, there is no such sign-in.");
        let client_id = keys.optional_text("client_id", "What Sanaq is called there.");
        let client_secret = keys.secret("client_secret", "What Sanaq proves itself with there.");
        let name = keys.text("name", "OpenID", "What staff call the provider; stands on the button.");
        let Some(issuer) = issuer else { return Self(None) };
        if client_id.is_none() {
            keys.refuse("client_id", "missing", "is needed beside issuer");
        }
        if client_secret.is_none() {
            keys.refuse("client_secret", "missing", "is needed beside issuer");
        }
        let config = client_id.zip(client_secret);
        Self(config.map(|(client_id, client_secret)| OidcConfig { issuer, client_id, client_secret, name }))
    }
}

/// `[operations]`
pub struct Operations {
    /// Address to listen on.
    pub listen: String,
}

impl Settings for Operations {
    const SECTION: &'static str = "operations";
    const DOC: &'static str = "The door of operators: `/metrics`, `/livez`, `/readyz`. No visitor data, but no business of the world's either.";

    fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            listen: keys.address(
                "listen",
                "127.0.0.1:9464",
                "Loopback; open it to the monitoring network only.",
            ),
        }
    }
}

/// `[collector]`
pub struct Collector {
    /// Number of this collector.
    pub id: u16,
    /// Proxies that may name the visitor's address.
    pub trusted_proxies: TrustedProxies,
    /// Where the day's keys are kept.
    pub keys: KeyCustody,
    /// Country database.
    pub geo_database: Option<PathBuf>,
    /// Whether regions are kept.
    pub regions: bool,
    /// More hosts of referrer spam.
    pub spam_hosts: Option<PathBuf>,
    /// Networks of data centres.
    pub data_centres: Option<PathBuf>,
}

impl Settings for Collector {
    const SECTION: &'static str = "collector";
    const DOC: &'static str = "How a beacon becomes an event.";

    fn read(keys: &mut Keys<'_>) -> Self {
        let one = |text: &str| match TrustedProxies::parse(&[text]) {
            Ok(_) => Ok(text.to_owned()),
            Err(errors) => Err(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        };
        let id = keys.count(
            "id",
            1,
            1..=u16::MAX,
            "Number of this collector in every row; different for each collector of one database.",
        );
        let proxies = keys.list("trusted_proxies", &[], one, "Networks (`10.0.0.0/8`, `::1`) whose `X-Forwarded-For` or `Forwarded` is believed. None by default: anybody could write anything there.");
        Self {
            id,
            trusted_proxies: TrustedProxies::parse(&proxies).unwrap_or_default(),
            keys: keys.choice(
                "keys",
                KeyCustody::Best,
                &[("best", KeyCustody::Best), ("locked", KeyCustody::Locked), ("memory", KeyCustody::Memory)],
                "Where the day's keys are kept, never on a disk. `best`: the kernel's keyring, else locked memory. `locked`: locked memory, handed over to a `sanaq serve` on the same data that waits when this one stops. `memory`: a restart begins new pseudonyms.",
            ),
            geo_database: keys.optional_path("geo_database", "Country database (`mmdb`). Without it, `country.mmdb` in the data directory (`sanaq geo build`); without that, the browser's time zone decides."),
            regions: keys.flag("regions", false, "Keep the region too, where the country database has one. Off: data for Kazakhstan is poor, and small regions point at people."),
            spam_hosts: keys.optional_path("spam_hosts", "More hosts whose referrals are advertising: a file with one on each line. Those we know are built in."),
            data_centres: keys.optional_path("data_centres", "Networks of data centres: a file with one (`203.0.113.0/24`) on each line. What comes from them is a robot. None by default: some people's VPNs end there."),
        }
    }
}

/// `[beacons]`
pub struct Beacons(pub BeaconLimits);

impl Settings for Beacons {
    const SECTION: &'static str = "beacons";
    const DOC: &'static str = "What is put up with, from one beacon, one source and all together. Beyond it a beacon is refused, and told so with a 4xx or 503.";

    fn read(keys: &mut Keys<'_>) -> Self {
        let default = BeaconLimits::default();
        let second = Duration::from_secs(1);
        Self(BeaconLimits {
            body_bytes: keys.size("body_size", default.body_bytes as u64, KIB..=MIB, "Longest body; a longer one is refused with 413. The default holds 30 properties of the greatest length; pages that send none get by with 16KiB.").try_into().unwrap_or(usize::MAX),
            body_timeout: keys.duration("body_timeout", default.body_timeout, second..=60 * second, "Time for a body to arrive, once its head is there."),
            in_flight: keys.count("in_flight", default.in_flight, 1..=1_000_000, "Beacons that may be waiting for an answer at once; more are refused with 503. Each waits for its turn at the disk, so this bounds memory and how long anybody waits."),
            source: SourceLimit {
                rate: keys.count("source_rate", default.source.rate, 0..=1_000_000, "Beacons a second that one source, a /24 of IPv4 or a /48 of IPv6, may send for as long as it likes; more are refused with 429. 0 turns the limit off. Batches under a site key don't count. Behind a proxy it needs `collector.trusted_proxies`."),
                burst: keys.count("source_burst", default.source.burst, 1..=1_000_000, "Beacons that a source may send at once after a silence: a school that opens a page together, or a mobile carrier whose customers share a few addresses."),
            },
        })
    }
}

/// `[dialects]`
pub struct Dialects(pub collector::http::Dialects);

impl Settings for Dialects {
    const SECTION: &'static str = "dialects";
    const DOC: &'static str = "Other tools' trackers that are understood, to move over without touching every page. A dialect that is off is not there at all.";

    fn read(keys: &mut Keys<'_>) -> Self {
        Self(collector::http::Dialects {
            umami: keys.flag("umami", false, "Umami's `/api/send` and `/api/batch`. A website's id is told with `sanaq site set DOMAIN --umami-id UUID`."),
            goatcounter: keys.flag("goatcounter", false, "GoatCounter's `/count`, and `/api/v0/count` with a key of scope `events`."),
        })
    }
}

/// `[journal]`
pub struct Journal {
    /// Size cap.
    pub max_bytes: u64,
}

impl Settings for Journal {
    const SECTION: &'static str = "journal";
    const DOC: &'static str = "Where acknowledged beacons wait on disk for ClickHouse.";

    fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            max_bytes: keys.size("max_size", 2 * GIB, MIB..=1024 * GIB, "Beyond it beacons are refused with 503; nothing acknowledged is ever dropped. Some 8 million beacons."),
        }
    }
}

/// `[delivery]`
pub struct Delivery {
    /// Batches on their way at once.
    pub parallel: usize,
    /// Pause between two batches under steady traffic.
    pub interval: Duration,
    /// Time for a piece of a batch.
    pub send_timeout: Duration,
    /// Time for the answer.
    pub answer_timeout: Duration,
}

impl Settings for Delivery {
    const SECTION: &'static str = "delivery";
    const DOC: &'static str = "From the journal into ClickHouse.";

    fn read(keys: &mut Keys<'_>) -> Self {
        let defaults = collector::delivery::DeliveryConfig::default();
        let second = Duration::from_secs(1);
        Self {
            parallel: keys.count(
                "parallel",
                defaults.parallel,
                1..=16,
                "So many batches are on their way at once, each of at most 16 MiB in memory.",
            ),
            interval: keys.duration(
                "interval",
                defaults.interval,
                Duration::from_millis(100)..=60 * second,
                "Under steady traffic a batch is sent when it has 10,000 rows, or this long after the one before.",
            ),
            send_timeout: keys.duration(
                "send_timeout",
                defaults.send_timeout,
                second..=600 * second,
                "Sending a piece (1 MiB) of a batch may take this long.",
            ),
            answer_timeout: keys.duration(
                "answer_timeout",
                defaults.end_timeout,
                second..=600 * second,
                "ClickHouse may take this long for a batch, and is told so. Then the batch is sent again, which has no second effect.",
            ),
        }
    }
}

/// `[clickhouse]`
pub struct ClickHouse {
    /// A server or cluster to use instead of the embedded engine.
    pub url: Option<String>,
    /// Database.
    pub database: String,
    /// User.
    pub user: String,
    /// Password.
    pub password: Option<Secret>,
    /// Certificates to believe.
    pub ca_file: Option<PathBuf>,
    /// Time for a connection to come about.
    pub connect_timeout: Duration,
}

impl Settings for ClickHouse {
    const SECTION: &'static str = "clickhouse";
    const DOC: &'static str = "A ClickHouse of your own, instead of the embedded one.";

    fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            url: keys.optional_url(
                "url",
                "HTTP address of the server. With it, the embedded engine is never started.",
            ),
            database: keys.text("database", "sanaq", "Made if missing; holds nothing but Sanaq's tables."),
            user: keys.text(
                "user",
                "default",
                "Needs all rights on the database. The embedded engine has users of its own.",
            ),
            password: keys.secret("password", "That user's password."),
            ca_file: keys.optional_path(
                "ca_file",
                "Certificates (PEM) that alone may vouch for a server with an `https` address. Without it, the authorities that browsers believe.",
            ),
            connect_timeout: keys.duration(
                "connect_timeout",
                Duration::from_secs(5),
                Duration::from_millis(100)..=Duration::from_secs(60),
                "A connection that takes longer to come about is given up, and tried again.",
            ),
        }
    }
}

/// `[engine]`
pub struct Engine {
    /// The library, where it is not found by itself.
    pub library: Option<PathBuf>,
    /// Memory cap.
    pub memory_bytes: u64,
}

impl Settings for Engine {
    const SECTION: &'static str = "engine";
    const DOC: &'static str = "The embedded ClickHouse.";

    fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            library: keys.optional_path(
                "library",
                "`libchdb.so`. Without it, looked for beside the program and where `make run` installs it.",
            ),
            memory_bytes: keys.size(
                "memory",
                2 * GIB,
                256 * MIB..=1024 * GIB,
                "Most memory it may take; it idles at about 200 MiB. Fits a machine of 4 GiB.",
            ),
        }
    }
}

/// `[seal]`
pub struct Seal {
    /// Wait after the end of a day.
    pub grace: Duration,
    /// Pause between two looks.
    pub interval: Duration,
}

impl Settings for Seal {
    const SECTION: &'static str = "seal";
    const DOC: &'static str = "Turning a finished day into statistics.";

    fn read(keys: &mut Keys<'_>) -> Self {
        let hour = Duration::from_secs(3600);
        Self {
            grace: keys.duration(
                "grace",
                Duration::from_secs(120),
                Duration::ZERO..=24 * hour,
                "Wait after a site's midnight, for beacons that are still on their way.",
            ),
            interval: keys.duration(
                "interval",
                Duration::from_secs(30),
                Duration::from_millis(50)..=hour,
                "Pause between two looks for a day to seal.",
            ),
        }
    }
}

/// `[retention]`
pub struct Retention {
    /// Of sites that are not among the exceptions.
    pub everywhere: Keep,
    /// By domain.
    pub exceptions: Vec<Exception>,
}

/// A site that keeps what is sealed for another time: `example.kz=6/24`.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Domain of the site.
    pub domain: String,
    /// How long it keeps what.
    pub keep: Keep,
}

impl std::str::FromStr for Exception {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = "must be domain=DETAIL/STATISTICS in months, such as example.kz=6/24";
        let (domain, months) = text.split_once('=').ok_or(form)?;
        let (detail, statistics) = months.split_once('/').ok_or(form)?;
        let detail_months = detail.trim().parse().map_err(|_| form)?;
        if detail_months > MOST_DETAIL_MONTHS {
            return Err("detail is kept for 25 months at most");
        }
        let statistics: u16 = statistics.trim().parse().map_err(|_| form)?;
        let keep = Keep { detail_months, statistics_months: (statistics > 0).then_some(statistics) };
        Ok(Self { domain: domain.trim().to_lowercase(), keep })
    }
}

impl Settings for Retention {
    const SECTION: &'static str = "retention";
    const DOC: &'static str = "How long sealed days are kept. A calendar month goes as a whole, when its first day reaches the limit.";

    fn read(keys: &mut Keys<'_>) -> Self {
        let detail_months = keys.count(
            "detail_months",
            13,
            0..=MOST_DETAIL_MONTHS,
            "Visits and hits, which filtered questions need; they hold no pseudonym. 0 keeps statistics only.",
        );
        let statistics_months =
            keys.count("statistics_months", 0, 0..=1200, "Statistics; 0 keeps them without limit.");
        let exceptions = keys.list(
            "exceptions",
            &[],
            |text| text.parse::<Exception>(),
            "Sites that keep theirs for another time: domain=DETAIL/STATISTICS, in months (`example.kz=6/24`).",
        );
        let everywhere =
            Keep { detail_months, statistics_months: (statistics_months > 0).then_some(statistics_months) };
        Self { everywhere, exceptions }
    }
}

/// `[log]`
pub struct Log {
    /// JSON or text.
    pub format: Format,
    /// Least level.
    pub level: Level,
}

impl Settings for Log {
    const SECTION: &'static str = "log";
    const DOC: &'static str = "Log lines on standard error. `docs/logging.md` says what is never in them.";

    fn read(keys: &mut Keys<'_>) -> Self {
        Self {
            format: keys.choice(
                "format",
                Format::Text,
                Format::NAMES,
                "`json` for a log collector, `text` for people.",
            ),
            level: keys.choice("level", Level::Info, Level::NAMES, "Least level that is written."),
        }
    }
}
