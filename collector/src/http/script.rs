//! `GET /js/script.js`: the tracker that was built with this binary, or a placeholder that says how to build it.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::answer::{self, Answer};

/// Put there by `build.rs`.
static SCRIPT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/script.js"));
static TAG: LazyLock<HeaderValue> = LazyLock::new(|| answer::tag(SCRIPT));

/// The script is the same for every site: an hour from any cache, then asked for again by its tag.
const CACHING: &str = "public, max-age=3600";

/// The tracker.
#[must_use]
pub fn answer(asked: &HeaderMap) -> Answer {
    let mut answer =
        answer::file(asked, "text/javascript; charset=utf-8", &TAG, CACHING, || Bytes::from_static(SCRIPT));
    // Pages that isolate themselves from other origins may still load it.
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    answer.headers_mut().insert(policy, HeaderValue::from_static("cross-origin"));
    answer::allow_any_origin(answer)
}
