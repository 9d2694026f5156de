use std::borrow::Cow;

use rust_embed::Metadata;

use super::*;

const FILES: &[(&str, &str)] = &[
    ("index.html", "<!doctype html>"),
    ("index.html.br", "br page"),
    ("index.html.gz", "gz page"),
    ("assets/app-1a2b.js", "let a"),
    ("favicon.svg", "<svg/>"),
    (".vite/manifest.json", "{}"),
    (".style-hash", "sha256-0a+b="),
];

fn get(path: &str) -> Option<EmbeddedFile> {
    let (_, text) = FILES.iter().find(|(name, _)| *name == path)?;
    let hash = *blake3::hash(text.as_bytes()).as_bytes();
    let metadata = Metadata::__rust_embed_new(hash, None, None);
    Some(EmbeddedFile { data: Cow::Borrowed(text.as_bytes()), metadata })
}

async fn ask(path: &str, header: Option<(http::HeaderName, &str)>) -> (StatusCode, HeaderMap, String) {
    let mut headers = HeaderMap::new();
    if let Some((name, value)) = header {
        headers.insert(name, value.parse().unwrap());
    }
    let (parts, body) = answer_from(&get, path, &headers).into_parts();
    let body = axum::body::to_bytes(body, 4096).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn every_address_without_a_file_is_the_page_and_is_asked_for_each_time() {
    for path in [
        "/",
        "/example.kz",
        "/setup",
        "/index.html",
        "/a/b.c",
        "/../../etc/passwd",
        "/index.html.br",
        "/.vite/manifest.json",
    ] {
        let (status, headers, body) = ask(path, None).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "<!doctype html>"), "{path}");
        assert_eq!(headers[CACHE_CONTROL], "no-cache");
        assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
    }
}

#[tokio::test]
async fn hashed_files_are_kept_for_good_and_missing_ones_are_no_page() {
    let (status, headers, body) = ask("/assets/app-1a2b.js", None).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "let a"));
    assert_eq!(headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
    assert_eq!(headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
    let (status, _, body) = ask("/assets/app-old.js", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains("unknown_asset"));
    assert_eq!(ask("/favicon.svg", None).await.1[CACHE_CONTROL], "no-cache");
}

#[tokio::test]
async fn a_client_gets_the_best_coding_it_takes() {
    for (offer, coding, expected) in [
        ("gzip, deflate, br", Some("br"), "br page"),
        ("gzip", Some("gzip"), "gz page"),
        ("br;q=0, GZIP;q=0.5", Some("gzip"), "gz page"),
        ("br;q=0.0", None, "<!doctype html>"),
        ("identity", None, "<!doctype html>"),
    ] {
        let (_, headers, body) = ask("/", Some((ACCEPT_ENCODING, offer))).await;
        assert_eq!(headers.get(CONTENT_ENCODING).map(|v| v.to_str().unwrap()), coding, "{offer}");
        assert_eq!(body, expected, "{offer}");
        assert_eq!(headers[CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(headers[VARY], "accept-encoding");
    }
}

#[tokio::test]
async fn a_page_the_client_has_is_not_sent_again() {
    let (_, headers, _) = ask("/", None).await;
    let tag = headers[ETAG].to_str().unwrap().to_owned();
    let (status, headers, body) = ask("/", Some((IF_NONE_MATCH, &format!("\"x\", W/{tag}")))).await;
    assert_eq!((status, body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(headers[ETAG], tag.as_str());
    assert_eq!(ask("/", Some((IF_NONE_MATCH, "\"x\""))).await.0, StatusCode::OK);
}

#[tokio::test]
async fn without_a_front_end_the_page_says_how_to_build_one() {
    let response = answer_from(&|_| None, "/", &HeaderMap::new());
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
    assert!(String::from_utf8(body.to_vec()).unwrap().contains("npm --prefix dashboards/web run build"));
}

#[test]
fn the_page_alone_says_which_style_it_has_and_says_it_when_it_is_known_already() {
    let style = |path: &str, known: Option<&HeaderValue>| {
        let mut headers = HeaderMap::new();
        if let Some(tag) = known {
            headers.insert(IF_NONE_MATCH, tag.clone());
        }
        let mut answer = answer_from(&get, path, &headers);
        let style = answer.extensions_mut().remove::<PageStyle>().map(|PageStyle(hash)| hash);
        (answer.status(), answer.headers()[ETAG].clone(), style)
    };
    let (status, tag, hash) = style("/example.kz", None);
    assert_eq!((status, hash.as_deref()), (StatusCode::OK, Some("sha256-0a+b=")));
    let (status, _, hash) = style("/example.kz", Some(&tag));
    assert_eq!((status, hash.as_deref()), (StatusCode::NOT_MODIFIED, Some("sha256-0a+b=")));
    assert_eq!(style("/assets/app-1a2b.js", None).2, None);
}
