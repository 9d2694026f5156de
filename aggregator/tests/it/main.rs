//! The aggregator against a real ClickHouse. One engine for the binary, one database for each test.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod analyses;
mod calendar;
mod harness;
mod history;
mod killed;
mod open_day;
mod questions;
mod retention;
mod rights;
mod schema;
mod sealing;
mod views;
mod visits;
