//! `GET /demo/…`: a small site that carries the tracker, to try things out and for the browser tests.

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use http::{HeaderMap, HeaderValue};
use rust_embed::RustEmbed;

use super::answer::{self, Answer};

/// The domain under which the demo site's pages send their beacons.
pub const DEMO_DOMAIN: &str = "demo.sanaq.kz";

/// No inline script or style, nothing from elsewhere.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

#[derive(RustEmbed)]
#[folder = "demo"]
struct Files;

/// The file of this path.
#[must_use]
pub fn answer(path: &str, asked: &HeaderMap) -> Answer {
    let name = match path.trim_start_matches("/demo/") {
        "" => "index.html".to_owned(),
        // One page that goes on without loading another: each of its addresses is the page.
        page if page == "tour" || page.starts_with("tour/") => "tour.html".to_owned(),
        page if !page.contains('.') => format!("{page}.html"),
        file => file.to_owned(),
    };
    let (Some(file), Some(kind)) = (Files::get(&name), kind(&name)) else { return answer::not_found() };
    let content = Bytes::from(file.data.into_owned());
    let tag = answer::tag(&content);
    let mut answer = answer::file(asked, kind, &tag, "no-cache", || content);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    answer
}

fn kind(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}
