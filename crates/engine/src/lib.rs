//! The embedded ClickHouse: a child process that lives and dies with its parent.
//!
//! `libchdb` is a whole ClickHouse in one library. [`child::main`] loads it in a process of its own, so that its signal
//! handlers, its memory and its crashes stay out of ours, and starts its real HTTP listener on a loopback port.
//! [`Engine`] is the parent's side: it writes the configuration, starts the child, restarts it when it dies, and ends it.
//! Everybody else talks to [`Engine::url`] as to any ClickHouse server.
//!
//! | module | what it owns |
//! |---|---|
//! | [`library`] | where `libchdb` is, and whether it can be it |
//! | [`users`] | the users, their passwords and rights |
//! | `settings` | the server's settings: loopback only, no system logs, memory capped |
//! | `process` | one run of the child, from its start to its exit |
//! | `keeper` | the two requests the supervisor makes of the engine |
//! | `supervisor` | keeps a child running: restart with back-off, orderly stop |
//! | `log` | what may be told of the child's log: levels and numbers, never text |
//! | [`child`] | the child's side; holds the only unsafe code |
//! | [`testing`] | one engine for the tests of a crate (feature `testing`) |
//!
//! # What it promises
//!
//! - The child ends when its parent ends, also when the parent is killed: the kernel is asked to signal it, and it
//!   watches a pipe that only the parent holds open.
//! - One data directory has one engine. A second one is refused; a child left over from a killed parent is waited for.
//! - The URL stays the same over restarts of the child.
//! - Passwords are made at each start, live in memory, and reach the disk only as SHA-256 (they are 256 random bits, so a
//!   plain hash gives nothing away). They are in no command line and no environment.
//! - Nothing the child writes is passed on as text: a ClickHouse message may quote a row.

pub mod child;
mod engine;
mod error;
mod keeper;
pub mod library;
mod log;
mod process;
mod settings;
mod supervisor;
#[cfg(feature = "testing")]
pub mod testing;
pub mod users;

pub use crate::engine::{Engine, EngineConfig, Launcher, State};
pub use crate::error::EngineError;
pub use crate::users::User;
