//! The command line: first stage, as clap reads it. `commands/` turns each into work.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Self-hosted web analytics that cannot identify anyone.
#[derive(Debug, Parser)]
#[command(name = "sanaq", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command that touches an installation takes.
#[derive(Args, Clone, Debug, Default)]
pub struct Installation {
    /// Configuration file; without one the defaults hold.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data directory; overrides the configuration.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// The sub-commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything in one process: collector, dashboards, aggregator and the embedded ClickHouse.
    #[command(after_help = "Example:\n  sanaq serve --demo --data ./data")]
    Serve(Serve),
    /// Add, list or remove sites.
    #[command(subcommand)]
    Site(Site),
    /// Add or list staff, or set a password.
    #[command(subcommand)]
    User(User),
    /// Add, list or revoke API keys.
    #[command(subcommand)]
    Key(Key),
    /// Build the country database from a Debian package's address ranges.
    #[command(subcommand)]
    Geo(Geo),
    /// Look at the journals of acknowledged rows that wait for ClickHouse.
    #[command(subcommand)]
    Journal(Journal),
    /// Seal every day that is due, while nothing else runs. `serve` does so by itself.
    #[command(after_help = "Example:\n  sanaq seal --data ./data")]
    Seal(Installation),
    /// Look at what retention will let go of.
    #[command(subcommand)]
    Retention(Retention),
    /// Fill a site with seeded traffic that nobody caused, for trying out and for load tests.
    ///
    /// Without --endpoint, days before today are written and sealed, every check included, while nothing else runs on the same data.
    /// With it, today so far is sent to a running program's POST /api/events, the only way into a day that is open: past days are
    /// refused there, because their keys are gone.
    ///
    /// What is simulated can't be mistaken for something real: the site's domain must be one that no real site has (below .example,
    /// .test, .invalid or .localhost; it is registered if it isn't yet), and a day of which there is anything already is refused.
    #[command(
        after_help = "Examples:\n  sanaq simulate --site demo.example --days 90 --events-per-day 2000 --data ./data\n  sanaq simulate --site demo.example --endpoint http://127.0.0.1:8080 --events-per-day 2000 --data ./data"
    )]
    Simulate(Simulate),
    /// Check a configuration, or print the reference of all keys.
    #[command(subcommand)]
    Config(Config),
    /// Become the embedded ClickHouse; started by `serve`, not by people.
    #[command(hide = true)]
    EngineChild {
        /// Passed on as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
}

/// `sanaq serve`.
#[derive(Args, Clone, Debug, Default)]
pub struct Serve {
    /// Where the installation is.
    #[command(flatten)]
    pub installation: Installation,
    /// Serve the demo site at /demo/ of the public listener, and register it.
    #[arg(long)]
    pub demo: bool,
    /// Address of the public listener; port 0 lets the system choose.
    #[arg(long, value_name = "ADDRESS")]
    pub public: Option<String>,
    /// Address of the staff listener.
    #[arg(long, value_name = "ADDRESS")]
    pub staff: Option<String>,
    /// Address of the operations listener.
    #[arg(long, value_name = "ADDRESS")]
    pub operations: Option<String>,
    /// Use this ClickHouse instead of the embedded one.
    #[arg(long, value_name = "URL")]
    pub clickhouse_url: Option<String>,
    /// When ready, write the addresses and the set-up link to this file as JSON, for scripts.
    #[arg(long, value_name = "FILE")]
    pub announce: Option<PathBuf>,
}

/// `sanaq site …`.
#[derive(Debug, Subcommand)]
pub enum Site {
    /// Register a site.
    #[command(after_help = "Example:\n  sanaq site add example.kz --timezone Asia/Almaty")]
    Add {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
        /// Domain of the site; the tracker names it in data-site.
        domain: String,
        /// IANA time zone whose midnight ends the site's days.
        #[arg(long)]
        timezone: String,
    },
    /// List the sites.
    #[command(after_help = "Example:\n  sanaq site list")]
    List {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
    },
    /// Show a site's rules as JSON.
    #[command(after_help = "Example:\n  sanaq site show example.kz")]
    Show {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
        /// Domain of the site.
        domain: String,
    },
    /// Set a site's rules. Each option may be repeated and replaces its list; an empty value clears it.
    #[command(
        after_help = "Example:\n  sanaq site set example.kz --allow-host example.kz --allow-host '*.example.kz' --shield-page '/admin/**'"
    )]
    Set {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
        /// Domain of the site.
        domain: String,
        /// What becomes of beacons of visitors who opted out (`Sec-GPC`, `DNT`).
        #[arg(long, value_enum)]
        opt_out: Option<OptOut>,
        /// The rules.
        #[command(flatten)]
        rules: Rules,
    },
    /// Stop counting a site. Its sealed statistics stay.
    #[command(after_help = "Example:\n  sanaq site remove example.kz")]
    Remove {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
        /// Domain of the site.
        domain: String,
    },
}

/// What a site does with beacons of visitors who opted out.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OptOut {
    /// Count the view, and nothing of who saw it.
    Tally,
    /// Keep nothing.
    Drop,
    /// Count the visitor like any other.
    Ignore,
}

/// The rules of a site. What is not given stays as it is.
#[derive(Args, Clone, Debug, Default)]
pub struct Rules {
    /// Host that pages may have (`example.kz`, `*.example.kz`, `*`); without any, the domain and its subdomains.
    #[arg(long, value_name = "HOST")]
    pub allow_host: Option<Vec<String>>,
    /// Address or network whose beacons are dropped (`192.0.2.0/24`).
    #[arg(long, value_name = "NETWORK")]
    pub shield_address: Option<Vec<String>>,
    /// Country whose beacons are dropped (`RU`).
    #[arg(long, value_name = "CODE")]
    pub shield_country: Option<Vec<String>>,
    /// Page whose beacons are dropped; `*` stands for anything but a slash, `**` for anything.
    #[arg(long, value_name = "PATH")]
    pub shield_page: Option<Vec<String>>,
    /// Host whose beacons are dropped, written as for `--allow-host`.
    #[arg(long, value_name = "HOST")]
    pub shield_host: Option<Vec<String>>,
    /// Query parameter that stays part of the path, where it tells pages apart.
    #[arg(long, value_name = "NAME")]
    pub keep_param: Option<Vec<String>>,
    /// Custom property that is kept; without any, all are.
    #[arg(long, value_name = "NAME")]
    pub allow_prop: Option<Vec<String>>,
    /// The website's id (a UUID) in the Umami it came from.
    #[arg(long, value_name = "UUID")]
    pub umami_id: Option<String>,
}

/// What a member of staff may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Role {
    /// Everything, including other owners.
    Owner,
    /// Sites, members, keys.
    Admin,
    /// Settings of sites.
    Editor,
    /// Look.
    Viewer,
}

/// `sanaq user …`.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Add a member of staff; the password is read from standard input.
    #[command(after_help = "Example:\n  sanaq user add aigul@example.kz --role viewer < password.txt")]
    Add {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
        /// E-mail address; the name to sign in with.
        email: String,
        /// What they may do.
        #[arg(long, value_enum)]
        role: Role,
    },
    /// List staff.
    #[command(after_help = "Example:\n  sanaq user list")]
    List {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
    },
    /// Set a password, read from standard input, and end that person's sessions.
    #[command(after_help = "Example:\n  sanaq user passwd aigul@example.kz < password.txt")]
    Passwd {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
        /// E-mail address.
        email: String,
    },
}

/// What an API key may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Scope {
    /// Ask questions of one site's statistics.
    Stats,
    /// Send beacons of one site in a server's name.
    Events,
    /// Manage one site over the Sites API, with an admin's rights.
    Sites,
}

/// `sanaq key …`.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key and print it: this once, for only its hash is kept.
    #[command(after_help = "Example:\n  sanaq key add --site example.kz --scope stats")]
    Add {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
        /// Domain of the site the key is for.
        #[arg(long)]
        site: String,
        /// What the key may do.
        #[arg(long, value_enum)]
        scope: Scope,
    },
    /// List the keys by their first letters.
    #[command(after_help = "Example:\n  sanaq key list")]
    List {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
    },
    /// Revoke the key with this prefix.
    #[command(after_help = "Example:\n  sanaq key revoke sanaq_4kT9")]
    Revoke {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
        /// First letters, as `sanaq key list` shows them.
        prefix: String,
    },
}

/// `sanaq geo …`.
#[derive(Debug, Subcommand)]
pub enum Geo {
    /// Build `country.mmdb` in the data directory from the ranges of Debian's tor-geoipdb.
    #[command(after_help = "Example:\n  sanaq geo build --if-changed")]
    Build {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
        /// Folder with the files `geoip` and `geoip6`.
        #[arg(long, value_name = "DIR", default_value = "/usr/share/tor")]
        from: PathBuf,
        /// Do nothing when the database is newer than the ranges, or when there are no ranges.
        #[arg(long)]
        if_changed: bool,
    },
}

/// `sanaq journal …`.
#[derive(Debug, Subcommand)]
pub enum Journal {
    /// Show the segments: state, range, rows, bytes, days, age, damage. Nothing of a visitor is shown, nothing is changed; it may run
    /// beside a serving process.
    ///
    /// open: rows are appended. sealed: waits for ClickHouse. parked: ClickHouse refuses it for what it holds. damaged: its readable
    /// rows are delivered, the rest can't be read. Parked and damaged ones are destroyed when their first day has closed.
    #[command(after_help = "Example:\n  sanaq journal inspect --data ./data --json")]
    Inspect {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
        /// Print JSON, for scripts.
        #[arg(long)]
        json: bool,
    },
}

/// `sanaq simulate`.
#[derive(Args, Clone, Debug)]
pub struct Simulate {
    /// Where the installation is.
    #[command(flatten)]
    pub installation: Installation,
    /// Domain of the site, below `.example`, `.test`, `.invalid` or `.localhost`.
    #[arg(long, value_name = "DOMAIN")]
    pub site: String,
    /// How many days, the last one being yesterday.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=1000), conflicts_with = "endpoint")]
    pub days: u16,
    /// Rows of a mean day: page views, reports of engagement and vitals, custom events.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub events_per_day: u64,
    /// The same seed gives the same traffic.
    #[arg(long, default_value_t = 20_261_122)]
    pub seed: u64,
    /// Time zone of the site if it is registered now.
    #[arg(long, default_value = "Asia/Almaty")]
    pub timezone: String,
    /// Send today so far to the public listener of a running program instead (`http://host:port`). Sent twice, it counts twice.
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
}

/// `sanaq retention …`.
#[derive(Debug, Subcommand)]
pub enum Retention {
    /// Print what would go and when, and change nothing.
    #[command(after_help = "Example:\n  sanaq retention plan --until 2028-01-01")]
    Plan {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
        /// The last day to look at; without it, what is due today.
        #[arg(long, value_name = "DATE")]
        until: Option<jiff::civil::Date>,
    },
}

/// `sanaq config …`.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Read the configuration and report every mistake in it.
    #[command(after_help = "Example:\n  sanaq config check --config /etc/sanaq/sanaq.toml")]
    Check {
        /// Where the installation is.
        #[command(flatten)]
        installation: Installation,
    },
    /// Print every key with its default and its reason, as docs/configuration.md has it.
    #[command(after_help = "Example:\n  sanaq config reference > docs/configuration.md")]
    Reference,
}
