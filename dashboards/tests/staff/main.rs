//! The staff server as a browser or a program meets it: requests in, answers out, without a socket where none is needed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail the test; clippy knows only functions marked as tests"
)]

mod access;
mod account;
mod export;
mod harness;
mod live;
mod manners;
mod members;
#[cfg(feature = "oidc")]
mod oidc;
mod questions;
mod second_factor;
mod settings;
mod shared;
mod sign_in;
mod sites;
mod sites_v1;
mod stats_v1;
