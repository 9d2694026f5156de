//! What crosses a border between Sanaq's parts. No I/O, no clock, no secrets.
//!
//! | module | what it owns |
//! |---|---|
//! | [`beacon`] | a beacon as a tracker sent it, whatever dialect it spoke |
//! | [`channel`] | by which way a visit came |
//! | [`row`] | the event as stored while its day is open, and its RowBinary encoding |
//! | [`drops`] | how many beacons were dropped, by site, day and reason |
//! | [`tag`] | the day's pseudonym of a visitor |
//! | [`outcome`] | what became of a beacon: stored, dropped for a named reason, or refused |
//! | [`site`] | sites and the list of them that every service reads |
//! | [`day`] | a site's local day and the instant at which it closes |
//! | [`delivery`] | what the seal asks of the collectors |

pub mod beacon;
pub mod channel;
pub mod day;
pub mod delivery;
pub mod drops;
pub mod outcome;
pub mod row;
pub mod site;
pub mod tag;

pub use beacon::{Beacon, Engagement, Revenue};
pub use channel::Channel;
pub use day::LocalDay;
pub use delivery::Deliveries;
pub use outcome::{DropReason, Outcome, RefuseReason};
pub use row::{Device, EventRow};
pub use site::{KeepMonths, KeyHash, OptOutMode, Site, SiteId, SiteList, SiteRules, Thresholds};
pub use tag::VisitorTag;
