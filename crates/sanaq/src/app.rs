//! All parts, built and run in one process.
//!
//! Start order: data directory, control plane, ClickHouse (embedded or another's), schema, listeners, collector. Whatever
//! can fail at start has failed before anything is served. Stop order: unready, stop accepting beacons, drain, flush the
//! journal, then staff, operations and the sealer, then the engine. Dropping the keys of the day is part of dropping the
//! collector.

use std::pin::pin;
use std::sync::Arc;

use aggregator::{Answers, OpenDay, OpenDayMetrics, Retention, SealMetrics, Sealer};
use collector::identity::Inheritance;
use collector::{Collector, CollectorConfig, CollectorParts, DEMO_DOMAIN};
use dashboards::control::{Author, ControlError};
use dashboards::{ControlPlane, Dashboards, DashboardsConfig, DashboardsParts};
use engine::{Engine, Launcher};
use jiff::SignedDuration;
use prometheus::Registry;
use serde::Serialize;
use serve::access::ClickHouseAccess;
use serve::clock::Clock;
use serve::listener::{Drained, Limits, Listener};
use serve::operations::Operations;
use serve::ready::Readiness;
use serve::signals::stopper;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::exit::{Exit, Failure};
use background::{count_open_days, erase_deleted, let_go, seal_days};
pub(crate) use clickhouse::reach_owner;
use clickhouse::{follow_engine, reach_clickhouse};

mod background;
mod clickhouse;

/// What surrounds the program and tests replace.
pub struct Surroundings {
    /// The time of day.
    pub clock: Clock,
    /// The process that becomes the embedded engine.
    pub launcher: Launcher,
    /// The open days' keys, from the process before.
    pub inherited: Inheritance,
}

/// Where the program can be reached.
#[derive(Clone, Debug, Serialize)]
pub struct Addresses {
    /// The website's and its visitors' door.
    pub public: String,
    /// Staff's door.
    pub staff: String,
    /// Operators' door.
    pub operations: String,
}

/// Everything built, nothing served yet.
pub struct App {
    addresses: Addresses,
    readiness: Readiness,
    control: ControlPlane,
    answers: Answers,
    owner: ClickHouseAccess,
    collector: Collector,
    open_day: OpenDay,
    sealer: Sealer,
    retention: Retention,
    dashboards: Dashboards,
    operations: Operations,
    listeners: Listeners,
    engine: Option<Engine>,
    clock: Clock,
    seal_interval: std::time::Duration,
}

struct Listeners {
    public: Listener,
    staff: Listener,
    operations: Listener,
}

impl App {
    /// Builds everything; binds the listeners.
    ///
    /// # Errors
    /// When something that must be there isn't, or an address is taken.
    pub async fn build(config: Config, surroundings: Surroundings) -> Result<Self, Failure> {
        let Surroundings { clock, launcher, inherited } = surroundings;
        config.make_data_directory()?;
        let registry = Registry::new();
        let readiness = Readiness::default();

        let control =
            ControlPlane::open(&config.control_plane(), clock.clone()).map_err(Failure::unavailable)?;
        let listeners = Listeners::bind(&config, &registry).await?;
        let addresses = Addresses {
            public: config.public.url.clone().unwrap_or_else(|| url(&listeners.public)),
            staff: config.staff.url.clone().unwrap_or_else(|| url(&listeners.staff)),
            operations: url(&listeners.operations),
        };
        if config.public.demo {
            register_demo(&control, &addresses.public)?;
        }

        let (engine, accesses) = reach_clickhouse(&config, launcher).await?;
        aggregator::schema::migrate(&accesses.owner).await.map_err(Failure::unavailable)?;
        aggregator::schema::check(&accesses.owner).await.map_err(Failure::unavailable)?;

        let sites = control.site_list();
        let mut collect = CollectorConfig::new(&config.data.directory);
        collect.collector_id = config.collector.id;
        collect.country_database = config.country_database();
        collect.trusted_proxies = config.collector.trusted_proxies;
        collect.keys = config.collector.keys;
        collect.regions = config.collector.regions;
        collect.spam_hosts = config.collector.spam_hosts;
        collect.data_centres = config.collector.data_centres;
        collect.demo = config.public.demo;
        collect.dialects = config.dialects.0;
        collect.paths = config.public.paths;
        collect.beacons = config.beacons.0;
        collect.journal.max_bytes = config.journal.max_bytes;
        collect.delivery.parallel = config.delivery.parallel;
        collect.delivery.interval = config.delivery.interval;
        collect.delivery.send_timeout = config.delivery.send_timeout;
        collect.delivery.end_timeout = config.delivery.answer_timeout;
        let sealed_days = aggregator::sealed_days(&accesses.owner).await.map_err(Failure::unavailable)?;
        collect.sealed_days = sealed_days.into_iter().collect();
        let parts = CollectorParts {
            clock: clock.clone(),
            sites: Arc::clone(&sites),
            clickhouse: accesses.collector,
            registry: &registry,
            readiness: &readiness,
            inherited,
        };
        let collector = Collector::build(collect, parts).map_err(Failure::unavailable)?;

        let answers = Answers::new(accesses.dashboards, Arc::clone(&sites), clock.clone());
        let grace = SignedDuration::try_from(config.seal.grace).unwrap_or(SignedDuration::MAX);
        let metrics = SealMetrics::register(&registry).map_err(Failure::unavailable)?;
        let counting = OpenDayMetrics::register(&registry).map_err(Failure::unavailable)?;
        let open_day = OpenDay::new(&accesses.owner, Arc::clone(&sites)).with_metrics(counting);
        let sealer =
            Sealer::new(accesses.owner.clone(), sites, collector.deliveries(), grace).with_metrics(metrics);
        let retention = crate::commands::retention(&accesses.owner, control.site_list(), &config.retention);
        let dashboards = Dashboards::build(
            &DashboardsConfig {
                public_url: addresses.public.clone(),
                staff_url: addresses.staff.clone(),
                questions_per_hour: u32::from(config.staff.questions_per_hour),
                oidc: config.oidc.0.clone(),
            },
            DashboardsParts {
                control: control.clone(),
                asker: Arc::new(answers.clone()),
                clock: clock.clone(),
                is_network: |text| collector::address::Networks::parse(&[text]).is_ok(),
                registry: &registry,
            },
        )
        .map_err(Failure::usage)?;
        let operations = Operations::new(registry, readiness.clone()).map_err(Failure::unavailable)?;

        Ok(Self {
            addresses,
            readiness,
            control,
            answers,
            owner: accesses.owner,
            collector,
            open_day,
            sealer,
            retention,
            dashboards,
            operations,
            listeners,
            engine,
            clock,
            seal_interval: config.seal.interval,
        })
    }

    /// Where it will be reached.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Whether it can do its work.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// The control plane.
    #[must_use]
    pub fn control(&self) -> ControlPlane {
        self.control.clone()
    }

    /// The question engine.
    #[must_use]
    pub fn answers(&self) -> Answers {
        self.answers.clone()
    }

    /// The schema owner's way into ClickHouse.
    #[must_use]
    pub fn clickhouse(&self) -> ClickHouseAccess {
        self.owner.clone()
    }

    /// The one-time link for the first administrator; none when there is staff already.
    ///
    /// # Errors
    /// When the control plane can't be written.
    pub fn setup_link(&self) -> Result<Option<String>, Failure> {
        match self.control.create_setup_link() {
            Ok(token) => Ok(Some(format!("{}/setup#{}", self.addresses.staff, token.reveal()))),
            Err(ControlError::AlreadySetUp) => Ok(None),
            Err(error) => Err(Failure::unavailable(error)),
        }
    }

    /// Serves until `stop` resolves, then stops in order.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Exit {
        let Self {
            listeners,
            collector,
            open_day,
            sealer,
            retention,
            dashboards,
            operations,
            control,
            engine,
            clock,
            readiness,
            seal_interval,
            ..
        } = self;
        let (stopper, stopping) = stopper();
        let mut inner = JoinSet::new();

        inner.spawn(dashboards.run(listeners.staff, stopping.clone().requested()));
        inner.spawn(listeners.operations.run(move |_| operations.clone(), stopping.clone().requested()));
        let retention = Arc::new(retention);
        inner.spawn(cleanly(erase_deleted(
            Arc::clone(&retention),
            control.clone(),
            clock.clone(),
            stopping.clone(),
        )));
        inner.spawn(cleanly({
            let stopping = stopping.clone();
            async move { control.run(stopping.requested()).await }
        }));
        inner.spawn(cleanly(count_open_days(open_day, stopping.clone())));
        inner.spawn(cleanly(let_go(retention, clock.clone(), stopping.clone())));
        inner.spawn(cleanly(seal_days(sealer, clock, seal_interval, stopping.clone())));
        if let Some(engine) = &engine {
            let probe = readiness.probe("clickhouse");
            inner.spawn(cleanly(follow_engine(engine.watch(), probe, stopping.clone())));
        }

        let mut exit = Exit::Clean;
        let (give_up, given_up) = serve::signals::stopper();
        let stop = async move {
            tokio::select! {
                () = stop => {}
                () = given_up.requested() => {}
            }
        };
        let mut public = pin!(collector.run(listeners.public, stop));
        loop {
            tokio::select! {
                drained = &mut public => {
                    note(drained, &mut exit);
                    break;
                }
                // None of them ends before it is told to, unless it panicked: then the rest stops in order.
                Some(ended) = inner.join_next() => {
                    tracing::error!(code = "part_ended", panicked = ended.is_err(), "a part of the program ended by itself");
                    exit = Exit::Bug;
                    give_up.stop();
                }
            }
        }
        stopper.stop();
        while let Some(ended) = inner.join_next().await {
            match ended {
                Ok(drained) => note(drained, &mut exit),
                Err(_) => exit = Exit::Bug,
            }
        }
        if let Some(engine) = engine {
            engine.stop().await;
        }
        exit
    }
}

/// Connections of the doors that visitors don't know: few, so that they never stand in the way of the public one.
const STAFF_CONNECTIONS: usize = 512;
const OPERATIONS_CONNECTIONS: usize = 64;

/// Descriptors for all else: segments, the control plane, ClickHouse, the listeners themselves, connections on the doorstep.
const OTHER_DESCRIPTORS: usize = 1024;

fn inner_limits(connections: usize) -> Limits {
    Limits { connections, ..Limits::default() }
}

/// The limits of the public door, as far as there are descriptors for its connections.
fn public_limits(configured: &Limits) -> Limits {
    let given =
        serve::descriptors::raise().map_or(usize::MAX, |given| given.try_into().unwrap_or(usize::MAX));
    let left = given.saturating_sub(STAFF_CONNECTIONS + OPERATIONS_CONNECTIONS + OTHER_DESCRIPTORS).max(64);
    let connections = configured.connections.min(left);
    if connections < configured.connections {
        tracing::warn!(
            code = "few_descriptors",
            configured = configured.connections,
            served = connections,
            descriptors = given,
            "public.connections is more than the file descriptors that the system gives (ulimit -n, LimitNOFILE=) allow; fewer are served"
        );
    }
    Limits { connections, ..configured.clone() }
}

impl Listeners {
    async fn bind(config: &Config, registry: &Registry) -> Result<Self, Failure> {
        let bind = async |address: &str, limits, name| {
            let listener = Listener::bind(address, limits).await.map_err(Failure::unavailable)?;
            listener.counted(registry, name).map_err(Failure::unavailable)
        };
        Ok(Self {
            public: bind(&config.public.listen, public_limits(&config.public.limits), "public").await?,
            staff: bind(&config.staff.listen, inner_limits(STAFF_CONNECTIONS), "staff").await?,
            operations: bind(&config.operations.listen, inner_limits(OPERATIONS_CONNECTIONS), "operations")
                .await?,
        })
    }
}

/// Registers the demo site, which stands on this machine's own address and not on its domain.
fn register_demo(control: &ControlPlane, public: &str) -> Result<(), Failure> {
    match control.add_site(Author::Console, DEMO_DOMAIN, "Asia/Almaty") {
        Ok(_) | Err(ControlError::DomainTaken) => {}
        Err(error) => return Err(Failure::unavailable(error)),
    }
    let mut hosts: Vec<String> =
        [DEMO_DOMAIN, "127.0.0.1", "localhost", "[::1]"].map(str::to_owned).into_iter().collect();
    let at = public.split_once("://").map_or(public, |(_, rest)| rest);
    let host = at.rsplit_once(':').map_or(at, |(host, _port)| host).trim_end_matches('/').to_lowercase();
    hosts.push(host);
    hosts.sort_unstable();
    hosts.dedup();
    let site = control.site(DEMO_DOMAIN).map_err(Failure::unavailable)?;
    if hosts.iter().all(|host| site.rules.allow_hosts.contains(host)) {
        return Ok(());
    }
    let add = |rules: &mut events::SiteRules| rules.allow_hosts.extend(hosts);
    control.change_rules(Author::Console, DEMO_DOMAIN, add).map(drop).map_err(Failure::unavailable)
}

/// A part without connections of its own.
async fn cleanly(part: impl Future<Output = ()>) -> Drained {
    part.await;
    Drained::Clean
}

fn note(drained: Drained, exit: &mut Exit) {
    if let (Drained::DeadlinePassed { .. }, Exit::Clean) = (drained, *exit) {
        *exit = Exit::DeadlinePassed;
    }
}

fn url(listener: &Listener) -> String {
    format!("http://{}", listener.local_address())
}
