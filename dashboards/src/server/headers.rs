//! What every answer says about itself: who may embed, run, keep or share it. Set in one place, outside of all routes, so
//! that no answer goes without.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, STRICT_TRANSPORT_SECURITY};
use http::{HeaderMap, HeaderValue, Uri};

use super::Staff;
use crate::ui::PageStyle;

/// Headers of every answer. Public so that the test of all routes reads them from here.
pub const SECURITY_HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    (
        "permissions-policy",
        "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
         magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), usb=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-robots-tag", "noindex, nofollow"),
];

/// The policy of a shared link's page that asks to be embedded: the same, but any page may frame it.
const EMBEDDED_POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors *; object-src 'none'";

/// Whether this is the page of a shared link, opened with `?embed=true`. Staff's own pages are never framed.
fn is_embed(uri: &Uri) -> bool {
    uri.path().starts_with("/share/")
        && uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "embed=true"))
}

/// Whether this is the page that tries out a visit of one's own (`/example.kz/why`): it alone talks to the collector too.
fn is_trial(uri: &Uri) -> bool {
    uri.path()
        .strip_suffix("/why")
        .is_some_and(|site| site.len() > 1 && site.rfind('/') == Some(0) && site != "/api")
}

/// Sets them, forbids keeping an answer that doesn't say it may be kept, and over TLS asks to stay there.
pub(super) async fn secure(State(staff): State<Staff>, request: Request, next: Next) -> Response {
    let embedded = is_embed(request.uri());
    let trial = is_trial(request.uri());
    let mut response = next.run(request).await;
    let style = response.extensions_mut().remove::<PageStyle>();
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if embedded {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(EMBEDDED_POLICY));
    }
    if let Some(PageStyle(hash)) = style {
        allow_also(headers, &format!("style-src 'self' '{hash}'"));
    }
    if trial {
        allow_also(headers, &format!("connect-src 'self' {}", staff.0.public_origin));
    }
    if staff.tls() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Adds a directive to the policy.
fn allow_also(headers: &mut HeaderMap, directive: &str) {
    let usual = headers.get(CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let policy = usual.map(|usual| HeaderValue::try_from(format!("{usual}; {directive}")));
    if let Some(Ok(policy)) = policy {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}
