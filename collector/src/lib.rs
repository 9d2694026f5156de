//! Beacon in, acknowledged event in ClickHouse.
//!
//! | module | what it owns |
//! |---|---|
//! | [`address`] | the client address: the only place that can spell one |
//! | [`dialect`] | what trackers speak: bytes into a beacon |
//! | [`rules`] | what a site takes beacons from, and what it keeps of them |
//! | [`admit`] | what becomes of a beacon, and the row of one that is kept |
//! | [`identity`] | the day's pseudonym and the keys behind it |
//! | [`agent`], [`channel`], [`geo`], [`page`], [`source`] | what a row says besides |
//! | [`scrub`] | what names a person is replaced before anything is stored |
//! | [`bot`] | who is no visitor |
//! | [`harden`] | what the process does first: no dumps, no onlookers |
//! | [`journal`] | acknowledged rows on disk until ClickHouse has them |
//! | [`delivery`] | one batch = one INSERT = one deduplication token |
//! | [`http`] | the public listener: routes, limits, answers |
//! | [`limit`] | how much one source may send |
//! | [`metrics`] | every beacon's one outcome, and the rest of the figures |
//! | [`collector`] | all of it put together |

pub mod address;
pub mod admit;
pub mod agent;
pub mod bot;
pub mod channel;
pub mod collector;
pub mod delivery;
pub mod dialect;
pub mod geo;
pub mod harden;
pub mod http;
pub mod identity;
pub mod journal;
pub mod limit;
pub mod metrics;
pub mod page;
pub mod rules;
pub mod scrub;
pub mod source;

pub use collector::{BuildError, Collector, CollectorConfig, CollectorParts, Keys};
pub use http::demo::DEMO_DOMAIN;
