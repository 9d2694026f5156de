//! The provider's description of itself and its keys. Both are fetched when first needed and kept for an hour; a token that
//! names a key we don't know makes the keys be fetched once more, at most once a minute. After a failure nothing is asked for
//! a few seconds, so that a door without a guard costs the provider nothing.

use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::Mutex;
use url::Url;

use super::OidcError;
use super::fetch::{Fetch, is_loopback, is_trustworthy};
use super::jws::{Key, Parts};

const KEPT_SECONDS: i64 = 3600;
const KEYS_AGAIN_SECONDS: i64 = 60;
const PAUSE_SECONDS: i64 = 5;

/// What is needed of the description.
pub(super) struct Description {
    pub(super) authorization: Url,
    pub(super) token: Url,
    keys: Url,
    /// The secret goes into the form instead of the header.
    pub(super) secret_in_form: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Default)]
struct Kept {
    description: Option<(Arc<Description>, i64)>,
    keys: Option<(Arc<Vec<Key>>, i64)>,
    failed: Option<(OidcError, i64)>,
}

/// Keeps them. One request is under way at a time; whoever waits finds what it has brought.
pub(super) struct Metadata {
    issuer: String,
    address: Url,
    loopback: bool,
    kept: Mutex<Kept>,
}

impl Metadata {
    /// Of the issuer of this name; none when the name is no address that may be trusted.
    pub(super) fn of(issuer: &str) -> Option<Self> {
        let url = Url::parse(issuer).ok()?;
        let loopback = is_loopback(&url);
        if !is_trustworthy(&url, loopback) || url.query().is_some() {
            return None;
        }
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let address = Url::parse(&address).ok()?;
        Some(Self { issuer: issuer.to_owned(), address, loopback, kept: Mutex::default() })
    }

    pub(super) async fn description(&self, fetch: &Fetch, now: i64) -> Result<Arc<Description>, OidcError> {
        let mut kept = self.kept.lock().await;
        self.described(&mut kept, fetch, now).await
    }

    /// The keys that may have signed this token.
    pub(super) async fn keys_for(
        &self,
        fetch: &Fetch,
        now: i64,
        parts: &Parts<'_>,
    ) -> Result<Arc<Vec<Key>>, OidcError> {
        let mut kept = self.kept.lock().await;
        if let Some((keys, at)) = &kept.keys {
            let age = now - at;
            let known = keys.iter().any(|key| key.is_for(parts));
            if age < if known { KEPT_SECONDS } else { KEYS_AGAIN_SECONDS } {
                return Ok(Arc::clone(keys));
            }
        }
        let description = self.described(&mut kept, fetch, now).await?;
        let set = pausing(&mut kept, now, fetch.get(&description.keys)).await?;
        let keys = Arc::new(Key::of_set(&set).ok_or(OidcError::BadAnswer)?);
        kept.keys = Some((Arc::clone(&keys), now));
        Ok(keys)
    }

    async fn described(
        &self,
        kept: &mut Kept,
        fetch: &Fetch,
        now: i64,
    ) -> Result<Arc<Description>, OidcError> {
        if let Some((description, at)) = &kept.description
            && now - at < KEPT_SECONDS
        {
            return Ok(Arc::clone(description));
        }
        let read = async { self.read(&fetch.get(&self.address).await?) };
        let description = Arc::new(pausing(kept, now, read).await?);
        kept.description = Some((Arc::clone(&description), now));
        Ok(description)
    }

    fn read(&self, document: &Value) -> Result<Description, OidcError> {
        let document = Document::deserialize(document).map_err(|_| OidcError::BadAnswer)?;
        if document.issuer != self.issuer {
            return Err(OidcError::WrongIssuer);
        }
        let endpoint = |text: &str| {
            Url::parse(text).ok().filter(|url| is_trustworthy(url, self.loopback)).ok_or(OidcError::BadAnswer)
        };
        let ways = document.token_endpoint_auth_methods_supported.unwrap_or_default();
        let has = |name: &str| ways.iter().any(|way| way == name);
        Ok(Description {
            authorization: endpoint(&document.authorization_endpoint)?,
            token: endpoint(&document.token_endpoint)?,
            keys: endpoint(&document.jwks_uri)?,
            secret_in_form: has("client_secret_post") && !has("client_secret_basic"),
        })
    }
}

/// Asks, unless the last time has just failed.
async fn pausing<T>(
    kept: &mut Kept,
    now: i64,
    ask: impl Future<Output = Result<T, OidcError>>,
) -> Result<T, OidcError> {
    if let Some((error, at)) = kept.failed
        && now - at < PAUSE_SECONDS
    {
        return Err(error);
    }
    let asked = ask.await;
    kept.failed = asked.as_ref().err().map(|error| (*error, now));
    asked
}
