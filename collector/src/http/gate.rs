//! Turning beacons away before any work is done for them: too many at once, or too many from one source.
//!
//! Both are decided from a request's head, before its body is read and long before it is understood. What is turned away here is
//! counted as received and refused like any other beacon, and told so: 503 or 429 with `Retry-After`, never a 2xx.

use std::time::Instant;

use events::{Outcome, RefuseReason};
use http::HeaderMap;

use super::Door;
use crate::address::{ClientAddress, Peer};
use crate::metrics::Ticket;

/// A beacon that was let in, and who sent it.
pub(super) struct Entered {
    pub(super) ticket: Ticket,
    pub(super) client: ClientAddress,
}

impl Door {
    /// Lets a beacon of a page in. One that is refused is counted already.
    pub(super) fn enter(
        &self,
        peer: Option<&Peer>,
        headers: &HeaderMap,
        now: Instant,
    ) -> Result<Entered, RefuseReason> {
        let ticket = self.enter_with_key()?;
        // Who has no address any more is not there to read an answer.
        let client = peer.map(|peer| ClientAddress::resolve(peer, headers, &self.trusted));
        let refused = match client {
            Some(client) if self.may_send(&client, 1, now) => return Ok(Entered { ticket, client }),
            Some(_) => RefuseReason::RateLimited,
            None => RefuseReason::BodyIncomplete,
        };
        ticket.settle(Outcome::Refused(refused));
        Err(refused)
    }

    /// Lets in what a server sends under a site key. The site has asked for it, and it speaks for many visitors: so no limit of
    /// its source.
    pub(super) fn enter_with_key(&self) -> Result<Ticket, RefuseReason> {
        self.metrics.ledger.receive(self.limits.in_flight).ok_or(RefuseReason::Overloaded)
    }

    /// Whether the sender's source may send so many beacons now; if so, they are spent.
    pub(super) fn may_send(&self, client: &ClientAddress, beacons: usize, now: Instant) -> bool {
        let source = client.source(&self.trusted);
        source.is_none_or(|source| self.limiter.admits(&source, beacons, now))
    }
}
