//! A listener at work, for one test.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use serve::listener::{Drained, Limits, Listener};
use serve::metrics::Registry;
use serve::signals::{Stopper, stopper};
use tokio::task::JoinSet;

use super::client::{Client, PATIENCE};

/// Time-outs that no test waits for; a test shortens the one it is about.
pub(crate) fn patient() -> Limits {
    Limits {
        head_timeout: PATIENCE * 2,
        answer_timeout: PATIENCE * 2,
        stall_timeout: PATIENCE * 2,
        idle_timeout: PATIENCE * 2,
        drain_timeout: PATIENCE,
        ..Limits::default()
    }
}

/// Short, but long enough for a busy machine to get a request through in it.
pub(crate) const SHORT: Duration = Duration::from_millis(250);

pub(crate) type Answered = Result<Response<Full<Bytes>>, Infallible>;

/// Answers everything.
pub(crate) async fn salem(_request: Request<Incoming>) -> Answered {
    Ok(Response::new(Full::from("salem")))
}

/// A running listener.
pub(crate) struct Server {
    address: String,
    registry: Registry,
    pub(crate) stopper: Stopper,
    running: JoinSet<Drained>,
}

impl Server {
    pub(crate) async fn start<H, F>(limits: Limits, handler: H) -> Self
    where
        H: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answered> + Send + 'static,
    {
        let listener = Listener::bind("127.0.0.1:0", limits).await.expect("a free port");
        let (stopper, stop) = stopper();
        let registry = Registry::new();
        let address = listener.local_address();
        let listener = listener.counted(&registry, "test").expect("a new registry");
        let mut running = JoinSet::new();
        running.spawn(async move { listener.run(|_| service_fn(handler.clone()), stop.requested()).await });
        Self { address, registry, stopper, running }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(&self.address).await
    }

    /// Stops and tells how it went. From then on nobody listens.
    pub(crate) async fn stopped(mut self) -> Drained {
        self.stopper.stop();
        let drained = tokio::time::timeout(PATIENCE, self.running.join_next()).await;
        let drained = drained.expect("stopped in time").expect("one task").expect("no panic");
        assert!(tokio::net::TcpStream::connect(&self.address).await.is_err(), "somebody listens still");
        drained
    }

    /// Waits until nobody listens any more.
    pub(crate) async fn refuses(&self) {
        let wait = async { while tokio::net::TcpStream::connect(&self.address).await.is_ok() {} };
        tokio::time::timeout(PATIENCE, wait).await.expect("nobody listens");
    }

    pub(crate) fn open(&self) -> u64 {
        self.figure("sanaq_connections_open{listener=\"test\"}")
    }

    /// Connections that ended this way.
    pub(crate) fn ended(&self, reason: &str) -> u64 {
        self.figure(&format!("sanaq_connections_ended_total{{listener=\"test\",reason=\"{reason}\"}}"))
    }

    /// As a scrape would show it.
    fn figure(&self, series: &str) -> u64 {
        let text = prometheus::TextEncoder::new().encode_to_string(&self.registry.gather()).expect("metrics");
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok());
        value.unwrap_or_else(|| unreachable!("no {series} in {text}"))
    }
}
