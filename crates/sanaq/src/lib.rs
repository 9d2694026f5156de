//! The Sanaq binary: sub-commands, and the composition of all parts into one process.
//!
//! | module | what it owns |
//! |---|---|
//! | [`cli`] | the command line as clap reads it |
//! | [`config`] | every configuration key, with its default and its reason |
//! | [`app`] | all parts built and run in one process |
//! | [`commands`] | what each sub-command does |
//! | [`exit`] | exit codes |

pub mod app;
pub mod cli;
pub mod commands;
pub mod config;
pub mod exit;

pub use app::{App, Surroundings};
pub use config::Config;
pub use exit::Exit;
