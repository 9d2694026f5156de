//! The one accept loop. Every listener of Sanaq runs through it, so that every door has the same limits:
//!
//! - at most [`Limits::connections`] at once: a place is taken *before* accepting. Beyond it a connection is told 503 with
//!   `Retry-After` and closed, without its request being read as HTTP; where even that is too much, it waits in the kernel's queue;
//! - when fewer than an eighth of the places is left, connections that do nothing are closed early: they make room;
//! - a client has [`Limits::head_timeout`] to send a request's head, the service has [`Limits::answer_timeout`] to begin its
//!   answer (which includes reading the body), the client must take the answer without a pause longer than
//!   [`Limits::stall_timeout`], and an idle connection is closed after [`Limits::idle_timeout`];
//! - a head larger than [`Limits::head_bytes`] is answered with 431;
//! - running out of file descriptors slows accepting down, and ends neither the loop nor its connections;
//! - on stop, what the kernel has already accepted is still served, requests in progress are finished, and what isn't
//!   done after [`Limits::drain_timeout`] is cut off and counted.
//!
//! Nothing here spells or logs a client's address. A service that needs it takes it from the `TcpStream` that the
//! `accept` closure gets.
//!
//! A hyper service:
//!
//! ```
//! use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use hyper::body::Incoming;
//! use hyper::service::service_fn;
//! use serve::listener::{Drained, Limits, Listener};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! async fn hello(_request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
//!     Ok(Response::new(Full::from("salem")))
//! }
//!
//! let listener = Listener::bind("127.0.0.1:0", Limits::default()).await?;
//! println!("listening on {}", listener.local_address());
//! # let stop = std::future::ready(());
//! let drained = listener.run(|_connection| service_fn(hello), stop).await;
//! assert_eq!(drained, Drained::Clean);
//! # Ok(())
//! # }
//! ```
//!
//! A tower service goes through [`TowerToHyperService`]. An axum `Router` is one:
//!
//! ```
//! # use std::convert::Infallible;
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # use http_body_util::Full;
//! # use hyper::body::Incoming;
//! # use serve::listener::{Limits, Listener, TowerToHyperService};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let listener = Listener::bind("127.0.0.1:0", Limits::default()).await?;
//! # let stop = std::future::ready(());
//! # async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> { Ok(Response::default()) }
//! # let router = tower::service_fn(hello);
//! listener.run(move |_connection| TowerToHyperService::new(router.clone()), stop).await;
//! # Ok(())
//! # }
//! ```

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::service::Service;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::lanes::Lanes;
use crate::metrics::{Error, Registry};
use crate::signals::stopper;
use accept::{Accepted, Acceptor};
use connection::serve;
use figures::{End, Figures};
use places::Places;
use turn_away::turn_away;

pub use hyper_util::service::TowerToHyperService;
pub use limits::Limits;

mod accept;
mod connection;
mod figures;
mod limits;
mod places;
mod turn_away;
mod watch;

/// A bound socket that doesn't accept yet: what can fail at start has failed before anything runs.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    local_address: String,
    limits: Limits,
    figures: Figures,
    lanes: Option<Lanes>,
}

/// The address can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct BindError {
    /// As configured.
    pub address: String,
    /// What the system said.
    pub source: io::Error,
}

/// How the connections of a stopped listener ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Each by itself.
    Clean,
    /// These many were cut off.
    DeadlinePassed {
        /// Connections still open when the deadline passed.
        remaining: usize,
    },
}

impl Listener {
    /// Binds `host:port`; port 0 lets the system choose.
    ///
    /// # Errors
    /// [`BindError`]: malformed, unknown, taken or forbidden.
    pub async fn bind(address: &str, limits: Limits) -> Result<Self, BindError> {
        let failed = |source| BindError { address: address.to_owned(), source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let local_address = socket.local_addr().map_err(failed)?.to_string();
        Ok(Self { socket, local_address, limits, figures: Figures::new(""), lanes: None })
    }

    /// Shows this listener's connections in the registry, under this name.
    ///
    /// # Errors
    /// A listener of this name is there already.
    pub fn counted(mut self, registry: &Registry, name: &'static str) -> Result<Self, Error> {
        self.figures = Figures::new(name);
        self.figures.register(registry)?;
        Ok(self)
    }

    /// Serves its connections on lanes of their own instead of on the runtime that [`Listener::run`] is called on.
    #[must_use]
    pub fn on(self, lanes: Lanes) -> Self {
        Self { lanes: Some(lanes), ..self }
    }

    /// Where it listens, as `host:port`.
    #[must_use]
    pub fn local_address(&self) -> String {
        self.local_address.clone()
    }

    /// Serves each connection with the service that `accept` makes for it, until `stop`; then drains.
    pub async fn run<A, S, B>(self, accept: A, stop: impl Future<Output = ()>) -> Drained
    where
        A: Fn(&TcpStream) -> S,
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + 'static,
        S::Future: Send,
        B: Body + Send + Unpin + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Self { socket, limits, figures, mut lanes, .. } = self;
        let limits = Arc::new(limits);
        let places = Places::new(limits.connections);
        let mut acceptor = Acceptor::new(socket, places.clone(), figures.clone());
        let mut connections = JoinSet::new();
        let (stopper, stopping) = stopper();
        let mut begin = |connections: &mut JoinSet<End>, Accepted { stream, place }: Accepted| {
            if !place.is_inside() {
                connections.spawn(turn_away(stream, place));
                return;
            }
            let service = accept(&stream);
            let (limits, stopping, open) = (Arc::clone(&limits), stopping.clone(), figures.open());
            let place = (place, places.clone());
            let Some(lane) = lanes.as_mut().map(Lanes::next) else {
                connections.spawn(serve(stream, service, limits, stopping, place, open));
                return;
            };
            let stream = stream.into_std();
            let served = async move {
                match stream.and_then(TcpStream::from_std) {
                    Ok(stream) => serve(stream, service, limits, stopping, place, open).await,
                    Err(_) => End::Broken,
                }
            };
            connections.spawn_on(served, lane);
        };

        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(end) = connections.join_next() => figures.ended(end),
                accepted = acceptor.next() => begin(&mut connections, accepted),
            }
        }

        // Whoever the kernel has let in gets an answer; from here on it turns everybody away.
        for accepted in acceptor.close() {
            begin(&mut connections, accepted);
        }
        stopper.stop();
        let drained = tokio::time::timeout(limits.drain_timeout, async {
            while let Some(end) = connections.join_next().await {
                figures.ended(end);
            }
        });
        if drained.await.is_ok() {
            return Drained::Clean;
        }
        let remaining = connections.len();
        tracing::warn!(code = "drain_deadline_passed", remaining, "connections were cut off");
        connections.abort_all();
        while let Some(end) = connections.join_next().await {
            figures.ended(end);
        }
        Drained::DeadlinePassed { remaining }
    }
}
