//! The user interface's files, embedded in the binary: hashed assets that browsers keep for good, and one page for every
//! other address, since the interface reads the address itself.
//!
//! Where the front end's build left `file.br` or `file.gz` beside a file, a client that takes them gets them. A binary built
//! without the front end serves a page that says how to build it.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::server::ApiError;

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Built;

/// Shown when the front end was not built.
const PLACEHOLDER: &str = include_str!("ui/placeholder.html");
/// The page at every address that is no file's.
const PAGE: &str = "index.html";
/// Where the front end's build puts files whose names carry a hash of their content.
const HASHED: &str = "assets/";
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// Where the front end's build leaves the hash of the style sheet it has put into the page.
const STYLE_HASH: &str = ".style-hash";

/// The hash of the style sheet within the page, as a policy names it (`sha256-…`). It goes with the page as an extension,
/// also with a 304: browsers put the policy of that in place of the one they keep.
#[derive(Clone)]
pub(crate) struct PageStyle(pub(crate) String);

/// What is compressed beforehand, best first: content coding, ending of the file.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The answer to a `GET` or `HEAD` for an address outside of the API. hyper leaves the body of a `HEAD` out.
pub(crate) fn answer(path: &str, headers: &HeaderMap) -> Response {
    answer_from(&Built::get, path, headers)
}

fn answer_from(get: &dyn Fn(&str) -> Option<EmbeddedFile>, path: &str, headers: &HeaderMap) -> Response {
    let path = path.trim_start_matches('/');
    // Compressed forms are not addresses of their own, and `.vite/` is the build's, not the browser's.
    let is_hidden = path.starts_with('.') || CODINGS.iter().any(|(_, ending)| path.ends_with(ending));
    if !path.is_empty() && !is_hidden && get(path).is_some() {
        return file(get, path, headers);
    }
    if path.starts_with(HASHED) {
        // An old page asking for a file of the version before must not be given HTML as a script.
        return ApiError::UnknownAsset.into_response();
    }
    if get(PAGE).is_some() {
        return file(get, PAGE, headers);
    }
    let html = (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    (StatusCode::SERVICE_UNAVAILABLE, [html], PLACEHOLDER).into_response()
}

fn file(get: &dyn Fn(&str) -> Option<EmbeddedFile>, path: &str, headers: &HeaderMap) -> Response {
    let coded = CODINGS
        .iter()
        .filter(|(coding, _)| accepts(headers, coding))
        .find_map(|(coding, ending)| Some((*coding, get(&format!("{path}{ending}"))?)));
    let (coding, file) = match coded {
        Some((coding, file)) => (Some(coding), file),
        None => match get(path) {
            Some(file) => (None, file),
            None => return ApiError::UnknownAsset.into_response(),
        },
    };
    // Each coding is a file of its own, so each has its own tag.
    let tag = blake3::Hash::from_bytes(file.metadata.sha256_hash()).to_hex();
    let tag = format!("\"{}\"", &tag[..32]);
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag);

    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(file.data));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
        if let Some(coding) = coding {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        response
    };
    if path == PAGE
        && let Some(hash) = get(STYLE_HASH).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
    {
        response.extensions_mut().insert(PageStyle(hash));
    }
    let answered = response.headers_mut();
    answered.insert(ETAG, HeaderValue::try_from(tag).expect("hexadecimal digits in quotes"));
    answered.insert(VARY, HeaderValue::from_static("accept-encoding"));
    answered.insert(CACHE_CONTROL, if path.starts_with(HASHED) { FOR_GOOD } else { ASK_EACH_TIME });
    response
}

/// Whether the client takes this coding: it names it, and not with weight 0.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|offer| {
            let (name, parameters) = offer.split_once(';').unwrap_or((offer, ""));
            let weight =
                parameters.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
            let refused = weight.is_some_and(|weight| weight <= 0.0);
            name.trim().eq_ignore_ascii_case(coding) && !refused
        })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
