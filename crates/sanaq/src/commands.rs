//! What each sub-command does. Results go to standard output, everything else to standard error.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

use dashboards::ControlPlane;
use engine::Launcher;
use serve::access::{ClickHouseAccess, Secret};
use serve::clock::Clock;

use crate::cli::{Command, Installation};
use crate::config::Config;
use crate::exit::{Exit, Failure};

mod config;
mod geo;
mod journal;
mod key;
mod retention;
mod seal;
mod serving;
mod simulate;
mod site;
mod user;

pub(crate) use retention::retention;

/// Runs a command to its end and tells what went wrong.
pub fn run(command: Command) -> ExitCode {
    let result = match command {
        Command::Serve(options) => serving::run(&options),
        Command::Site(command) => site::run(command).map(|()| Exit::Clean),
        Command::User(command) => user::run(command).map(|()| Exit::Clean),
        Command::Key(command) => key::run(command).map(|()| Exit::Clean),
        Command::Geo(command) => geo::run(command).map(|()| Exit::Clean),
        Command::Journal(command) => journal::run(command).map(|()| Exit::Clean),
        Command::Seal(installation) => seal::run(&installation).map(|()| Exit::Clean),
        Command::Retention(command) => retention::run(command).map(|()| Exit::Clean),
        Command::Simulate(options) => simulate::run(&options).map(|()| Exit::Clean),
        Command::Config(command) => config::run(command).map(|()| Exit::Clean),
        Command::EngineChild { arguments } => return engine::child::main(arguments),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            tell(&format!("sanaq: {:#}", failure.error));
            failure.exit.into()
        }
    }
}

/// A line for the person at the terminal.
fn tell(line: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A line of the command's result.
fn print(line: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "{line}").map_err(Failure::unavailable)
}

/// The control plane of an installation, made where there is none.
fn control_plane(installation: &Installation) -> Result<ControlPlane, Failure> {
    let config = Config::load(installation)?;
    config.make_data_directory()?;
    ControlPlane::open(&config.control_plane(), Clock::system()).map_err(Failure::unavailable)
}

/// The owner's way into ClickHouse for a command that does one thing, the embedded one started for as long as it does.
async fn with_clickhouse<T>(
    config: &Config,
    work: impl AsyncFnOnce(ClickHouseAccess) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let program = std::env::current_exe().map_err(Failure::unavailable)?;
    let launcher = Launcher { program, arguments: vec!["engine-child".into()] };
    let (engine, owner) = crate::app::reach_owner(config, launcher).await?;
    let prepare = async || {
        aggregator::schema::migrate(&owner).await.map_err(Failure::unavailable)?;
        aggregator::schema::check(&owner).await.map_err(Failure::unavailable)
    };
    let done = match prepare().await {
        Ok(()) => work(owner).await,
        Err(failure) => Err(failure),
    };
    if let Some(engine) = engine {
        engine.stop().await;
    }
    done
}

/// Runs a command that waits for ClickHouse.
fn wait_for<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::unavailable)?;
    runtime.block_on(work)
}

/// A password from standard input: its first line.
fn read_password() -> Result<Secret, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        tell("Password (at least 12 characters; shown as you type, so rather pipe it in):");
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).map_err(Failure::unavailable)?;
    Ok(Secret::new(line.trim_end_matches(['\r', '\n'])))
}
