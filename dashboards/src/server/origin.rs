//! Whether a request that may change something comes from our own pages. The second wall beside the CSRF token and
//! `SameSite`, and the first for sign-in and set-up, which have no session yet.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method};

use super::Staff;
use super::error::ApiError;

/// Refuses what another site's page sends.
pub(super) async fn same_origin(State(staff): State<Staff>, request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_own(request.headers(), staff.origin()) {
        next.run(request).await
    } else {
        ApiError::CrossSite.into_response()
    }
}

/// `Sec-Fetch-Site` where the browser sends it (always over TLS and to localhost); else `Origin`, which must be the
/// configured one or name the host that was asked; a client that sends neither is no browser, and has no cookie to abuse.
fn is_own(headers: &HeaderMap, own: &str) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    if origin == own {
        return true;
    }
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    host.is_some() && host == text(HOST.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_and_programs_that_are_no_browsers_pass() {
        let own = "https://stats.example.kz";
        for (headers, passes) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            // A forged Origin doesn't outvote the header that scripts can't set.
            (&[("sec-fetch-site", "cross-site"), ("origin", own)], false),
            (&[("origin", own), ("host", "127.0.0.1:8081")], true),
            (&[("origin", "http://10.0.0.5:8081"), ("host", "10.0.0.5:8081")], true),
            (&[("origin", "http://10.0.0.5:8080"), ("host", "10.0.0.5:8081")], false),
            (&[("origin", "https://evil.example"), ("host", "127.0.0.1:8081")], false),
            (&[("origin", "null"), ("host", "127.0.0.1:8081")], false),
            (&[("origin", "null"), ("host", "null")], false),
            (&[("origin", "https://evil.example")], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            assert_eq!(is_own(&map, own), passes, "{headers:?}");
        }
    }
}
