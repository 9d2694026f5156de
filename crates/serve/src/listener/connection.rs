//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::figures::{End, Open};
use super::limits::Limits;
use super::places::{Place, Places};
use super::watch::{Answer, Phase, Seen, Socket, Watch};
use crate::signals::Stop;

/// How long a client may go on sending after its last answer.
const LINGER: Duration = Duration::from_secs(1);

/// How long after a stop a connection without a request may still bring one: it was accepted, so the client believes
/// that somebody listens.
const SETTLE: Duration = Duration::from_millis(200);

/// How long a connection without a request may do nothing when places are scarce: one that has never sent anything, and one
/// between two requests, as a proxy keeps it.
const SCARCE_FRESH: Duration = Duration::from_secs(2);
const SCARCE_IDLE: Duration = Duration::from_secs(10);

/// hyper refuses a smaller buffer.
const LEAST_BUFFER_BYTES: usize = 8192;

/// Serves one connection to its end.
pub(super) async fn serve<S, B>(
    stream: TcpStream,
    service: S,
    limits: Arc<Limits>,
    stop: Stop,
    (_place, places): (Place, Places),
    _open: Open,
) -> End
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    B: Body + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let watch = Watch::new();
    let socket = TokioIo::new(Socket::new(stream, Arc::clone(&watch)));
    let reports_to = Arc::clone(&watch);
    let service = service_fn(move |request| {
        reports_to.enter(Phase::Answering);
        let answer = service.call(request);
        let watch = Arc::clone(&reports_to);
        async move { answer.await.map(|answer| answer.map(|body| Answer::new(body, watch))) }
    });
    let connection = limits.protocol().serve_connection(socket, service);

    let mut connection = pin!(connection);
    let mut stop = pin!(stop.requested());
    let mut stopping = Stopping::No;
    let mut seen = watch.seen();
    let mut since = Instant::now();
    let mut deadline = limits.deadline(seen, stopping, since);
    // Deadlines are data; the timer only ticks, often enough for the shortest of them. Setting a timer for each request
    // would cost more than parsing it.
    let tick = limits.shortest();
    let mut timer = pin!(tokio::time::sleep(tick));

    poll_fn(|cx| {
        loop {
            if stopping == Stopping::No && stop.as_mut().poll(cx).is_ready() {
                if matches!(seen.phase, Phase::Fresh | Phase::Idle) {
                    stopping = Stopping::Settling;
                    deadline = Some(Instant::now() + SETTLE);
                } else {
                    stopping = Stopping::Draining;
                    connection.as_mut().graceful_shutdown();
                }
            }
            if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                return Poll::Ready(result.map_or_else(|error| End::of(&error), |()| End::Closed));
            }
            let now_seen = watch.seen();
            if now_seen != seen {
                seen = now_seen;
                since = Instant::now();
                let settled = stopping == Stopping::Settling;
                if settled {
                    stopping = Stopping::Draining;
                    connection.as_mut().graceful_shutdown();
                }
                deadline = limits.deadline(seen, stopping, since);
                if settled {
                    continue;
                }
            }
            if let Some(at) = deadline.filter(|at| *at < timer.deadline()) {
                timer.as_mut().reset(at);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            timer.as_mut().reset(now + tick);
            if stopping == Stopping::No && places.are_scarce() && has_to_make_room(seen.phase, now - since) {
                return Poll::Ready(End::MadeRoom);
            }
            if deadline.is_none_or(|at| at > now) {
                continue;
            }
            deadline = None;
            match (stopping, seen.phase) {
                (Stopping::Settling, _) => {
                    stopping = Stopping::Draining;
                    connection.as_mut().graceful_shutdown();
                }
                // hyper knows how it ended.
                (_, Phase::Lingering) => watch.enter(Phase::Done),
                (_, phase) => return Poll::Ready(if seen.blocked { End::Stalled } else { timed_out(phase) }),
            }
        }
    })
    .await
}

/// How far a connection has come in stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stopping {
    No,
    /// Without a request; one may still come for a moment.
    Settling,
    /// hyper closes it after the answer in progress.
    Draining,
}

impl Limits {
    /// How HTTP is spoken within these limits.
    #[must_use]
    pub fn protocol(&self) -> http1::Builder {
        let mut protocol = http1::Builder::new();
        protocol
            // The watch does this, and more.
            .header_read_timeout(None)
            // Who has said all there is to say still wants an answer. And nobody looks for the end of the connection while the
            // service works, which would be a call into the kernel for each request.
            .half_close(true)
            .max_buf_size(self.head_bytes.max(LEAST_BUFFER_BYTES))
            .max_header_size(self.head_bytes);
        protocol
    }

    /// Until when a connection may stay as it is seen.
    fn deadline(&self, seen: Seen, stopping: Stopping, since: Instant) -> Option<Instant> {
        let time = match seen.phase {
            _ if seen.blocked => self.stall_timeout,
            Phase::Fresh | Phase::Head => self.head_timeout,
            Phase::Idle => self.idle_timeout,
            Phase::Answering => self.answer_timeout,
            Phase::Sending | Phase::Done => return None,
            Phase::Lingering if stopping == Stopping::No => LINGER,
            Phase::Lingering => SETTLE,
        };
        since.checked_add(time)
    }

    fn shortest(&self) -> Duration {
        let least = self.head_timeout.min(self.idle_timeout).min(self.answer_timeout).min(self.stall_timeout);
        // Not longer than it takes to see that places are scarce.
        least.clamp(Duration::from_millis(1), SCARCE_FRESH)
    }
}

/// Whether a connection that has been in this phase for so long has to go when places are scarce.
fn has_to_make_room(phase: Phase, time: Duration) -> bool {
    match phase {
        Phase::Fresh => time >= SCARCE_FRESH,
        Phase::Idle => time >= SCARCE_IDLE,
        Phase::Head | Phase::Answering | Phase::Sending | Phase::Lingering | Phase::Done => false,
    }
}

fn timed_out(phase: Phase) -> End {
    match phase {
        Phase::Fresh | Phase::Idle => End::Idle,
        Phase::Head => End::HeadTimedOut,
        Phase::Answering => End::AnswerTimedOut,
        Phase::Sending => End::Stalled,
        Phase::Lingering | Phase::Done => End::Closed,
    }
}
