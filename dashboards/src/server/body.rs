//! Reading a JSON body: capped, timed, and with errors that don't echo it.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serve::access::Secret;
use serve::body::read_capped;

use super::error::ApiError;

/// Sixteen questions with long filters fit.
const LIMIT_BYTES: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// A body of `application/json` as bytes.
pub(super) struct JsonBytes(pub(super) Bytes);

/// The same, read as a `T`.
pub(super) struct JsonBody<T>(pub(super) T);

impl<S: Send + Sync> FromRequest<S> for JsonBytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::UnsupportedMediaType);
        }
        Ok(Self(read_capped(request.into_body(), LIMIT_BYTES, TIMEOUT).await?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let JsonBytes(bytes) = JsonBytes::from_request(request, state).await?;
        // The parser's own text names fields and values: it stays here.
        serde_json::from_slice(&bytes).map(Self).map_err(|_| ApiError::MalformedBody)
    }
}

/// A page of another site can't send this type without asking first (CORS), and nobody answers that.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Reads a string that prints as `***`.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// The same where there may be none.
pub(super) fn optional_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Secret>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(Secret::new))
}
