//! What is seen of somebody who asks how their own beacon would be counted.

use std::sync::Arc;

use events::Beacon;

use super::{Admitter, RequestFacts};
use crate::agent::Agent;
use crate::geo::Country;

/// What a beacon and its request say of the visitor.
pub struct Seen {
    /// The country and what told it: `database` or `time_zone`.
    pub country: Option<(Country, &'static str)>,
    /// Browser, system and device.
    pub agent: Arc<Agent>,
}

impl Admitter {
    /// What this admitter reads from a beacon and its request, whatever it would keep of it.
    #[must_use]
    pub fn seen(&self, beacon: &Beacon, request: &RequestFacts<'_>) -> Seen {
        let geo = &self.config.geo;
        let by_address = geo.country(request.client, None).map(|country| (country, "database"));
        let by_zone = || {
            let country = geo.country(request.client, beacon.time_zone.as_deref())?;
            Some((country, "time_zone"))
        };
        Seen {
            country: by_address.or_else(by_zone),
            agent: self.config.agents.read(request.agent, request.hints),
        }
    }
}
