//! The client: one thread that keeps many connections busy with numbered beacons, and knows of each whether it was acknowledged,
//! refused, or never answered.
//!
//! With a rate it is an open loop: each request has a moment when it is due, whatever became of those before, and its time counts
//! from then (no coordinated omission). Without one, each connection sends when it was answered. A number is sent
//! once: a request without an answer is not repeated, so that a beacon that is stored twice was not sent twice. Connections
//! that break come back.
//!
//! No library stands between this and the system calls, so that the client takes little of a machine that it shares with what it measures.

mod answer;
mod figures;
mod reactor;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::beacons::Numbered;
pub use figures::{Done, Phase, Times, per_second};

/// What is to be sent.
#[derive(Clone, Debug)]
pub struct Order {
    /// Where to, as `host:port` with the host in numbers.
    pub address: String,
    /// On how many connections.
    pub connections: usize,
    /// Requests a second; as fast as answers come without one.
    pub rate: Option<u64>,
    /// Number of the first beacon.
    pub first: u64,
    /// Where the client may run; anywhere without this.
    pub cores: Option<CpuSet>,
}

/// What the client and whoever watches it share.
#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    phase: AtomicUsize,
    acknowledged: AtomicU64,
    refused: AtomicU64,
    broken: AtomicU64,
}

/// A running client.
pub struct Load {
    shared: Arc<Shared>,
    /// None once it was waited for.
    thread: Option<JoinHandle<anyhow::Result<Done>>>,
}

impl Load {
    /// Starts it.
    ///
    /// # Errors
    /// There can be no thread.
    pub fn start(order: Order, beacons: &Arc<Numbered>) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (inside, beacons) = (Arc::clone(&shared), Arc::clone(beacons));
        let thread = std::thread::Builder::new().name("client".into()).spawn(move || {
            if let Some(cores) = &order.cores {
                sched_setaffinity(None, cores)?;
            }
            reactor::Reactor::new(&order, &beacons, &inside)?.run()
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Sends for this long.
    ///
    /// # Errors
    /// As [`Load::stop`].
    pub fn run(order: Order, beacons: &Arc<Numbered>, time: Duration) -> anyhow::Result<Done> {
        let load = Self::start(order, beacons)?;
        std::thread::sleep(time);
        load.stop()
    }

    /// Beacons acknowledged so far.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.shared.acknowledged.load(Ordering::Relaxed)
    }

    /// Beacons refused so far.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::Relaxed)
    }

    /// What is sent from now on is told apart.
    pub fn next_phase(&self) {
        self.shared.phase.fetch_add(1, Ordering::Relaxed);
    }

    /// Sends nothing more, waits for what is on its way, and tells what came of it.
    ///
    /// # Errors
    /// The client could not go on.
    pub fn stop(mut self) -> anyhow::Result<Done> {
        self.shared.stop.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(done)) => done,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(Done::default()),
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} acknowledged, {} refused, {} without an answer so far",
            self.acknowledged(),
            self.refused(),
            self.shared.broken.load(Ordering::Relaxed)
        )
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}
