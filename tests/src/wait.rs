//! Waiting for a condition, with a deadline.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::ensure;

/// Asks again until there is something.
///
/// # Errors
/// There is nothing in time, or asking failed.
pub fn until<T>(
    what: &str,
    time: Duration,
    mut ask: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask()? {
            return Ok(found);
        }
        ensure!(begun.elapsed() < time, "did not happen within {} s: {what}", time.as_secs());
        sleep(Duration::from_millis(10));
    }
}
