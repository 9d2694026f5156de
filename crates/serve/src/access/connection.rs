//! The connection below a client of ClickHouse: how long it may take to come about, and whom `https` believes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clickhouse::Client;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Idle connections are given up before the server does it: ClickHouse keeps them for 3 s.
const IDLE: Duration = Duration::from_secs(2);
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// How connections to ClickHouse come about.
#[derive(Clone, Debug)]
pub struct Connection {
    /// A connection may take this long to come about.
    pub connect_timeout: Duration,
    /// Who may vouch for the server of an `https` address; without one, the authorities that browsers believe.
    pub authority: Option<Authority>,
}

impl Default for Connection {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(5), authority: None }
    }
}

/// Certificates of a private authority.
#[derive(Clone, Debug)]
pub struct Authority(Arc<RootCertStore>);

/// Why a file is no authority's.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", file.display())]
pub struct AuthorityError {
    file: PathBuf,
    cause: &'static str,
}

impl Authority {
    /// The certificates of a PEM file. Nobody else is believed then.
    ///
    /// # Errors
    /// When it can't be read, or holds none.
    pub fn read(file: &Path) -> Result<Self, AuthorityError> {
        let refuse = |cause| AuthorityError { file: file.to_owned(), cause };
        let certificates = CertificateDer::pem_file_iter(file).map_err(|_| refuse("can't be read"))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            let certificate = certificate.map_err(|_| refuse("is no PEM file"))?;
            roots.add(certificate).map_err(|_| refuse("holds a certificate that can't be used"))?;
        }
        if roots.is_empty() {
            return Err(refuse("holds no certificate"));
        }
        Ok(Self(Arc::new(roots)))
    }
}

impl Connection {
    /// A client that reaches its server this way. Bodies travel uncompressed: next door that costs more than it saves.
    pub(super) fn client(&self, url: &str) -> Client {
        let mut connector = HttpConnector::new();
        connector.set_keepalive(Some(KEEP_ALIVE));
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(self.connect_timeout));
        let mut builder = HttpClient::builder(TokioExecutor::new());
        builder.pool_idle_timeout(IDLE);
        if !url.starts_with("https:") {
            return Client::with_http_client(builder.build(connector)).with_url(url);
        }
        connector.enforce_http(false);
        let roots = self.authority.as_ref().map_or_else(
            || Arc::new(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() }),
            |authority| Arc::clone(&authority.0),
        );
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_http1()
            .wrap_connector(connector);
        Client::with_http_client(builder.build(connector)).with_url(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_holds_no_certificate_is_refused_by_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ca.pem");
        assert!(Authority::read(&file).unwrap_err().to_string().contains("ca.pem: can't be read"));
        std::fs::write(&file, "nothing").unwrap();
        assert!(Authority::read(&file).unwrap_err().to_string().contains("holds no certificate"));
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(Authority::read(&file).unwrap_err().to_string().contains("can't be used"));
    }
}
