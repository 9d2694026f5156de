//! The lock and the condition of the queue, and how a thread pauses: the standard library's; or, for `make loom`, those of a
//! checker that tries every order in which threads can meet them (the feature `loom`, good for nothing else).

#[cfg(feature = "loom")]
pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(feature = "loom"))]
pub(super) use std::sync::{Condvar, Mutex, MutexGuard};

use std::time::Duration;

/// Lets others go first for so long; in the checker, as long as they like.
pub(super) fn pause(time: Duration) {
    #[cfg(not(feature = "loom"))]
    std::thread::sleep(time);
    #[cfg(feature = "loom")]
    {
        let _any = time;
        loom::thread::yield_now();
    }
}
