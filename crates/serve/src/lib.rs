//! What every Sanaq listener and service shares.
//!
//! | module | what it owns |
//! |---|---|
//! | [`clock`] | the time of day, movable in tests |
//! | [`access`] | how a service reaches ClickHouse |

pub mod access;
pub mod clock;
