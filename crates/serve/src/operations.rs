//! The operators' door: `/metrics`, `/livez`, `/readyz`. A hyper service, run by a [`Listener`](crate::listener::Listener)
//! like any other:
//!
//! ```
//! # use serve::{listener::{Limits, Listener}, metrics::Registry, operations::Operations, ready::Readiness};
//! # async fn run(stop: serve::signals::Stop) -> Result<(), Box<dyn std::error::Error>> {
//! let operations = Operations::new(Registry::new(), Readiness::default())?;
//! let listener = Listener::bind("127.0.0.1:0", Limits::default()).await?;
//! listener.run(move |_connection| operations.clone(), stop.requested()).await;
//! # Ok(())
//! # }
//! ```

use std::convert::Infallible;
use std::future::{Ready, ready};

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::service::Service;
use prometheus::{IntGauge, Opts, Registry, TextEncoder};
use serde_json::{Map, Value, json};

use crate::metrics;
use crate::ready::Readiness;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// The operations service. Clones share everything.
#[derive(Clone)]
pub struct Operations {
    registry: Registry,
    readiness: Readiness,
}

impl Operations {
    /// The service, showing what is registered there. Registers `sanaq_build_info`.
    ///
    /// # Errors
    /// The registry has a `sanaq_build_info` already.
    pub fn new(registry: Registry, readiness: Readiness) -> Result<Self, metrics::Error> {
        let build = Opts::new("sanaq_build_info", "The running version, as a label; always 1.")
            .const_label("version", env!("CARGO_PKG_VERSION"));
        metrics::register(&registry, IntGauge::with_opts(build)?)?.set(1);
        Ok(Self { registry, readiness })
    }

    fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let route = match request.uri().path() {
            "/metrics" => Self::metrics,
            "/livez" => |_: &Self| answer(StatusCode::OK, TEXT, "ok\n"),
            "/readyz" => Self::readiness,
            _ => return refusal(StatusCode::NOT_FOUND, "not_found", "There is nothing here."),
        };
        if request.method() == Method::GET || request.method() == Method::HEAD {
            return route(self);
        }
        let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Use GET.");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        response
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
        match TextEncoder::new().encode_to_string(&self.registry.gather()) {
            Ok(text) => answer(StatusCode::OK, prometheus::TEXT_FORMAT, text),
            Err(_) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Metrics can't be written."),
        }
    }

    fn readiness(&self) -> Response<Full<Bytes>> {
        let ready = self.readiness.is_ready();
        let probes: Map<String, Value> =
            self.readiness.report().into_iter().map(|(name, state)| (name.into(), state.into())).collect();
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        answer(status, JSON, json!({ "ready": ready, "probes": probes }).to_string())
    }
}

fn refusal(status: StatusCode, code: &str, error: &str) -> Response<Full<Bytes>> {
    answer(status, JSON, json!({ "error": error, "code": code }).to_string())
}

fn answer(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl<B> Service<Request<B>> for Operations {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(&request)))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn ask(operations: &Operations, method: &str, path: &str) -> (u16, String) {
        let request = Request::builder().method(method).uri(path).body(()).unwrap();
        let response = operations.call(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response
            .into_body()
            .frame()
            .await
            .map_or_else(Bytes::new, |frame| frame.unwrap().into_data().unwrap());
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn readyz_names_what_is_missing() {
        let readiness = Readiness::default();
        let probe = readiness.probe("journal");
        let operations = Operations::new(Registry::new(), readiness).unwrap();
        let unready = (503, r#"{"ready":false,"probes":{"journal":"starting"}}"#.to_owned());
        assert_eq!(ask(&operations, "GET", "/readyz").await, unready);
        assert_eq!(ask(&operations, "GET", "/livez").await, (200, "ok\n".to_owned()));
        probe.set_ready();
        let ready = (200, r#"{"ready":true,"probes":{"journal":"ready"}}"#.to_owned());
        assert_eq!(ask(&operations, "GET", "/readyz").await, ready);
    }

    #[tokio::test]
    async fn metrics_show_the_registry_and_the_version() {
        let registry = Registry::new();
        metrics::counter(&registry, "sanaq_tests_total", "Tests.").unwrap().inc();
        let operations = Operations::new(registry.clone(), Readiness::default()).unwrap();
        let (status, text) = ask(&operations, "GET", "/metrics").await;
        assert_eq!(status, 200);
        assert!(text.contains("sanaq_tests_total 1\n"), "{text}");
        assert!(
            text.contains(concat!("sanaq_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1\n")),
            "{text}"
        );
        assert!(Operations::new(registry, Readiness::default()).is_err(), "one per registry");
    }

    #[tokio::test]
    async fn anything_else_is_refused_with_a_code() {
        let operations = Operations::new(Registry::new(), Readiness::default()).unwrap();
        for (method, path, status, code) in [
            ("GET", "/", 404, "not_found"),
            ("GET", "/metrics/", 404, "not_found"),
            ("POST", "/metrics", 405, "method_not_allowed"),
            ("DELETE", "/livez", 405, "method_not_allowed"),
        ] {
            let (answered, body) = ask(&operations, method, path).await;
            assert_eq!(answered, status, "{method} {path}");
            assert!(body.contains(&format!("\"code\":\"{code}\"")), "{body}");
        }
    }
}
