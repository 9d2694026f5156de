//! Taking connections from the kernel: a place first, and patience when descriptors run out.

use std::io;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::figures::Figures;
use super::places::{Place, Places};

/// First and longest pause after accepting failed for want of a resource.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A connection with its place.
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) place: Place,
}

/// The accepting side of a listener.
pub(super) struct Acceptor {
    socket: TcpListener,
    places: Places,
    figures: Figures,
    /// Set while accepting fails: until when to wait, and how long that pause is. Outlives a cancelled `next`.
    exhausted: Option<(Instant, Duration)>,
}

impl Acceptor {
    pub(super) fn new(socket: TcpListener, places: Places, figures: Figures) -> Self {
        Self { socket, places, figures, exhausted: None }
    }

    /// The next connection, however long it takes. May be dropped and called again without losing anything.
    pub(super) async fn next(&mut self) -> Accepted {
        let place = self.places.wait().await;
        loop {
            if let Some((until, _)) = self.exhausted {
                tokio::time::sleep_until(until).await;
            }
            match self.socket.accept().await {
                Ok((stream, _)) => {
                    self.recovered();
                    // Fails only if the client has gone already, which reading will tell.
                    let _ = stream.set_nodelay(true);
                    return Accepted { stream, place: self.places.improve(place) };
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => self.pause(&error),
            }
        }
    }

    /// Stops listening. What the kernel had accepted until then is given out, as far as there are places.
    pub(super) fn close(self) -> Vec<Accepted> {
        let Ok(socket) = self.socket.into_std() else { return Vec::new() };
        let mut accepted = Vec::new();
        while let Some(place) = self.places.now() {
            // The socket does not block: an error means that nobody is left, or that descriptors ran out.
            let Ok((stream, _)) = socket.accept() else { break };
            let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            if let Ok(stream) = stream {
                let _ = stream.set_nodelay(true);
                accepted.push(Accepted { stream, place });
            }
        }
        accepted
    }

    /// Puts the next attempt off, longer each time. Told once, counted each time.
    fn pause(&mut self, error: &io::Error) {
        self.figures.exhausted.inc();
        let pause = match self.exhausted {
            Some((_, pause)) => LONGEST_PAUSE.min(pause * 2),
            None => {
                let system_error = error.raw_os_error();
                tracing::warn!(
                    code = "accept_failed",
                    system_error,
                    "cannot accept connections; trying again"
                );
                FIRST_PAUSE
            }
        };
        self.exhausted = Some((Instant::now() + pause, pause));
    }

    fn recovered(&mut self) {
        if self.exhausted.take().is_some() {
            tracing::info!(code = "accept_recovered", "accepting connections again");
        }
    }
}

/// Whether only the connection about to be accepted is concerned, so that the next may be tried at once.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
