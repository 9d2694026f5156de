//! `GET /js/…`: the tracker that was built with this binary, or a placeholder that says how to build it.
//!
//! | path | |
//! |---|---|
//! | `/js/script.js` | the tracker; `/js/vitals.js` and `/js/web-vitals.js` measure web vitals |
//! | `/js/script.0a1b2c3d4e5f.js` | the same file under a name that changes with it, for `integrity`; kept by caches for good |
//! | `/js/pinned.json` | of each file this name and its hash |
//!
//! A page with `integrity` goes on loading the file it was written for: those of every release stand in `tracker-js/released`
//! and are embedded too. Files are compressed when they are built, so that what is served is what was measured.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::answer::{self, Answer};

/// Where the files stand.
pub const FOLDER: &str = "/js/";
/// The tracker's own path.
pub const SCRIPT: &str = "/js/script.js";

/// The files are the same for every site: an hour from any cache, then asked for again by their tag.
const CACHING: &str = "public, max-age=3600";
/// Under its pinned name a file never changes.
const CACHING_PINNED: &str = "public, max-age=31536000, immutable";

/// One file as the build left it; a compressed form is empty where there is none.
struct File {
    name: &'static str,
    plain: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

/// Put there by `build.rs`.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/scripts.rs"));
static PINNED: &str = include_str!(concat!(env!("OUT_DIR"), "/pinned.json"));
/// The pinned name of each of [`FILES`]; of one that has no other, that.
static PINNED_NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let pinned: serde_json::Value = serde_json::from_str(PINNED).unwrap_or_default();
    let of = |file: &File| pinned[file.name]["name"].as_str().unwrap_or(file.name).to_owned();
    FILES.iter().map(of).collect()
});

/// Further paths under which the tracker and the beacon endpoint stand, for pages whose visitors' blockers know the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Also the tracker (`/a/counter.js`).
    pub script: Option<String>,
    /// Also the beacon endpoint (`/a/seen`).
    pub event: Option<String>,
}

impl Paths {
    /// The usual path of what stands behind this one.
    #[must_use]
    pub fn usual<'a>(&self, path: &'a str) -> &'a str {
        if self.script.as_deref() == Some(path) {
            SCRIPT
        } else if self.event.as_deref() == Some(path) {
            super::EVENT
        } else {
            path
        }
    }
}

/// The file of this path below [`FOLDER`]. `None` when there is none.
#[must_use]
pub fn answer(path: &str, asked: &HeaderMap) -> Option<Answer> {
    let name = path.strip_prefix(FOLDER)?;
    if name == "pinned.json" {
        return Some(open(answer::file(
            asked,
            "application/json",
            &answer::tag(PINNED.as_bytes()),
            CACHING,
            || Bytes::from_static(PINNED.as_bytes()),
        )));
    }
    let at = FILES
        .iter()
        .zip(PINNED_NAMES.iter())
        .position(|(file, pinned)| file.name == name || pinned == name)?;
    let file = FILES.get(at)?;
    let pinned = PINNED_NAMES.get(at).is_some_and(|pinned| pinned == name);
    let (coding, content) = if !file.brotli.is_empty() && accepts(asked, "br") {
        (Some("br"), file.brotli)
    } else if !file.gzip.is_empty() && accepts(asked, "gzip") {
        (Some("gzip"), file.gzip)
    } else {
        (None, file.plain)
    };
    let caching = if pinned { CACHING_PINNED } else { CACHING };
    let kind = "text/javascript; charset=utf-8";
    let mut answer =
        answer::file(asked, kind, &answer::tag(content), caching, || Bytes::from_static(content));
    let headers = answer.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    Some(open(answer))
}

/// Pages that isolate themselves from other origins may still load it.
fn open(mut answer: Answer) -> Answer {
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    answer.headers_mut().insert(policy, HeaderValue::from_static("cross-origin"));
    answer::allow_any_origin(answer)
}

/// Whether the browser takes this coding.
fn accepts(asked: &HeaderMap, coding: &str) -> bool {
    let values = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|entry| {
        let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        name.trim().eq_ignore_ascii_case(coding) && weight.is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{CACHE_CONTROL, ETAG};

    fn asked(codings: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, codings.parse().unwrap())])
    }

    fn says(answer: &Answer, name: HeaderName) -> &str {
        answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn a_browser_gets_the_smallest_form_it_takes() {
        let script = &FILES[0];
        assert!(!script.brotli.is_empty(), "the tracker must be built first: make front-ends");
        let mut tags = Vec::new();
        for (codings, expected) in [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip;q=1.0, BR;q=0.5", "br"),
            ("gzip, br;q=0", "gzip"),
            ("identity", ""),
            ("brotli", ""),
        ] {
            let answer = answer(SCRIPT, &asked(codings)).unwrap();
            assert_eq!(says(&answer, CONTENT_ENCODING), expected, "{codings}");
            assert_eq!(says(&answer, VARY), "accept-encoding");
            tags.push(says(&answer, ETAG).to_owned());
        }
        assert!(
            tags[0] == tags[1] && tags[0] != tags[2] && tags[2] != tags[3],
            "each form has a tag of its own"
        );
        assert!(script.brotli.len() < script.gzip.len() && script.gzip.len() < script.plain.len());
    }

    #[test]
    fn a_pinned_name_is_kept_for_good_and_any_other_is_none() {
        for (file, pinned) in FILES.iter().zip(PINNED_NAMES.iter()) {
            let usual = answer(&format!("{FOLDER}{}", file.name), &HeaderMap::new()).unwrap();
            let kept = answer(&format!("{FOLDER}{pinned}"), &HeaderMap::new()).unwrap();
            assert_eq!(says(&usual, ETAG), says(&kept, ETAG), "the same file");
            assert!(says(&kept, CACHE_CONTROL).contains("immutable"), "{pinned}");
        }
        for path in [
            "/js/",
            "/js/index.json",
            "/js/script.000000000000.js",
            "/js/../Cargo.toml",
            "/js/scripts.rs",
            "/javascript.js",
        ] {
            assert!(answer(path, &HeaderMap::new()).is_none(), "{path}");
        }
        assert!(answer("/js/pinned.json", &HeaderMap::new()).is_some());
    }

    #[test]
    fn what_was_released_is_served_for_ever_as_it_was() {
        let released = concat!(env!("CARGO_MANIFEST_DIR"), "/../tracker-js/released/");
        let index = std::fs::read(format!("{released}index.json")).unwrap();
        let releases: Vec<serde_json::Value> = serde_json::from_slice(&index).unwrap();
        let mut served = 0;
        for pinned in releases.iter().flat_map(|release| release["files"].as_object().unwrap().values()) {
            let name = pinned["name"].as_str().unwrap();
            let plain = std::fs::read(format!("{released}{name}")).unwrap();
            let found = answer(&format!("{FOLDER}{name}"), &HeaderMap::new()).unwrap();
            // The tag is of the content: a file that is another one has another.
            assert_eq!(says(&found, ETAG), answer::tag(&plain), "{name}");
            assert_ne!(says(&found, ETAG), answer::tag(&plain[1..]), "{name}");
            // `integrity` needs the content to be readable: the page asks for it with `crossorigin`.
            assert_eq!(says(&found, http::header::ACCESS_CONTROL_ALLOW_ORIGIN), "*", "{name}");
            assert!(says(&found, CACHE_CONTROL).contains("immutable"), "{name}");
            let small = answer(&format!("{FOLDER}{name}"), &asked("br")).unwrap();
            assert_eq!(says(&small, CONTENT_ENCODING), "br", "{name}");
            served += 1;
        }
        assert!(served >= 3, "{served} files");
    }

    #[test]
    fn other_paths_lead_to_the_usual_ones() {
        let paths = Paths { script: Some("/a/counter.js".into()), event: Some("/a/seen".into()) };
        assert_eq!(paths.usual("/a/counter.js"), SCRIPT);
        assert_eq!(paths.usual("/a/seen"), "/api/event");
        assert_eq!(paths.usual("/a/seen/more"), "/a/seen/more");
        assert_eq!(Paths::default().usual("/livez"), "/livez");
    }
}
