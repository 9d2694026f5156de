//! What each sub-command does. Results go to standard output, everything else to standard error.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

use dashboards::ControlPlane;
use serve::access::Secret;
use serve::clock::Clock;

use crate::cli::{Command, Installation};
use crate::config::Config;
use crate::exit::{Exit, Failure};

mod config;
mod geo;
mod journal;
mod key;
mod serving;
mod site;
mod user;

/// Runs a command to its end and tells what went wrong.
pub fn run(command: Command) -> ExitCode {
    let result = match command {
        Command::Serve(options) => serving::run(&options),
        Command::Site(command) => site::run(command).map(|()| Exit::Clean),
        Command::User(command) => user::run(command).map(|()| Exit::Clean),
        Command::Key(command) => key::run(command).map(|()| Exit::Clean),
        Command::Geo(command) => geo::run(command).map(|()| Exit::Clean),
        Command::Journal(command) => journal::run(command).map(|()| Exit::Clean),
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
