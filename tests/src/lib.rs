//! What end-to-end tests, `make bench` and `make chaos` share: the real binary, what is sent to it, what breaks around it, and
//! the scenarios that show what is promised.
//!
//! | module | what it owns |
//! |---|---|
//! | [`beacons`] | the prepared requests, from a seed |
//! | [`process`] | processor time, memory and placement of a process, from `/proc` |
//! | [`program`] | the real binary with its data directory |

pub mod beacons;
pub mod process;
pub mod program;
