//! Why there is no engine. Messages are for the operator; none of them carries anything the engine itself said.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use crate::library;

/// How to get the library; ends every message about a library that can't be used.
pub(crate) const INSTALL: &str = "run `npm ci --prefix crates/engine/npm`";

/// Why the engine can't run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no library at that place.
    #[error("the ClickHouse library is not at {}: {INSTALL}", path.display())]
    LibraryMissing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is there but cannot be the library: truncated, or something else.
    #[error("the ClickHouse library {} is corrupt ({what}): remove it and {INSTALL}", path.display())]
    LibraryCorrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The file is a library for another system or processor.
    #[error("the ClickHouse library {} is for another platform ({found}), this is {}: {INSTALL} on this machine", path.display(), library::platform_name())]
    LibraryOfOtherPlatform {
        /// The file.
        path: PathBuf,
        /// The platform it is for.
        found: &'static str,
    },
    /// No library is pinned for this platform.
    #[error(
        "no embedded ClickHouse is pinned for {}: give the path of its libchdb, or the address of a server with --clickhouse-url",
        library::platform_name()
    )]
    PlatformUnsupported,
    /// The system refused to load the library, or it lacks the function that starts the engine.
    #[error("the ClickHouse library {} cannot be loaded ({reason}): remove it and {INSTALL}", path.display())]
    LibraryUnusable {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// Another process uses the data directory.
    #[error("another Sanaq is using {}: stop it first, or give this one a data directory of its own", path.display())]
    DataInUse {
        /// The data directory.
        path: PathBuf,
    },
    /// The data directory cannot be made or written.
    #[error("the engine's data directory {} cannot be used", path.display())]
    Data {
        /// The data directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database's name is not a plain identifier.
    #[error(
        "{name:?} cannot be a database's name: letters, digits and _ only, at most 64, not starting with a digit"
    )]
    DatabaseName {
        /// The name.
        name: String,
    },
    /// The child process could not be started.
    #[error("the engine's process {} cannot be started", program.display())]
    Launch {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else listens on the engine's port.
    #[error("the engine's port {port} on the loopback interface is taken by another program")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The child ended before it was ready.
    #[error("the engine ended before it was ready ({status}{})", code.map(|c| format!(", ClickHouse error {c}")).unwrap_or_default())]
    ExitedEarly {
        /// How it ended.
        status: ExitStatus,
        /// ClickHouse's last error number.
        code: Option<u32>,
    },
    /// The child did not become ready in time and was killed.
    #[error("the engine was not ready within {} s and was ended ({status})", within.as_secs_f32())]
    NotReady {
        /// The time it had.
        within: Duration,
        /// How it ended.
        status: ExitStatus,
    },
    /// Stopped while it was starting.
    #[error("the engine was stopped while it was starting")]
    Stopped,
}

impl EngineError {
    /// A stable code for logs, metrics and scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::LibraryMissing { .. } => "engine_library_missing",
            Self::LibraryCorrupt { .. } => "engine_library_corrupt",
            Self::LibraryOfOtherPlatform { .. } => "engine_library_other_platform",
            Self::PlatformUnsupported => "engine_platform_unsupported",
            Self::LibraryUnusable { .. } => "engine_library_unusable",
            Self::DataInUse { .. } => "engine_data_in_use",
            Self::Data { .. } => "engine_data_unusable",
            Self::DatabaseName { .. } => "engine_database_name",
            Self::Launch { .. } => "engine_launch_failed",
            Self::PortTaken { .. } => "engine_port_taken",
            Self::ExitedEarly { .. } => "engine_exited_early",
            Self::NotReady { .. } => "engine_not_ready",
            Self::Stopped => "engine_stopped",
        }
    }
}
