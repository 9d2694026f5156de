//! Exit codes, as `sysexits.h` numbers them.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done.
    Clean,
    /// The command line, the configuration or an argument is wrong: 64.
    Usage,
    /// An address can't be bound, or something that must be there can't be reached: 69.
    Unavailable,
    /// A bug: 70.
    Bug,
    /// Stopped, but some connections or deliveries did not finish in time: 75. Nothing acknowledged is lost by it.
    DeadlinePassed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Usage => 64,
            Exit::Unavailable => 69,
            Exit::Bug => 70,
            Exit::DeadlinePassed => 75,
        })
    }
}

/// What went wrong, in words for the person who typed the command, and the exit code it ends with.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What to tell the person.
    pub error: anyhow::Error,
}

impl Failure {
    /// The person must change what they typed or wrote.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into() }
    }

    /// Something that must be there isn't.
    pub fn unavailable(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Unavailable, error: error.into() }
    }
}
