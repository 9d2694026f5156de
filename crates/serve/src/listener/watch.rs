//! Knowing what a connection is doing, from the outside.
//!
//! hyper has one timer, for the head, and restarts it while a connection idles: one figure for a slow client and an idle
//! proxy, and nothing for a client that doesn't read. So the socket, the service and the answer's body each report what
//! passes through them to a [`Watch`], and the task that drives the connection holds it against the limits.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// As much is read and thrown away from a connection that is done, so that the client reads its answer: closing a socket
/// with unread data in it resets the connection, and takes the answer with it.
const LINGER_BYTES: usize = 256 * 1024;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Accepted; nothing has arrived.
    Fresh,
    /// Between two requests.
    Idle,
    /// A head is arriving.
    Head,
    /// The service is at work.
    Answering,
    /// The answer is on its way.
    Sending,
    /// Our side is closed; the client may still be sending.
    Lingering,
    /// The client has been waited for long enough.
    Done,
}

/// What is seen at one moment. Two that are equal mean that nothing happened in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) phase: Phase,
    /// There is something to write, and the client doesn't take it.
    pub(super) blocked: bool,
    changes: u32,
}

/// One connection's phase. Only the connection's own task changes it (a body dropped elsewhere at worst makes an
/// idle time begin early), so relaxed ordering is enough.
#[derive(Debug)]
pub(super) struct Watch {
    phase: AtomicU8,
    blocked: AtomicBool,
    changes: AtomicU32,
}

impl Watch {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            phase: AtomicU8::new(Phase::Fresh as u8),
            blocked: AtomicBool::new(false),
            changes: AtomicU32::new(0),
        })
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn seen(&self) -> Seen {
        Seen {
            phase: self.phase(),
            blocked: self.blocked.load(Ordering::Relaxed),
            changes: self.changes.load(Ordering::Relaxed),
        }
    }

    fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Fresh,
            1 => Phase::Idle,
            2 => Phase::Head,
            3 => Phase::Answering,
            4 => Phase::Sending,
            5 => Phase::Lingering,
            _ => Phase::Done,
        }
    }

    /// Bytes have arrived.
    fn read(&self) {
        if matches!(self.phase(), Phase::Fresh | Phase::Idle) {
            self.enter(Phase::Head);
        }
    }

    /// The client has taken something, or has refused to for now. Each step forward restarts the time it has.
    fn write(&self, blocked: bool) {
        if self.blocked.swap(blocked, Ordering::Relaxed) {
            self.changes.fetch_add(u32::from(!blocked), Ordering::Relaxed);
        }
    }
}

/// A socket that reports to a watch, and lingers when it is shut down.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    watch: Arc<Watch>,
    /// Bytes that may still be thrown away, once our side is closed.
    lingering: Option<usize>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, watch: Arc<Watch>) -> Self {
        Self { stream, watch, lingering: None }
    }

    fn report<T>(&self, written: Poll<T>) -> Poll<T> {
        self.watch.write(written.is_pending());
        written
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            this.watch.read();
        }
        result
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, data);
        this.report(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, data);
        this.report(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.watch.enter(Phase::Lingering);
        }
        let left = this.lingering.get_or_insert(LINGER_BYTES);
        if this.watch.phase() == Phase::Done {
            return Poll::Ready(Ok(()));
        }
        let mut waste = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut waste);
            let result = ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buffer));
            let read = buffer.filled().len();
            if result.is_err() || read == 0 || read > *left {
                return Poll::Ready(Ok(()));
            }
            *left -= read;
        }
    }
}

/// An answer's body that reports its end.
pub(super) struct Answer<B> {
    body: B,
    watch: Arc<Watch>,
}

impl<B> Answer<B> {
    pub(super) fn new(body: B, watch: Arc<Watch>) -> Self {
        watch.enter(Phase::Sending);
        Self { body, watch }
    }
}

impl<B> Drop for Answer<B> {
    fn drop(&mut self) {
        self.watch.enter(Phase::Idle);
    }
}

impl<B: Body + Unpin> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
