//! SIGTERM and SIGINT, and passing "stop" on to the parts.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Resolves at the first SIGTERM or SIGINT. Listening starts with the call, not with the first poll, so a Ctrl-C during
/// start-up is not lost. From then on these signals no longer end the process by themselves; call again and wait for
/// that future too if a second Ctrl-C should cut draining short.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn stop() -> impl Future<Output = ()> + Send {
    let mut terminate = signal(SignalKind::terminate()).expect("a runtime that handles signals");
    let mut interrupt = signal(SignalKind::interrupt()).expect("a runtime that handles signals");
    async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Tells every [`Stop`] made from it to stop, when asked to or when dropped: closing is the stop signal, so the order
/// of stopping is the order of drops.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Waits for its [`Stopper`]. Cheap to clone; each listener and worker gets one.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// A new pair.
#[must_use]
pub fn stopper() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Tells everyone to stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Resolves once the [`Stopper`] has been used or dropped; at once if that was before.
    pub async fn requested(mut self) {
        // An error means that the sender is gone, which says the same.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Whether it is time to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_clone_hears_of_a_stop_however_late_it_asks() {
        let (stopper, stop) = stopper();
        assert!(!stop.is_requested());
        stopper.stop();
        assert!(stop.is_requested());
        stop.clone().requested().await;
        stop.requested().await;
    }

    #[tokio::test]
    async fn dropping_the_stopper_is_a_stop() {
        let (stopper, stop) = stopper();
        drop(stopper);
        assert!(stop.is_requested());
        stop.requested().await;
    }
}
