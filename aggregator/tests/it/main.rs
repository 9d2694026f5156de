//! The aggregator against a real ClickHouse. One engine for the binary, one database for each test.

mod harness;
mod questions;
mod schema;
mod sealing;
mod visits;
