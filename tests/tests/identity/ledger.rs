//! The public ledger of keys, on the real binary.

use serde_json::Value;

use super::zone_at_noon;
use crate::harness::beacon::{Visitor, pageview, send};
use crate::harness::eventually;
use crate::harness::process::{Installation, Process};

const SITE: &str = "ledger.example.kz";

async fn keys(process: &Process) -> Vec<Value> {
    let reply = process.http.get(&format!("{}/.well-known/sanaq/keys", process.at.public)).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["keys"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_can_see_that_a_day_has_a_key_and_that_a_restart_neither_loses_nor_doubles_it() {
    let installation = Installation::new();
    installation.add_site(SITE, &zone_at_noon()).await;
    let process = installation.serve(&[]).await;
    assert_eq!(keys(&process).await, Vec::<Value>::new());
    let beacon = pageview(SITE, "/");
    let reply = send(&process.http, &process.at.public, Visitor::at("203.0.113.7"), &beacon).await.unwrap();
    assert_eq!(reply.status, 202);
    let born = eventually("the key is in the ledger", async || keys(&process).await.pop()).await;
    assert_eq!(born["destroyed_at"], Value::Null);
    assert_eq!(born["commitment"].as_str().unwrap().len(), 64);

    process.kill().await;
    let process = installation.serve(&[]).await;
    assert_eq!(keys(&process).await, [born]);
}
