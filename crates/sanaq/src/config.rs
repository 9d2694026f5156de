//! What the whole program can be told: the file, the environment over it, and the command line over both. The keys
//! themselves, with default and reason, stand in [`sections`].

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serve::config::{Document, Environment, Reading};

use crate::cli::{Installation, Serve};
use crate::exit::Failure;
use sections::{
    Beacons, ClickHouse, Collector, Data, Delivery, Dialects, Engine, Journal, Log, Oidc, Operations, Public,
    Retention, Seal, Staff,
};

pub mod sections;

/// What the whole program can be told.
pub struct Config {
    /// `[data]`
    pub data: Data,
    /// `[public]`
    pub public: Public,
    /// `[staff]`
    pub staff: Staff,
    /// `[oidc]`
    pub oidc: Oidc,
    /// `[operations]`
    pub operations: Operations,
    /// `[collector]`
    pub collector: Collector,
    /// `[beacons]`
    pub beacons: Beacons,
    /// `[dialects]`
    pub dialects: Dialects,
    /// `[journal]`
    pub journal: Journal,
    /// `[delivery]`
    pub delivery: Delivery,
    /// `[clickhouse]`
    pub clickhouse: ClickHouse,
    /// `[engine]`
    pub engine: Engine,
    /// `[seal]`
    pub seal: Seal,
    /// `[retention]`
    pub retention: Retention,
    /// `[log]`
    pub log: Log,
    /// What was read, for `config check` and the reference.
    pub reading: Reading,
}

impl Config {
    /// Reads the file, the environment and `--data`.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn load(installation: &Installation) -> Result<Self, Failure> {
        Self::read(installation.config.as_deref(), installation.data.as_deref(), Environment::process())
    }

    /// Reads these; `data` is what `--data` said.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn read(file: Option<&Path>, data: Option<&Path>, environment: Environment) -> Result<Self, Failure> {
        let mut document = Document::load(file, environment);
        let mut config = (
            document.section::<Data>(),
            document.section(),
            document.section(),
            document.section(),
            document.section(),
            document.section(),
            document.section(),
            document.section(),
            document.section(),
            document.section(),
            document.section(),
            document.section(),
            document.section(),
            document.section(),
            document.section(),
        );
        let reading = document.finish().map_err(Failure::usage)?;
        if let Some(directory) = data {
            config.0.directory = directory.to_owned();
        }
        let (
            data,
            public,
            staff,
            oidc,
            operations,
            collector,
            beacons,
            dialects,
            journal,
            delivery,
            clickhouse,
            engine,
            seal,
            retention,
            log,
        ) = config;
        Ok(Self {
            data,
            public,
            staff,
            oidc,
            operations,
            collector,
            beacons,
            dialects,
            journal,
            delivery,
            clickhouse,
            engine,
            seal,
            retention,
            log,
            reading,
        })
    }

    /// Puts the options of `sanaq serve` over what was read.
    #[must_use]
    pub fn with_options(mut self, options: &Serve) -> Self {
        let over = |target: &mut String, option: &Option<String>| {
            if let Some(address) = option {
                target.clone_from(address);
            }
        };
        over(&mut self.public.listen, &options.public);
        over(&mut self.staff.listen, &options.staff);
        over(&mut self.operations.listen, &options.operations);
        self.public.demo |= options.demo;
        if options.clickhouse_url.is_some() {
            self.clickhouse.url.clone_from(&options.clickhouse_url);
        }
        self
    }

    /// The control plane's file.
    #[must_use]
    pub fn control_plane(&self) -> PathBuf {
        self.data.directory.join("control.sqlite")
    }

    /// Where `sanaq geo build` puts the country database, and where it is found when the configuration names none.
    #[must_use]
    pub fn default_country_database(&self) -> PathBuf {
        self.data.directory.join("country.mmdb")
    }

    /// The country database to use, if there is one.
    #[must_use]
    pub fn country_database(&self) -> Option<PathBuf> {
        let default = self.default_country_database();
        self.collector.geo_database.clone().or_else(|| default.exists().then_some(default))
    }

    /// Makes the data directory where there is none, readable by its owner only.
    ///
    /// # Errors
    /// When it can't be made, or its mode can't be set.
    pub fn make_data_directory(&self) -> Result<(), Failure> {
        let directory = &self.data.directory;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .and_then(|()| std::fs::set_permissions(directory, Permissions::from_mode(0o700)))
            .with_context(|| format!("can't make the data directory {}", directory.display()))
            .map_err(Failure::unavailable)
    }
}
