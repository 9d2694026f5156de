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
pub fn patient() -> Limits {
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
pub const SHORT: Duration = Duration::from_millis(250);

pub type Answered = Result<Response<Full<Bytes>>, Infallible>;

/// Answers everything.
pub async fn salem(_request: Request<Incoming>) -> Answered {
    Ok(Response::new(Full::from("salem")))
}

/// A running listener.
pub struct Server {
    address: String,
    registry: Registry,
    pub stopper: Stopper,
    running: JoinSet<Drained>,
}

impl Server {
    pub async fn start<H, F>(limits: Limits, handler: H) -> Self
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

    pub async fn client(&self) -> Client {
        Client::connect(&self.address).await
    }

    /// Stops and tells how it went. From then on nobody listens.
    pub async fn stopped(mut self) -> Drained {
        self.stopper.stop();
        let drained = tokio::time::timeout(PATIENCE, self.running.join_next()).await;
        let drained = drained.expect("stopped in time").expect("one task").expect("no panic");
        assert!(tokio::net::TcpStream::connect(&self.address).await.is_err(), "somebody listens still");
        drained
    }

    pub fn open(&self) -> i64 {
        self.metric("sanaq_connections_open", None).get_gauge().value() as i64
    }

    /// Connections that ended this way.
    pub fn ended(&self, reason: &str) -> u64 {
        self.metric("sanaq_connections_ended_total", Some(reason)).get_counter().value() as u64
    }

    fn metric(&self, name: &str, reason: Option<&str>) -> prometheus::proto::Metric {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name).expect("a metric of this name");
        let of_reason = |metric: &&prometheus::proto::Metric| {
            reason.is_none_or(|reason| metric.get_label().iter().any(|label| label.value() == reason))
        };
        family.get_metric().iter().find(of_reason).expect("a metric with this label").clone()
    }
}
