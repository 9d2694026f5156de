//! What a listener puts up with.

use std::time::Duration;

use crate::config::{KIB, Keys, MIB};

/// Bounds of one listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; more are told 503.
    pub connections: usize,
    /// Bytes of a request's head: request line and headers. Not below 8 KiB.
    pub head_bytes: usize,
    /// Time for a request's head, from its first byte; for a new connection, from accepting it.
    pub head_timeout: Duration,
    /// Time for the service to begin its answer, from the end of the head. Includes reading the body.
    pub answer_timeout: Duration,
    /// Longest pause in which a client takes nothing of an answer that is ready for it.
    pub stall_timeout: Duration,
    /// Time between one answer and the next request's first byte.
    pub idle_timeout: Duration,
    /// Time for requests in progress to finish once the listener stops.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            head_bytes: 16 * 1024,
            head_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            drain_timeout: Duration::from_secs(3),
        }
    }
}

impl Limits {
    /// Reads them from a section that has them.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let default = Self::default();
        let second = Duration::from_secs(1);
        let hour = Duration::from_secs(3600);
        Self {
            connections: keys.count("connections", default.connections, 1..=1_000_000, "Connections at once; more are answered with 503 and closed. Each costs a file descriptor and at most 16 KiB while it is idle. When the system lets the program have fewer descriptors than that, it serves fewer and says so at the start."),
            head_bytes: keys.size("head_size", default.head_bytes as u64, 8 * KIB..=MIB, "Largest request line with headers; larger ones are answered with 431.").try_into().unwrap_or(usize::MAX),
            head_timeout: keys.duration("head_timeout", default.head_timeout, second..=hour, "Time to send the request line and headers."),
            answer_timeout: keys.duration("answer_timeout", default.answer_timeout, second..=hour, "Time until an answer begins, which includes receiving the body."),
            stall_timeout: keys.duration("stall_timeout", default.stall_timeout, second..=hour, "Longest pause in which a client takes nothing of its answer."),
            idle_timeout: keys.duration("idle_timeout", default.idle_timeout, second..=hour, "Time between two requests on one connection. Longer than the 60 s for which common proxies keep theirs, so that the proxy closes first."),
            drain_timeout: keys.duration("drain_timeout", default.drain_timeout, Duration::ZERO..=hour, "Time for requests in progress when stopping. With 3 s everything is over within 5 s."),
        }
    }
}
