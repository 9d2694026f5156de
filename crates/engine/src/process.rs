//! One run of the child, from its start to its exit.

use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::engine::Launcher;
use crate::error::EngineError;
use crate::log::{Reporter, each_line};
use crate::settings::Layout;
use crate::{child, keeper};

/// How long an orderly end may take before the child is killed.
const STOP_WITHIN: Duration = Duration::from_secs(3);
/// How often the end of a process is looked for; there is no wait with a deadline.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What to start, again and again.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) launcher: Launcher,
    pub(crate) library: PathBuf,
    pub(crate) layout: Layout,
}

/// What a run tells of itself.
#[derive(Debug)]
pub(crate) enum Event {
    /// The listener is open on this port.
    Listening(u16),
    /// The child has closed its log: it is gone, or about to be.
    Ended(LastWords),
}

/// What was learnt from the log by the time it ended.
#[derive(Debug, Default)]
pub(crate) struct LastWords {
    code: Option<u32>,
    address_in_use: bool,
    /// The library was loaded.
    loaded: bool,
    /// What our own side of the child said before the engine ran: never ClickHouse's text.
    ours: Option<String>,
}

/// A child process. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Run {
    child: Child,
    /// The child ends when this is closed.
    stdin: Option<ChildStdin>,
    reader: Option<JoinHandle<()>>,
}

impl Run {
    /// Starts a child that listens on `port`, or on one the system chooses when it is 0.
    ///
    /// Must be called from a thread that lives as long as the child should: the kernel ties the child's life to it.
    pub(crate) fn start(
        recipe: &Recipe,
        port: u16,
        tell: impl FnMut(Event) + Send + 'static,
    ) -> Result<Self, EngineError> {
        let program = &recipe.launcher.program;
        let launch = |source| EngineError::Launch { program: program.clone(), source };
        let mut child = Command::new(program)
            .args(&recipe.launcher.arguments)
            .args(child::arguments(&recipe.library, &recipe.layout, port))
            // Nothing of our environment is the engine's business; it may hold secrets.
            .env_clear()
            .env("TZ", "UTC")
            // A terminal's Ctrl-C goes to the whole group: the engine must outlive what is still to be written.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(launch)?;
        let stdin = child.stdin.take();
        let stderr = child.stderr.take();
        let mut run = Self { child, stdin, reader: None };
        if let Some(stderr) = stderr {
            let name = "engine-log".to_owned();
            let reader =
                thread::Builder::new().name(name).spawn(move || read_log(stderr, tell)).map_err(launch)?;
            run.reader = Some(reader);
        }
        Ok(run)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the child in an orderly way, or by force when that takes too long.
    pub(crate) fn stop(mut self, port: u16, keeper_password: &str) {
        let deadline = Instant::now() + STOP_WITHIN;
        if keeper::end(port, keeper_password).is_err() {
            tracing::debug!("the engine did not take the request to end");
        }
        self.finish(deadline);
    }

    /// Waits for a child that is ending by itself, and tells how it did.
    pub(crate) fn reap(mut self) -> ExitStatus {
        self.finish(Instant::now() + STOP_WITHIN)
    }

    /// Kills the child and tells how it ended.
    pub(crate) fn kill(mut self) -> ExitStatus {
        self.finish(Instant::now())
    }

    fn finish(&mut self, deadline: Instant) -> ExitStatus {
        drop(self.stdin.take());
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < deadline => thread::sleep(LOOK_EVERY),
                // An error to look or to kill means that there is no such child any more.
                Ok(None) | Err(_) => {
                    let _ = self.child.kill();
                    break self.child.wait().unwrap_or_default();
                }
            }
        };
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        status
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.reader.is_some() {
            self.finish(Instant::now());
        }
    }
}

fn read_log(from: impl Read, mut tell: impl FnMut(Event)) {
    let mut last = LastWords::default();
    let mut listening = false;
    let mut reporter = Reporter::new();
    each_line(from, |line| {
        last.code = line.code.or(last.code);
        if !listening {
            last.address_in_use |= line.address_in_use;
            match &line.ours {
                Some(ours) if ours == child::LOADED => last.loaded = true,
                Some(ours) => last.ours = Some(ours.clone()),
                None => {}
            }
            if let Some(port) = line.port {
                listening = true;
                tell(Event::Listening(port));
            }
        }
        reporter.report(&line);
    });
    tell(Event::Ended(last));
}

impl LastWords {
    /// Why a child ended before it was ready.
    pub(crate) fn explain(self, status: ExitStatus, recipe: &Recipe, port: u16) -> EngineError {
        match status.code().map(child::Exit::from_code) {
            Some(Some(child::Exit::Load)) => EngineError::LibraryUnusable {
                path: recipe.library.clone(),
                reason: self.ours.unwrap_or_else(|| "no reason given".into()),
            },
            Some(Some(child::Exit::DataInUse)) => {
                EngineError::DataInUse { path: recipe.layout.root().to_owned() }
            }
            // What is behind a sound header was spoilt, or this processor lacks an instruction.
            None if !self.loaded && status.signal().is_some_and(|signal| signal != Signal::KILL.as_raw()) => {
                EngineError::LibraryCorrupt {
                    path: recipe.library.clone(),
                    what: "the system crashed while loading it",
                }
            }
            _ if self.address_in_use && port != 0 => EngineError::PortTaken { port },
            _ => EngineError::ExitedEarly { status, code: self.code },
        }
    }
}
