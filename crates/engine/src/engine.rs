//! The parent's side: what the rest of Sanaq holds while the engine runs.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::error::EngineError;
use crate::process::Recipe;
use crate::settings::Layout;
use crate::supervisor::{READY_WITHIN, Shared, Supervisor};
use crate::users::{Passwords, User};
use crate::{library, settings};

/// The process that becomes the engine: a program that calls [`crate::child::main`] with the arguments appended to these.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// The program; for Sanaq, itself.
    pub program: PathBuf,
    /// Arguments that come first, for example the name of a sub-command.
    pub arguments: Vec<OsString>,
}

/// What an engine needs to start.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The library; see [`library::locate`].
    pub library: PathBuf,
    /// The data directory. It is made when missing, and holds nothing but the engine's files.
    pub data: PathBuf,
    /// How much memory the engine may use; at least 256 MiB is used as the limit whatever is asked for.
    pub memory_bytes: u64,
    /// What to start.
    pub launcher: Launcher,
    /// The database that the users' rights are limited to. It is created by the owner, not by the engine.
    pub database: String,
    /// For tests: every user may do everything in every database.
    pub all_rights: bool,
}

/// What the child is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Ready for queries.
    Up,
    /// It died and is being restarted; the code says why, as [`EngineError::code`] does.
    Down(&'static str),
    /// Stopped for good.
    Stopped,
}

/// A running embedded ClickHouse.
///
/// Dropping it stops the child too, without waiting for that; [`Engine::stop`] waits.
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    supervisor: Supervisor,
    passwords: Passwords,
    /// Held for the life of the engine: a second one on the same directory is refused.
    _lock: File,
}

impl Engine {
    /// Starts the engine and waits until it answers.
    ///
    /// # Errors
    /// When the library, the data directory or the child can't be used; see [`EngineError`].
    pub async fn start(config: EngineConfig) -> Result<Self, EngineError> {
        let prepare = move || Self::prepare(config);
        let (recipe, passwords, lock) =
            tokio::task::spawn_blocking(prepare).await.map_err(|_| EngineError::Stopped)??;
        let (supervisor, shared) =
            Supervisor::start(recipe, passwords.keeper().to_owned(), READY_WITHIN).await?;
        Ok(Self { shared, supervisor, passwords, _lock: lock })
    }

    fn prepare(config: EngineConfig) -> Result<(Recipe, Passwords, File), EngineError> {
        settings::check_database_name(&config.database)?;
        let library = library::check(&config.library)?;
        let layout = Layout::prepare(&config.data)?;
        let lock = layout.lock()?;
        let passwords = Passwords::generate();
        layout.write(&config, &passwords)?;
        Ok((Recipe { launcher: config.launcher, library, layout }, passwords, lock))
    }

    /// `http://127.0.0.1:<port>`; the same for the life of this engine, also over restarts of its process.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.shared.port())
    }

    /// A user's password. It is made anew at each [`Engine::start`].
    #[must_use]
    pub fn password(&self, user: User) -> String {
        self.passwords.of(user).to_owned()
    }

    /// Whether the child is ready for queries.
    #[must_use]
    pub fn is_up(&self) -> bool {
        *self.shared.state.borrow() == State::Up
    }

    /// How often the child was restarted after it died.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.shared.restarts()
    }

    /// Follows the child's state, for a readiness probe.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<State> {
        self.shared.state.subscribe()
    }

    /// The child's process number while there is one, for tests and for measuring its memory.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.shared.process_id()
    }

    /// Ends the child in an orderly way; kills it when that takes longer than three seconds.
    pub async fn stop(self) {
        self.supervisor.stop().await;
    }
}
