//! HTTPS to the provider. Redirects are not followed, an answer is small JSON, and everything has an end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use serve::body::read_capped;
use url::{Host, Url};

use super::OidcError;

const CONNECT: Duration = Duration::from_secs(3);
/// From the first byte sent to the last one read.
const WHOLE: Duration = Duration::from_secs(8);
const MOST_BYTES: usize = 256 * 1024;

/// A client of the provider.
pub(super) struct Fetch(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Fetch {
    pub(super) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.enforce_http(false);
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        // Which addresses may do without TLS is decided by `is_trustworthy`, for each of them.
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Self(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector))
    }

    pub(super) async fn get(&self, address: &Url) -> Result<Value, OidcError> {
        let request = Request::get(address.as_str())
            .header(ACCEPT, "application/json")
            .body(Full::default())
            .map_err(|_| OidcError::BadAnswer)?;
        match self.send(request).await? {
            (StatusCode::OK, value) => value.ok_or(OidcError::BadAnswer),
            _ => Err(OidcError::Unreachable),
        }
    }

    /// Sends a form; gives the status and, where the answer is JSON, the answer.
    pub(super) async fn post(
        &self,
        address: &Url,
        basic: Option<HeaderValue>,
        form: String,
    ) -> Result<(StatusCode, Option<Value>), OidcError> {
        let mut request = Request::post(address.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form))
            .map_err(|_| OidcError::BadAnswer)?;
        if let Some(mut basic) = basic {
            basic.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, basic);
        }
        self.send(request).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Option<Value>), OidcError> {
        let whole = async {
            let answer = self.0.request(request).await.map_err(|_| OidcError::Unreachable)?;
            let (head, body) = answer.into_parts();
            let read = read_capped(body, MOST_BYTES, WHOLE).await.map_err(|_| OidcError::BadAnswer)?;
            Ok((head.status, serde_json::from_slice(&read).ok()))
        };
        tokio::time::timeout(WHOLE, whole).await.map_err(|_| OidcError::Unreachable)?
    }
}

/// Whether secrets may go to this address: over TLS, or without leaving the machine where `loopback` allows it.
pub(super) fn is_trustworthy(address: &Url, loopback: bool) -> bool {
    let own = address.username().is_empty() && address.password().is_none() && address.fragment().is_none();
    own && match address.scheme() {
        "https" => address.has_host(),
        "http" => loopback && is_loopback(address),
        _ => false,
    }
}

/// Whether this is plain HTTP to the machine itself.
pub(super) fn is_loopback(address: &Url) -> bool {
    address.scheme() == "http"
        && match address.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tls_is_trusted_and_where_the_issuer_is_on_the_machine_the_machine() {
        for (address, always, on_loopback) in [
            ("https://id.example.kz/token", true, true),
            ("http://id.example.kz/token", false, false),
            ("http://127.0.0.1:9/token", false, true),
            ("http://[::1]:9/token", false, true),
            ("http://localhost:9/token", false, true),
            ("http://localhost.example.kz/", false, false),
            ("http://10.0.0.1/", false, false),
            ("https://user@id.example.kz/", false, false),
            ("file:///etc/passwd", false, false),
        ] {
            let url = Url::parse(address).unwrap();
            assert_eq!(
                (is_trustworthy(&url, false), is_trustworthy(&url, true)),
                (always, on_loopback),
                "{address}"
            );
        }
    }
}
