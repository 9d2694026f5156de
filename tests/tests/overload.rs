//! More than it can take, and clients that mean no good: the real binary refuses in time and says so, counts everything once, and
//! goes on serving whoever behaves.
//!
//! The fast forms. The long ones, with ten thousand connections and figures, are `make chaos`.

mod framing;
mod limits;
mod raw;
mod slow;
mod stopping;
mod storm;

use std::collections::HashMap;

use crate::harness::eventually;
use crate::harness::process::{Installation, Process, metric};

const SITE: &str = "overload.example.kz";

/// With the site and these settings.
async fn installed(settings: &[(&'static str, &str)]) -> (Installation, String) {
    let mut installation = Installation::new();
    // Its lines at debug level would be most of the work.
    installation.environment.retain(|(name, _)| *name != "SANAQ_LOG_LEVEL");
    installation.environment.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
    installation.add_site(SITE, "Asia/Almaty").await;
    let key = installation.add_key(SITE).await;
    (installation, key)
}

/// Beacons of this outcome, as a scrape shows them.
fn settled(text: &str, outcome: &str, reason: &str) -> f64 {
    let series = format!("sanaq_beacons_total{{outcome=\"{outcome}\",reason=\"{reason}\"}}");
    metric(text, &series).unwrap_or_else(|| panic!("no {series}"))
}

/// Open connections of the public listener.
async fn open(process: &Process) -> f64 {
    metric(&process.metrics().await, "sanaq_connections_open{listener=\"public\"}").unwrap()
}

/// Public connections that ended this way.
async fn ended(process: &Process, reason: &str) -> f64 {
    let series = format!("sanaq_connections_ended_total{{listener=\"public\",reason=\"{reason}\"}}");
    metric(&process.metrics().await, &series).unwrap()
}

/// Waits until every acknowledged path is in ClickHouse, and checks that none is there twice.
async fn all_stored_once(process: &Process, key: &str, acknowledged: &[String]) {
    let stored: HashMap<String, u64> = eventually("every acknowledged beacon is in ClickHouse", async || {
        let stored: HashMap<_, _> = process.pageviews_by_path(key, SITE).await.into_iter().collect();
        acknowledged.iter().all(|path| stored.contains_key(path)).then_some(stored)
    })
    .await;
    let doubled: Vec<_> = stored.iter().filter(|(_, count)| **count != 1).collect();
    assert!(doubled.is_empty(), "counted more than once: {doubled:?}");
}
