//! `GET /.well-known/sanaq/keys`: the public ledger of keys.

use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};

use super::answer::{self, Answer};
use crate::identity::Ledger;

/// Where it stands.
pub const PATH: &str = "/.well-known/sanaq/keys";

/// The ledger, for anybody to read and keep.
#[must_use]
pub fn answer(keys: Option<&Ledger>) -> Answer {
    let Some(keys) = keys else { return answer::not_found() };
    let mut answer = answer::json(StatusCode::OK, keys.shown());
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    answer::allow_any_origin(answer)
}
