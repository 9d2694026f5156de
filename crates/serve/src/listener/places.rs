//! Who gets in. A place is taken before a connection is accepted; without one it waits in the kernel's queue.
//!
//! Most places are for connections that are served. When these are taken, a few more are for telling the rest to come back:
//! whoever waits in the kernel's queue hears nothing and knows nothing, while a 503 lets a browser, a proxy or a balancer go on.
//! Those few are left within a second ([`super::turn_away`]), so the queue moves whatever the connections inside do; only when
//! they are taken too does the queue fill up, and beyond it the kernel refuses.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at once that are told to come back.
const DOORSTEP: usize = 256;

/// A place for one connection; free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    inside: bool,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn inside(permit: OwnedSemaphorePermit) -> Self {
        Self { inside: true, _permit: permit }
    }

    fn doorstep(permit: OwnedSemaphorePermit) -> Self {
        Self { inside: false, _permit: permit }
    }

    /// Whether the connection is served; else it is told to come back.
    pub(super) fn is_inside(&self) -> bool {
        self.inside
    }
}

/// The places of one listener. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Places {
    inside: Arc<Semaphore>,
    doorstep: Arc<Semaphore>,
    connections: usize,
}

impl Places {
    pub(super) fn new(connections: usize) -> Self {
        let connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            inside: Arc::new(Semaphore::new(connections)),
            doorstep: Arc::new(Semaphore::new(DOORSTEP)),
            connections,
        }
    }

    /// A place, however long it takes: inside if there is one.
    pub(super) async fn wait(&self) -> Place {
        if let Some(place) = self.inside() {
            return place;
        }
        let invariant = "the semaphores are never closed";
        tokio::select! {
            biased;
            permit = Arc::clone(&self.inside).acquire_owned() => Place::inside(permit.expect(invariant)),
            permit = Arc::clone(&self.doorstep).acquire_owned() => Place::doorstep(permit.expect(invariant)),
        }
    }

    /// A place right now: inside if there is one.
    pub(super) fn now(&self) -> Option<Place> {
        let doorstep = || Arc::clone(&self.doorstep).try_acquire_owned().ok().map(Place::doorstep);
        self.inside().or_else(doorstep)
    }

    /// The better place, should one have become free since this was taken.
    pub(super) fn improve(&self, place: Place) -> Place {
        if place.inside { place } else { self.inside().unwrap_or(place) }
    }

    /// Whether so few places are left that whoever does nothing has to make room.
    pub(super) fn are_scarce(&self) -> bool {
        self.inside.available_permits() * 8 < self.connections
    }

    fn inside(&self) -> Option<Place> {
        Arc::clone(&self.inside).try_acquire_owned().ok().map(Place::inside)
    }
}
