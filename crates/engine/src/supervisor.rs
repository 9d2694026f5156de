//! Keeps a child running: restart with back-off, orderly stop.
//!
//! A thread, not a task: the kernel ties a child's life to the *thread* that started it (`PR_SET_PDEATHSIG`), and the threads of
//! a runtime come and go. It also works whatever runtime asks, and while that runtime shuts down.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use crate::engine::State;
use crate::error::EngineError;
use crate::keeper;
use crate::process::{Event, Recipe, Run};

/// A large data directory takes its time to load.
pub(crate) const READY_WITHIN: Duration = Duration::from_secs(30);
/// A child that was up for this long starts again with the shortest pause.
const STEADY_AFTER: Duration = Duration::from_secs(30);
/// How often an open listener is asked whether all is ready.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the supervisor publishes.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: watch::Sender<State>,
    port: AtomicU16,
    process_id: AtomicU32,
    restarts: AtomicU64,
}

impl Shared {
    pub(crate) fn port(&self) -> u16 {
        self.port.load(Ordering::Acquire)
    }

    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    pub(crate) fn process_id(&self) -> Option<u32> {
        Some(self.process_id.load(Ordering::Acquire)).filter(|id| *id != 0)
    }
}

/// The handle on the supervising thread.
#[derive(Debug)]
pub(crate) struct Supervisor {
    messages: Sender<Message>,
    thread: Option<JoinHandle<()>>,
    ended: Option<oneshot::Receiver<()>>,
}

#[derive(Debug)]
enum Message {
    Stop,
    /// From the run of this number: a late word of an earlier one is not taken for the present one's.
    Run(u64, Event),
}

impl Supervisor {
    /// Starts the child, and waits until it is ready.
    pub(crate) async fn start(
        recipe: Recipe,
        keeper_password: String,
        ready_within: Duration,
    ) -> Result<(Self, Arc<Shared>), EngineError> {
        let shared = Arc::new(Shared {
            state: watch::Sender::new(State::Down("engine_starting")),
            port: AtomicU16::new(0),
            process_id: AtomicU32::new(0),
            restarts: AtomicU64::new(0),
        });
        let (messages, inbox) = mpsc::channel();
        let (ready, is_ready) = oneshot::channel();
        let (done, ended) = oneshot::channel();
        let program = recipe.launcher.program.clone();
        let mut work = Work {
            recipe,
            keeper_password,
            shared: Arc::clone(&shared),
            to_self: messages.clone(),
            inbox,
            run_number: 0,
            ready_within,
        };
        let thread = thread::Builder::new()
            .name("engine-supervisor".into())
            .spawn(move || {
                work.supervise(ready);
                work.shared.process_id.store(0, Ordering::Release);
                work.shared.state.send_replace(State::Stopped);
                // Nobody waits when the engine was dropped.
                let _ = done.send(());
            })
            .map_err(|source| EngineError::Launch { program, source })?;
        let supervisor = Self { messages, thread: Some(thread), ended: Some(ended) };
        is_ready.await.unwrap_or(Err(EngineError::Stopped))?;
        Ok((supervisor, shared))
    }

    /// Stops the child and waits until it is gone.
    pub(crate) async fn stop(mut self) {
        self.ask();
        if let Some(ended) = self.ended.take() {
            let _ = ended.await;
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    fn ask(&self) {
        // Nobody listens when the thread has ended: then there is nothing to stop.
        let _ = self.messages.send(Message::Stop);
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.ask();
    }
}

/// What the thread works with.
struct Work {
    recipe: Recipe,
    keeper_password: String,
    shared: Arc<Shared>,
    to_self: Sender<Message>,
    inbox: Receiver<Message>,
    run_number: u64,
    ready_within: Duration,
}

/// Why a loop of the supervisor was left.
struct Stopping;

impl Work {
    fn supervise(&mut self, ready: oneshot::Sender<Result<(), EngineError>>) {
        let mut run = match self.start_run(0) {
            Ok(run) => run,
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        if ready.send(Ok(())).is_err() {
            // Whoever asked for the engine has gone.
            return self.stop_run(run);
        }
        let mut pause = SHORTEST_PAUSE;
        loop {
            let since = Instant::now();
            if let Err(Stopping) = self.wait_for_end() {
                return self.stop_run(run);
            }
            let status = run.reap();
            self.down("engine_exited");
            tracing::error!(code = "engine_exited", status = %status, "the engine ended, starting it again");
            if since.elapsed() >= STEADY_AFTER {
                pause = SHORTEST_PAUSE;
            }
            run = match self.start_again(&mut pause) {
                Ok(run) => run,
                Err(Stopping) => return,
            };
        }
    }

    /// Starts one child and waits until it listens.
    fn start_run(&mut self, port: u16) -> Result<Run, EngineError> {
        self.run_number += 1;
        let number = self.run_number;
        let to_self = self.to_self.clone();
        let tell = move |event| {
            let _ = to_self.send(Message::Run(number, event));
        };
        let run = Run::start(&self.recipe, port, tell)?;
        let deadline = Instant::now() + self.ready_within;
        // The port, once the listener is open.
        let mut open = None;
        loop {
            let look_again = if open.is_some() { Instant::now() + LOOK_EVERY } else { deadline };
            match self.inbox.recv_timeout(look_again.saturating_duration_since(Instant::now())) {
                Ok(Message::Run(n, Event::Listening(port))) if n == number => open = Some(port),
                Ok(Message::Run(n, Event::Ended(last))) if n == number => {
                    return Err(last.explain(run.reap(), &self.recipe, port));
                }
                Ok(Message::Run(..)) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    run.kill();
                    return Err(EngineError::Stopped);
                }
            }
            match open {
                Some(port) if keeper::is_ready(port, &self.keeper_password) => {
                    self.up(port, run.id());
                    return Ok(run);
                }
                _ if Instant::now() >= deadline => {
                    return Err(EngineError::NotReady { within: self.ready_within, status: run.kill() });
                }
                _ => {}
            }
        }
    }

    /// Tries until a child is up again on the same port.
    fn start_again(&mut self, pause: &mut Duration) -> Result<Run, Stopping> {
        loop {
            self.rest(*pause)?;
            *pause = (*pause * 2).min(LONGEST_PAUSE);
            self.shared.restarts.fetch_add(1, Ordering::Relaxed);
            match self.start_run(self.shared.port()) {
                Ok(run) => return Ok(run),
                Err(EngineError::Stopped) => return Err(Stopping),
                Err(error) => {
                    self.down(error.code());
                    tracing::error!(code = error.code(), "the engine did not start again: {error}");
                }
            }
        }
    }

    /// Waits for half to the whole of `pause`, so that several engines don't start in step.
    fn rest(&self, pause: Duration) -> Result<(), Stopping> {
        let deadline = Instant::now() + pause.mul_f64(rand::random_range(0.5..=1.0));
        loop {
            match self.inbox.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Message::Stop) => return Err(Stopping),
                Ok(Message::Run(..)) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn wait_for_end(&self) -> Result<(), Stopping> {
        loop {
            match self.inbox.recv() {
                Ok(Message::Stop) | Err(_) => return Err(Stopping),
                Ok(Message::Run(n, Event::Ended(_))) if n == self.run_number => return Ok(()),
                Ok(Message::Run(..)) => {}
            }
        }
    }

    fn up(&self, port: u16, process_id: u32) {
        self.shared.port.store(port, Ordering::Release);
        self.shared.process_id.store(process_id, Ordering::Release);
        self.shared.state.send_replace(State::Up);
    }

    fn down(&self, code: &'static str) {
        self.shared.process_id.store(0, Ordering::Release);
        self.shared.state.send_replace(State::Down(code));
    }

    fn stop_run(&self, run: Run) {
        run.stop(self.shared.port(), &self.keeper_password);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Launcher;
    use crate::settings::Layout;

    #[tokio::test]
    async fn a_child_that_does_not_get_ready_is_killed_and_told_with_its_status() {
        let dir = tempfile::tempdir().unwrap();
        let recipe = Recipe {
            launcher: Launcher {
                program: "/bin/sh".into(),
                arguments: vec!["-c".into(), "exec sleep 600".into()],
            },
            library: "none".into(),
            layout: Layout::prepare(dir.path()).unwrap(),
        };
        let error = Supervisor::start(recipe, String::new(), Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(error.code(), "engine_not_ready");
        assert!(error.to_string().contains("signal: 9"), "{error}");
    }
}
