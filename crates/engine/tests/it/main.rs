//! The embedded ClickHouse, for real. Without the library these tests fail and say how to get it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "every function here is part of a test")]

mod client;
mod crash;
mod library;
mod life;
mod log;
mod rights;

use std::path::Path;
use std::time::{Duration, Instant};

use engine::{Engine, EngineConfig};
use rustix::process::{Pid, Signal};

/// What a user of a real installation may do: not the rights that [`engine::testing`] gives.
fn real(data: &Path) -> EngineConfig {
    EngineConfig { all_rights: false, ..engine::testing::config(data) }
}

async fn start(config: EngineConfig) -> Engine {
    match Engine::start(config).await {
        Ok(engine) => engine,
        Err(error) => panic!("{error}"),
    }
}

/// Waits for a condition; fails when it doesn't come true in time.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether there is such a process, and not just its exit status waiting to be read.
fn runs(process: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(") ").map(|(_, rest)| !rest.starts_with(['Z', 'X'])))
        .unwrap_or(false)
}

fn kill(process: u32) {
    signal(process, Signal::KILL);
}

fn signal(process: u32, signal: Signal) {
    let process = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::kill_process(process, signal).unwrap();
}
