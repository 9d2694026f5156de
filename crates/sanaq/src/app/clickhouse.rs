//! The ClickHouse to use: the embedded engine, or the configured server.

use std::path::{Path, PathBuf};
use std::pin::pin;

use engine::{Engine, EngineConfig, Launcher, State, User};
use serve::access::{Authority, ClickHouseAccess, Connection, Secret};
use serve::ready::Probe;
use serve::signals::Stop;
use tokio::sync::watch;

use crate::config::Config;
use crate::exit::Failure;

/// One user's way into ClickHouse for each service.
pub(super) struct Accesses {
    pub(super) owner: ClickHouseAccess,
    pub(super) collector: ClickHouseAccess,
    pub(super) dashboards: ClickHouseAccess,
}

/// The same for a command that is the schema's owner and nothing else.
pub(crate) async fn reach_owner(
    config: &Config,
    launcher: Launcher,
) -> Result<(Option<Engine>, ClickHouseAccess), Failure> {
    reach_clickhouse(config, launcher).await.map(|(engine, accesses)| (engine, accesses.owner))
}

/// The embedded engine, or the configured server; and how each service gets in.
pub(super) async fn reach_clickhouse(
    config: &Config,
    launcher: Launcher,
) -> Result<(Option<Engine>, Accesses), Failure> {
    let database = &config.clickhouse.database;
    if let Some(url) = &config.clickhouse.url {
        let authority = config.clickhouse.ca_file.as_deref().map(Authority::read).transpose();
        let access = ClickHouseAccess {
            url: url.clone(),
            database: database.clone(),
            user: config.clickhouse.user.clone(),
            password: config.clickhouse.password.clone().unwrap_or_default(),
            connection: Connection {
                connect_timeout: config.clickhouse.connect_timeout,
                authority: authority.map_err(Failure::usage)?,
            },
        };
        let accesses = Accesses { owner: access.clone(), collector: access.clone(), dashboards: access };
        return Ok((None, accesses));
    }
    let engine = Engine::start(EngineConfig {
        library: find_library(config.engine.library.as_deref())?,
        data: config.data.directory.join("engine"),
        memory_bytes: config.engine.memory_bytes,
        launcher,
        database: database.clone(),
        all_rights: false,
    })
    .await
    .map_err(Failure::unavailable)?;
    let access = |user: User| ClickHouseAccess {
        url: engine.url(),
        database: database.clone(),
        user: user.name().into(),
        password: Secret::new(engine.password(user)),
        connection: Connection {
            connect_timeout: config.clickhouse.connect_timeout,
            ..Connection::default()
        },
    };
    let accesses = Accesses {
        owner: access(User::Owner),
        collector: access(User::Collector),
        dashboards: access(User::Dashboards),
    };
    Ok((Some(engine), accesses))
}

/// The engine's library: as configured, else near the program, else below the working directory.
fn find_library(explicit: Option<&Path>) -> Result<PathBuf, Failure> {
    let program = std::env::current_exe().map_err(Failure::unavailable)?;
    let found = engine::library::locate(explicit, &program);
    if explicit.is_some() || found.is_ok() {
        return found.map_err(Failure::unavailable);
    }
    let here = std::env::current_dir().map_err(Failure::unavailable)?;
    engine::library::locate(None, &here).map_err(Failure::unavailable)
}

/// Makes the probe `clickhouse` say what the engine is doing.
pub(super) async fn follow_engine(mut state: watch::Receiver<State>, probe: Probe, stopping: Stop) {
    let mut stop = pin!(stopping.requested());
    loop {
        match *state.borrow_and_update() {
            State::Up => probe.set_ready(),
            State::Down(reason) => probe.set_unready(reason),
            State::Stopped => probe.set_unready("stopped"),
        }
        tokio::select! {
            () = &mut stop => return,
            changed = state.changed() => if changed.is_err() {
                return stop.await;
            },
        }
    }
}
