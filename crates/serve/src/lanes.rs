//! Threads that serve connections, each with a runtime of its own.
//!
//! A connection stays on the lane it was given to: nobody steals its work, so that no thread is woken to look for some, and a
//! listener that has lanes is not held up by what else the process does. Worth it for many short answers; a listener whose answers
//! take long is better off on the runtime all share.

use std::cell::Cell;
use std::io;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

thread_local! {
    static CURRENT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The number of the lane this thread is; none for any other thread.
#[must_use]
pub fn current() -> Option<usize> {
    CURRENT.get()
}

/// Some lanes. They end when this is dropped, with all that is still on them.
#[derive(Debug)]
pub struct Lanes {
    lanes: Vec<Lane>,
    next: usize,
}

#[derive(Debug)]
struct Lane {
    handle: Handle,
    /// Dropped to end it.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Lanes {
    /// As many lanes as the machine lets this process run at once; their threads have this name.
    ///
    /// # Errors
    /// When a thread or a runtime can't be made.
    pub fn start(name: &str) -> io::Result<Self> {
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let lanes = (0..count).map(|number| Lane::start(name, number)).collect::<io::Result<_>>()?;
        Ok(Self { lanes, next: 0 })
    }

    /// The runtimes of all lanes, by their number.
    pub fn handles(&self) -> impl ExactSizeIterator<Item = &Handle> {
        self.lanes.iter().map(|lane| &lane.handle)
    }

    /// The lane whose turn it is.
    pub(crate) fn next(&mut self) -> &Handle {
        self.next = (self.next + 1) % self.lanes.len();
        &self.lanes[self.next].handle
    }
}

impl Lane {
    fn start(name: &str, number: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            CURRENT.set(Some(number));
            // The sender is dropped, never used.
            let _dropped = runtime.block_on(stopped);
        })?;
        Ok(Self { handle, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        drop(self.stop.take());
        // It ends as soon as what it runs now yields. One that panicked has nothing left to end.
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}
