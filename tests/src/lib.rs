//! What end-to-end tests, `make bench` and `make chaos` share: the real binary, what is sent to it, what breaks around it, and
//! the scenarios that show what is promised.
//!
//! | module | what it owns |
//! |---|---|
//! | [`beacons`] | the prepared requests, from a seed |
//! | [`process`] | processor time, memory and placement of a process, from `/proc` |
//! | [`program`] | the real binary with its data directory |
//! | [`load`] | the client: an open or a closed loop, every answer accounted for |
//! | [`http`], [`wait`] | one request, one condition |

pub mod account;
pub mod beacons;
pub mod crowd;
pub mod http;
pub mod load;
pub mod process;
pub mod program;
pub mod proxy;
pub mod report;
pub mod rig;
pub mod scenario;
pub mod wait;
