//! Beacons as trackers send them.

use super::http::{Http, Reply};
use serde_json::{Value, json};

/// An ordinary desktop browser.
pub(crate) const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";

/// One visitor as the collector sees them behind a trusted proxy.
#[derive(Clone, Copy)]
pub(crate) struct Visitor {
    pub(crate) address: &'static str,
    pub(crate) agent: &'static str,
}

impl Visitor {
    pub(crate) const fn at(address: &'static str) -> Self {
        Self { address, agent: AGENT }
    }
}

/// A pageview of this path.
pub(crate) fn pageview(site: &str, path: &str) -> Value {
    json!({ "n": "pageview", "u": format!("https://{site}{path}"), "d": site })
}

/// Time and scroll depth on this path.
pub(crate) fn engagement(site: &str, path: &str, engaged_ms: u32, scroll: u8) -> Value {
    json!({ "n": "engagement", "u": format!("https://{site}{path}"), "d": site, "e": engaged_ms, "sd": scroll })
}

/// Posts a beacon in a visitor's name to the public listener.
pub(crate) async fn send(
    http: &Http,
    public: &str,
    visitor: Visitor,
    beacon: &Value,
) -> anyhow::Result<Reply> {
    http.post(
        &format!("{public}/api/event"),
        &[
            ("content-type", "text/plain"),
            ("user-agent", visitor.agent),
            ("x-forwarded-for", visitor.address),
        ],
        beacon.to_string(),
    )
    .await
}
