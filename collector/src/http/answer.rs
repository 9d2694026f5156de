//! What an answer looks like: status, stable code, sentence and headers. The one place that knows how a refusal is told.

use std::sync::LazyLock;

use bytes::Bytes;
use events::RefuseReason;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, REFERRER_POLICY, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

/// The answer of every route.
pub type Answer = Response<Full<Bytes>>;

/// How many beacons of the body were dropped, as Plausible tells it.
pub const DROPPED: HeaderName = HeaderName::from_static("x-plausible-dropped");
/// Why, in our own codes, one for each in the order of the body's domains.
pub const DROPPED_REASON: HeaderName = HeaderName::from_static("x-sanaq-dropped");

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const RETRY_SECONDS: &str = "5";

/// Plain text.
#[must_use]
pub fn text(status: StatusCode, body: &'static str) -> Answer {
    whole(status, TEXT, Bytes::from_static(body.as_bytes()))
}

/// The one place that turns a refusal into status, code and sentence. `field` and `message` say more where a field of the
/// body is at fault.
#[must_use]
pub fn refused(reason: RefuseReason, detail: Option<(&'static str, &'static str)>) -> Answer {
    match detail {
        None => refused_plainly(reason),
        // Plausible's shape, which its clients know.
        Some((field, message)) => {
            let words = json!({ "errors": { field: [message] }, "code": reason.code() });
            allow_any_origin(retry_later(json(told(reason).0, words)))
        }
    }
}

/// In a storm nearly every answer is a refusal of this kind: each is made once, and copied.
fn refused_plainly(reason: RefuseReason) -> Answer {
    static ALL: LazyLock<Vec<(StatusCode, HeaderMap, Bytes)>> = LazyLock::new(|| {
        let made = |reason: &RefuseReason| {
            let (status, sentence) = told(*reason);
            let body = Bytes::from(problem_body(reason.code(), sentence));
            let mut answer = allow_any_origin(retry_later(whole(status, JSON, body.clone())));
            if *reason == RefuseReason::InvalidKey {
                answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            (status, answer.into_parts().0.headers, body)
        };
        RefuseReason::ALL.iter().map(made).collect()
    });
    let (status, headers, body) = &ALL[reason as usize];
    let mut answer = Response::new(Full::new(body.clone()));
    *answer.status_mut() = *status;
    *answer.headers_mut() = headers.clone();
    answer
}

/// Status and sentence of each reason.
fn told(reason: RefuseReason) -> (StatusCode, &'static str) {
    match reason {
        RefuseReason::MalformedBody => (StatusCode::BAD_REQUEST, "The body is not a JSON object."),
        RefuseReason::InvalidField => (StatusCode::BAD_REQUEST, "A field of the body is missing or invalid."),
        RefuseReason::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large."),
        RefuseReason::BodyIncomplete => {
            (StatusCode::BAD_REQUEST, "The body did not arrive whole and in time.")
        }
        RefuseReason::UnsupportedMediaType => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send JSON as text/plain or application/json.")
        }
        RefuseReason::JournalUnavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "The beacon can't be stored now. Try again later.")
        }
        RefuseReason::Overloaded => {
            (StatusCode::SERVICE_UNAVAILABLE, "Too many beacons at once. Try again later.")
        }
        RefuseReason::InvalidKey => (
            StatusCode::UNAUTHORIZED,
            "Send a site key of scope events as a Bearer token in the Authorization header.",
        ),
        RefuseReason::TooManyItems => (StatusCode::PAYLOAD_TOO_LARGE, "The batch has too many items."),
        RefuseReason::ForeignSite => (StatusCode::BAD_REQUEST, "The key is for another site."),
        RefuseReason::DayClosed => (StatusCode::BAD_REQUEST, "That day of the site has closed."),
        RefuseReason::InFuture => (StatusCode::BAD_REQUEST, "The time lies in the future."),
        RefuseReason::RateLimited => {
            (StatusCode::TOO_MANY_REQUESTS, "Too many beacons from this network. Try again later.")
        }
    }
}

/// Says when to try again, if the answer is that it can't be done now.
#[must_use]
pub fn retry_later(mut answer: Answer) -> Answer {
    if matches!(answer.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    }
    answer
}

/// The beacon was taken; `dropped` are the codes of those of its domains that were not kept, by policy.
#[must_use]
pub fn taken(dropped: &[&'static str]) -> Answer {
    if dropped.is_empty() { stored() } else { with_dropped(text(StatusCode::ACCEPTED, "ok"), dropped) }
}

/// Nearly every answer is this one, so it has the headers it needs and no more: the answer to a POST is kept by no cache, two
/// letters of plain text are no document, and nothing was dropped that a page would want to read about.
fn stored() -> Answer {
    static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
        HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static(TEXT)),
            (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ])
    });
    let mut answer = Response::new(Full::new(Bytes::from_static(b"ok")));
    *answer.status_mut() = StatusCode::ACCEPTED;
    *answer.headers_mut() = HEADERS.clone();
    answer
}

/// The answer with what was dropped in its headers, for any page to read.
#[must_use]
pub fn with_dropped(mut answer: Answer, dropped: &[&'static str]) -> Answer {
    if !dropped.is_empty() {
        let reasons = HeaderValue::try_from(dropped.join(",")).expect("codes are plain ASCII");
        answer.headers_mut().insert(DROPPED, HeaderValue::from(dropped.len()));
        answer.headers_mut().insert(DROPPED_REASON, reasons);
    }
    allow_any_origin(answer)
}

/// The answer to a CORS preflight: any page may send beacons, none gets to read more than the outcome.
#[must_use]
pub fn preflight() -> Answer {
    let mut answer = bare(StatusCode::NO_CONTENT);
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, OPTIONS"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("content-type, x-debug-request, x-umami-cache"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    allow_any_origin(answer)
}

/// Nothing stands behind the path.
#[must_use]
pub fn not_found() -> Answer {
    problem(StatusCode::NOT_FOUND, "not_found", "There is nothing here.")
}

/// The path knows other methods.
#[must_use]
pub fn method_not_allowed(allow: &'static str) -> Answer {
    let mut answer =
        problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "The path does not know this method.");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    allow_any_origin(answer)
}

/// The path is another.
#[must_use]
pub fn moved(to: &'static str) -> Answer {
    let mut answer = bare(StatusCode::PERMANENT_REDIRECT);
    answer.headers_mut().insert(LOCATION, HeaderValue::from_static(to));
    answer
}

/// A file that caches may keep under its tag: 304 when the client has it.
#[must_use]
pub fn file(
    asked: &HeaderMap,
    kind: &'static str,
    tag: &HeaderValue,
    caching: &'static str,
    body: impl FnOnce() -> Bytes,
) -> Answer {
    let known = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let unchanged = known.flat_map(|value| value.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.trim_start_matches("W/").as_bytes() == tag.as_bytes()
    });
    let mut answer =
        if unchanged { bare(StatusCode::NOT_MODIFIED) } else { whole(StatusCode::OK, kind, body()) };
    answer.headers_mut().insert(ETAG, tag.clone());
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    answer
}

/// The tag of a file's content.
#[must_use]
pub fn tag(content: &[u8]) -> HeaderValue {
    let hash = blake3::hash(content).to_hex();
    HeaderValue::try_from(format!("\"{}\"", &hash.as_str()[..32])).expect("hexadecimal is plain ASCII")
}

/// Pages of any origin may read the answer.
pub fn allow_any_origin(mut answer: Answer) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let exposed = HeaderValue::from_static("x-plausible-dropped, x-sanaq-dropped, retry-after");
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    answer
}

fn problem(status: StatusCode, code: &'static str, sentence: &'static str) -> Answer {
    whole(status, JSON, problem_body(code, sentence).into())
}

fn problem_body(code: &'static str, sentence: &'static str) -> String {
    json!({ "error": sentence, "code": code }).to_string()
}

/// A JSON body.
pub(super) fn json(status: StatusCode, body: Value) -> Answer {
    whole(status, JSON, body.to_string().into())
}

/// A whole body of this kind.
pub(super) fn whole(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut answer = bare(status);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    *answer.body_mut() = Full::new(body);
    answer
}

/// What every answer carries: nothing is guessed, kept or run unless a route says so.
fn bare(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    answer
}
