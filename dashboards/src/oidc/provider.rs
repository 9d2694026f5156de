//! One sign-in, from its start to the person who came back.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::{HeaderValue, StatusCode};
use ring::digest::{SHA256, digest};
use serde_json::Value;
use serve::clock::Clock;
use tokio::sync::Semaphore;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::fetch::Fetch;
use super::jws::Parts;
use super::metadata::{Description, Metadata};
use super::started::{Ledger, Started};
use super::{Beginning, CALLBACK, ConfigError, OidcConfig, OidcError, Person, Returned, id_token};

/// Codes that are being exchanged at once.
const RETURNING: usize = 16;
/// Longer codes are not looked at.
const MOST_CODE_BYTES: usize = 4096;

/// The configured provider.
pub(crate) struct Provider {
    config: OidcConfig,
    redirect_uri: String,
    clock: Clock,
    fetch: Fetch,
    metadata: Metadata,
    ledger: Ledger,
    returning: Semaphore,
}

impl Provider {
    /// Asks nobody anything yet: a provider that is away must not keep the program from starting.
    pub(crate) fn new(
        config: &OidcConfig,
        staff_origin: &str,
        device_key: &[u8; 32],
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            metadata: Metadata::of(&config.issuer).ok_or(ConfigError::Issuer)?,
            config: config.clone(),
            redirect_uri: format!("{staff_origin}{CALLBACK}"),
            clock,
            fetch: Fetch::new(),
            ledger: Ledger::new(device_key),
            returning: Semaphore::new(RETURNING),
        })
    }

    /// What staff call it.
    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// Where the browser goes now, and what it carries.
    pub(crate) async fn begin(&self) -> Result<Beginning, OidcError> {
        let description = self.metadata.description(&self.fetch, self.now()).await?;
        let (started, cookie) = self.ledger.begin(self.now()).map_err(|_| OidcError::Internal)?;
        let mut address = description.authorization.clone();
        let verifier = started.verifier().reveal();
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", "openid email")
            .append_pair("state", &started.state().reveal())
            .append_pair("nonce", &started.nonce().reveal())
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(Beginning { address: address.into(), cookie })
    }

    /// Who has come back.
    pub(crate) async fn finish(&self, cookie: Option<&str>, returned: Returned) -> Result<Person, OidcError> {
        let started = self.ledger.take(self.now(), cookie, returned.state.as_deref())?;
        // Says by which provider the code was given (RFC 9207); not all say it.
        if returned.iss.is_some_and(|issuer| issuer != self.config.issuer) {
            return Err(OidcError::WrongIssuer);
        }
        let code = returned.code.filter(|code| !code.is_empty() && code.len() <= MOST_CODE_BYTES);
        let code = code.filter(|_| returned.error.is_none()).ok_or(OidcError::Denied)?;
        let _place = self.returning.try_acquire().map_err(|_| OidcError::Busy)?;
        let description = self.metadata.description(&self.fetch, self.now()).await?;
        let token = self.exchange(&description, &started, &code).await?;
        let parts = Parts::of(&token)?;
        let keys = self.metadata.keys_for(&self.fetch, self.now(), &parts).await?;
        let claims = parts.verified(keys.iter().filter(|key| key.is_for(&parts)))?;
        id_token::person(&claims, &self.config.issuer, &self.config.client_id, &started.nonce(), self.now())
    }

    /// The ID token that the code is good for. The access token that comes with it is not used and not kept.
    async fn exchange(
        &self,
        description: &Description,
        started: &Started,
        code: &str,
    ) -> Result<String, OidcError> {
        let (form, basic) = self.proof(description, started, code)?;
        match self.fetch.post(&description.token, basic, form).await? {
            (StatusCode::OK, Some(answer)) => {
                answer.get("id_token").and_then(Value::as_str).map(str::to_owned).ok_or(OidcError::BadAnswer)
            }
            (StatusCode::OK, None) => Err(OidcError::BadAnswer),
            (status, _) if status.is_client_error() => Err(OidcError::CodeRefused),
            _ => Err(OidcError::Unreachable),
        }
    }
    /// What the code is exchanged with: the form, and the header where the secret goes there.
    fn proof(
        &self,
        description: &Description,
        started: &Started,
        code: &str,
    ) -> Result<(String, Option<HeaderValue>), OidcError> {
        let (id, secret) = (&self.config.client_id, self.config.client_secret.reveal());
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("code_verifier", &started.verifier().reveal());
        if description.secret_in_form {
            form.append_pair("client_id", id).append_pair("client_secret", secret);
            return Ok((form.finish(), None));
        }
        let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = BASE64_STANDARD.encode(format!("{}:{}", escaped(id), escaped(secret)));
        let header = HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| OidcError::Internal)?;
        Ok((form.finish(), Some(header)))
    }
}
