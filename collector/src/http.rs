//! The public listener: what stands behind each path.
//!
//! | path | |
//! |---|---|
//! | `POST /api/event` | takes beacons (`event`) |
//! | `POST /api/events` | takes beacons from servers, many at once (`batch`) |
//! | `GET /api/pixel.gif` | takes one from a page without scripts (`pixel`) |
//! | `POST /api/send`, `/api/batch` | Umami's, when that dialect is on (`umami`) |
//! | `/count`, `POST /api/v0/count` | GoatCounter's, when that dialect is on (`goatcounter`) |
//! | `GET /js/…` | the tracker ([`script`]) |
//! | `GET /demo/…` | the demo site, when it is on ([`demo`]) |
//! | `GET /.well-known/sanaq/keys` | when the days' keys were born and destroyed ([`keys`]) |
//! | `GET /livez` | `ok` while the process runs |
//!
//! Nothing of a visitor is logged or repeated in an answer.

pub mod answer;
mod batch;
pub mod demo;
mod dry_run;
mod event;
mod gate;
mod goatcounter;
mod keep;
pub mod keys;
mod pixel;
pub mod script;
#[cfg(test)]
mod tests;
mod umami;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Body;
use hyper::service::{Service, service_fn};
use serve::clock::Clock;
use tokio::net::TcpStream;

use crate::address::{Peer, TrustedProxies};
use crate::admit::Admitter;
use crate::identity::Ledger;
use crate::journal::Journal;
use crate::limit::{Limiter, SourceLimit};
use crate::metrics::Metrics;
use answer::Answer;

/// Where pages send their beacons.
const EVENT: &str = "/api/event";

/// Bounds of one beacon and of all beacons in flight.
#[derive(Clone, Copy, Debug)]
pub struct BeaconLimits {
    /// A longer body is refused with 413. Default 80 KiB: 30 properties of the greatest length, and the rest.
    pub body_bytes: usize,
    /// A body must have arrived within this time. Default 5 s.
    pub body_timeout: Duration,
    /// More beacons at once are refused with 503. Default 4,096.
    pub in_flight: u64,
    /// What one source may send; beyond it beacons are refused with 429.
    pub source: SourceLimit,
}

impl Default for BeaconLimits {
    fn default() -> Self {
        Self {
            body_bytes: 80 << 10,
            body_timeout: Duration::from_secs(5),
            in_flight: 4_096,
            source: SourceLimit::default(),
        }
    }
}

/// Which other tools' trackers are understood. All off: a dialect nobody needs is one thing less to attack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialects {
    /// Umami's `/api/send` and `/api/batch`.
    pub umami: bool,
    /// GoatCounter's `/count` and `/api/v0/count`.
    pub goatcounter: bool,
}

/// The public door: everything a request needs, shared by all connections.
pub struct Door {
    admitter: Admitter,
    trusted: TrustedProxies,
    limits: BeaconLimits,
    limiter: Arc<Limiter>,
    demo: bool,
    dialects: Dialects,
    paths: script::Paths,
    journal: Arc<Journal>,
    drops: Arc<Journal>,
    metrics: Arc<Metrics>,
    clock: Clock,
    keys: Option<Arc<Ledger>>,
}

impl Door {
    /// A door to these journals: of events, and of counts of what was dropped.
    #[must_use]
    #[allow(
        clippy::too_many_arguments,
        reason = "each is one thing the door needs; a struct would only name them again"
    )]
    pub fn new(
        admitter: Admitter,
        trusted: TrustedProxies,
        limits: BeaconLimits,
        demo: bool,
        journal: Arc<Journal>,
        drops: Arc<Journal>,
        metrics: Arc<Metrics>,
        clock: Clock,
    ) -> Self {
        let dialects = Dialects::default();
        let limiter = Arc::new(Limiter::new(limits.source, Instant::now()));
        Self {
            admitter,
            trusted,
            limits,
            limiter,
            demo,
            dialects,
            paths: script::Paths::default(),
            journal,
            drops,
            metrics,
            clock,
            keys: None,
        }
    }

    /// The same, understanding these dialects.
    #[must_use]
    pub fn with_dialects(self, dialects: Dialects) -> Self {
        Self { dialects, ..self }
    }

    /// The same, answering at these paths too.
    #[must_use]
    pub fn with_paths(self, paths: script::Paths) -> Self {
        Self { paths, ..self }
    }

    /// The same, showing this ledger of keys.
    #[must_use]
    pub fn with_keys(self, keys: Arc<Ledger>) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// What each source may send.
    #[must_use]
    pub fn limiter(&self) -> Arc<Limiter> {
        Arc::clone(&self.limiter)
    }

    /// The service of one connection.
    pub fn connection<B>(
        self: &Arc<Self>,
        stream: &TcpStream,
    ) -> impl Service<Request<B>, Response = Answer, Error = Infallible, Future: Send> + use<B>
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Send,
    {
        // Without a peer the connection is gone already, and nobody will read the answer.
        let (door, peer) = (Arc::clone(self), Peer::of(stream).ok().map(Arc::new));
        service_fn(move |request: Request<B>| {
            let (door, peer) = (Arc::clone(&door), peer.clone());
            async move {
                // The one request that comes by the thousand is answered in place; the others share a box.
                let answer = if request.method() == Method::POST && request.uri().path() == EVENT {
                    door.event(peer.as_deref(), request).await
                } else {
                    Box::pin(door.answer(peer.as_deref(), request)).await
                };
                Ok(answer)
            }
        })
    }

    /// The answer to one request.
    pub async fn answer<B>(&self, peer: Option<&Peer>, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let head = request.method() == Method::HEAD;
        let get = head || request.method() == Method::GET;
        let post = request.method() == Method::POST;
        let path = self.paths.usual(request.uri().path());
        let Dialects { umami, goatcounter } = self.dialects;
        let takes_beacons = match path {
            EVENT => true,
            "/api/send" | "/api/batch" => umami,
            _ => false,
        };
        let mut response = match path {
            EVENT if post => return self.event(peer, request).await,
            "/api/events" if post => return self.batch(peer, request).await,
            "/api/send" if post && umami => return self.umami_send(peer, request).await,
            "/api/batch" if post && umami => return self.umami_batch(peer, request).await,
            "/api/v0/count" if post && goatcounter => return self.goatcounter_hits(peer, request).await,
            "/api/pixel.gif" if request.method() == Method::GET => {
                return self.pixel(peer, request.uri().query().unwrap_or(""), request.headers()).await;
            }
            "/count" if goatcounter && (post || request.method() == Method::GET) => {
                return self
                    .goatcounter_count(peer, request.uri().query().unwrap_or(""), request.headers())
                    .await;
            }
            _ if takes_beacons && request.method() == Method::OPTIONS => answer::preflight(),
            _ if takes_beacons => answer::method_not_allowed("POST, OPTIONS"),
            // Servers need no preflight, and pages have no business here.
            "/api/events" => answer::method_not_allowed("POST"),
            "/api/v0/count" if goatcounter => answer::method_not_allowed("POST"),
            "/api/pixel.gif" => answer::method_not_allowed("GET"),
            "/count" if goatcounter => answer::method_not_allowed("GET, POST"),
            _ if path.starts_with(script::FOLDER) => match script::answer(path, request.headers()) {
                Some(file) if get => file,
                Some(_) => answer::method_not_allowed("GET, HEAD"),
                None => answer::not_found(),
            },
            keys::PATH if get && self.keys.is_some() => keys::answer(self.keys.as_deref()),
            "/livez" if get => answer::text(StatusCode::OK, "ok"),
            "/demo" if get && self.demo => answer::moved("/demo/"),
            _ if get && self.demo && path.starts_with("/demo/") => demo::answer(path, request.headers()),
            "/livez" | keys::PATH => answer::method_not_allowed("GET, HEAD"),
            "/demo" if self.demo => answer::method_not_allowed("GET, HEAD"),
            _ if self.demo && path.starts_with("/demo/") => answer::method_not_allowed("GET, HEAD"),
            _ => answer::not_found(),
        };
        if head {
            *response.body_mut() = Full::default();
        }
        response
    }
}
