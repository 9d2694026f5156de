//! The harness: the real binary as a child process, or the composed program in this process with a manual clock.

pub(crate) mod beacon;
pub(crate) mod http;
pub(crate) mod process;
pub(crate) mod service;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use end_to_end::program::Program;
use end_to_end::report::Report;
use end_to_end::scenario::Scene;

/// The real binary, built beside this test executable.
pub(crate) fn binary() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path.push("sanaq");
    assert!(path.exists(), "{} is missing: run `make build` first", path.display());
    path
}

/// Carries out a scenario of `make chaos` in its fast form. One at a time: each has a ClickHouse of its own, and needs the machine.
pub(crate) fn scenario(run: impl FnOnce(&Scene) -> anyhow::Result<Report>) -> Report {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    run(&Scene { program: Program::locate(Some(binary())).unwrap(), seed: 20_261_122 }).unwrap()
}

/// Asks again until the condition holds; fails with `what` when it does not within 30 s.
pub(crate) async fn eventually<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(Instant::now() < deadline, "did not happen within 30 s: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
