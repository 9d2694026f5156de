//! A real collector before a real ClickHouse, with a connection between them that breaks when told to.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "it/alerts.rs"]
mod alerts;
#[path = "it/deliver.rs"]
mod deliver;
#[path = "it/flights.rs"]
mod flights;
#[path = "it/refused.rs"]
mod refused;
#[path = "it/scene.rs"]
mod scene;
#[path = "it/secure.rs"]
mod secure;
#[path = "it/trouble.rs"]
mod trouble;
#[path = "it/wire.rs"]
mod wire;
