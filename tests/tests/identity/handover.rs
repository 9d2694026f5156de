//! A visitor stays one visitor over a restart: by the kernel's keyring, or by hand-over where there is none.

use rustix::process::Signal;
use serde_json::json;

use super::zone_at_noon;
use crate::harness::beacon::{Visitor, pageview, send};
use crate::harness::eventually;
use crate::harness::process::{Installation, Process, metric};

const SITE: &str = "handover.example.kz";
const VISITOR: Visitor = Visitor::at("203.0.113.7");

async fn view(process: &Process) {
    let reply = send(&process.http, &process.at.public, VISITOR, &pageview(SITE, "/")).await.unwrap();
    assert_eq!(reply.status, 202, "{}", reply.text());
}

/// Today's visitors, once this many views are in.
async fn visitors(process: &Process, key: &str, views: u64) -> u64 {
    let question = json!({ "site_id": SITE, "metrics": ["visitors", "pageviews"], "date_range": "day" });
    eventually("the views are counted", async || {
        let answer = process.query(key, &question).await;
        let metrics = &answer["results"][0]["metrics"];
        (metrics[1].as_u64() == Some(views)).then(|| metrics[0].as_u64().unwrap())
    })
    .await
}

async fn installation(custody: &str) -> (Installation, String) {
    let mut installation = Installation::new();
    installation.environment.push(("SANAQ_COLLECTOR_KEYS", custody.into()));
    installation.add_site(SITE, &zone_at_noon()).await;
    let key = installation.add_key(SITE).await;
    (installation, key)
}

/// Starts the next process beside the running one, which is stopped when the next one waits for it.
async fn replaced(installation: &Installation, old: Process) -> Process {
    let next = installation.serve(&[]);
    let stop = async {
        eventually("the next process waits", async || {
            installation.log_text().contains("waiting_for_predecessor").then_some(())
        })
        .await;
        assert_eq!(old.stop(Signal::TERM).await.code(), Some(0));
    };
    tokio::join!(next, stop).0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_is_one_over_an_upgrade_with_keys_in_locked_memory() {
    let (installation, key) = installation("locked").await;
    let old = installation.serve(&[]).await;
    assert_eq!(metric(&old.metrics().await, "sanaq_key_custody_info{custody=\"locked\"}"), Some(1.0));
    view(&old).await;
    assert_eq!(visitors(&old, &key, 1).await, 1);

    let new = replaced(&installation, old).await;
    view(&new).await;
    assert_eq!(visitors(&new, &key, 2).await, 1);
    assert!(installation.log_text().contains("keys_inherited"));

    // The control: nobody waits, so the keys end with the process, and the visitor is counted again.
    assert_eq!(new.stop(Signal::TERM).await.code(), Some(0));
    let newest = installation.serve(&[]).await;
    view(&newest).await;
    assert_eq!(visitors(&newest, &key, 3).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_kernel_keeps_keys_a_visitor_is_one_even_after_kill_9() {
    let (installation, key) = installation("best").await;
    let process = installation.serve(&[]).await;
    let in_keyring =
        metric(&process.metrics().await, "sanaq_key_custody_info{custody=\"keyring\"}").is_some();
    view(&process).await;
    assert_eq!(visitors(&process, &key, 1).await, 1);
    process.kill().await;
    let process = installation.serve(&[]).await;
    view(&process).await;
    // Where the kernel has no keyring for us, the metric says so and the visitor counts twice.
    assert_eq!(visitors(&process, &key, 2).await, if in_keyring { 1 } else { 2 });
}
