//! What every Sanaq listener and service shares.
//!
//! | module | what it owns |
//! |---|---|
//! | [`access`] | how a service reaches ClickHouse |
//! | [`body`] | reading a request's body, within bounds of size and time |
//! | [`clock`] | the time of day, movable in tests |
//! | [`config`] | settings from a TOML file and `SANAQ_…` variables; the reference page |
//! | [`descriptors`] | as many file descriptors as the system gives |
//! | [`lanes`] | threads that serve connections, each with a runtime of its own |
//! | [`listener`] | the one accept loop: limits, time-outs, draining |
//! | [`metrics`] | registering counters and histograms without repeating ourselves |
//! | [`operations`] | `/metrics`, `/livez`, `/readyz` |
//! | [`ready`] | named probes behind `/readyz` |
//! | [`signals`] | SIGTERM and SIGINT, and passing "stop" on |
//! | [`telemetry`] | log lines, and what never gets into one |

pub mod access;
pub mod body;
pub mod clock;
pub mod config;
pub mod descriptors;
pub mod lanes;
pub mod listener;
pub mod metrics;
pub mod operations;
pub mod ready;
pub mod signals;
pub mod telemetry;
