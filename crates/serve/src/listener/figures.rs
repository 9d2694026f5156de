//! A listener's counters, and the ways in which a connection ends.

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};
use tokio::task::JoinError;

use crate::metrics::{Error, Registry, register};

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// In good order.
    Closed,
    /// Nothing to do for too long.
    Idle,
    /// The head did not arrive in time.
    HeadTimedOut,
    /// The service did not begin its answer in time.
    AnswerTimedOut,
    /// The client did not take its answer.
    Stalled,
    /// The head is larger than the limit.
    HeadTooLarge,
    /// It doesn't speak HTTP.
    Malformed,
    /// It was cut off midway.
    Broken,
    /// We cut it off when the drain deadline passed.
    CutOff,
    /// It did nothing while places were scarce.
    MadeRoom,
    /// It was beyond the limit: told 503, and not served.
    TurnedAway,
    /// The service panicked.
    Panicked,
}

impl End {
    const ALL: [Self; 12] = [
        Self::Closed,
        Self::Idle,
        Self::HeadTimedOut,
        Self::AnswerTimedOut,
        Self::Stalled,
        Self::HeadTooLarge,
        Self::Malformed,
        Self::Broken,
        Self::CutOff,
        Self::MadeRoom,
        Self::TurnedAway,
        Self::Panicked,
    ];

    /// Stable code, for the metric's label and the log.
    const fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Idle => "idle",
            Self::HeadTimedOut => "head_timed_out",
            Self::AnswerTimedOut => "answer_timed_out",
            Self::Stalled => "stalled",
            Self::HeadTooLarge => "head_too_large",
            Self::Malformed => "malformed",
            Self::Broken => "broken",
            Self::CutOff => "cut_off",
            Self::MadeRoom => "made_room",
            Self::TurnedAway => "turned_away",
            Self::Panicked => "panicked",
        }
    }

    /// The class of an error, which is all of it that may be kept: its text can quote the request.
    pub(super) fn of(error: &hyper::Error) -> Self {
        if error.is_parse_too_large() {
            Self::HeadTooLarge
        } else if error.is_parse() {
            Self::Malformed
        } else {
            Self::Broken
        }
    }
}

/// The counters of one listener. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    open: IntGauge,
    ended: IntCounterVec,
    /// Times that accepting failed for want of a resource.
    pub(super) exhausted: IntCounter,
}

impl Figures {
    pub(super) fn new(listener: &'static str) -> Self {
        let named = |name: &str, help: &str| Opts::new(name, help).const_label("listener", listener);
        let open = named("sanaq_connections_open", "Connections being served now.");
        let ended = named(
            "sanaq_connections_ended_total",
            "Connections that ended, by how; turned_away: refused with 503 at the limit of connections.",
        );
        let exhausted = named(
            "sanaq_accept_failures_total",
            "Times that accepting a connection failed for want of file descriptors or memory.",
        );
        let invariant = "constant, well-formed names";
        let ended = IntCounterVec::new(ended, &["reason"]).expect(invariant);
        for end in End::ALL {
            let _at_zero = ended.with_label_values(&[end.code()]);
        }
        Self {
            open: IntGauge::with_opts(open).expect(invariant),
            ended,
            exhausted: IntCounter::with_opts(exhausted).expect(invariant),
        }
    }

    pub(super) fn register(&self, registry: &Registry) -> Result<(), Error> {
        register(registry, self.open.clone())?;
        register(registry, self.ended.clone())?;
        register(registry, self.exhausted.clone())?;
        Ok(())
    }

    /// Counts a connection as open until the guard goes.
    pub(super) fn open(&self) -> Open {
        self.open.inc();
        Open(self.open.clone())
    }

    /// Counts how a connection ended.
    pub(super) fn ended(&self, end: Result<End, JoinError>) {
        let end = end.unwrap_or_else(|error| if error.is_panic() { End::Panicked } else { End::CutOff });
        self.ended.with_label_values(&[end.code()]).inc();
        tracing::debug!(code = end.code(), "a connection ended");
    }
}

/// Counts one connection as open.
#[derive(Debug)]
pub(super) struct Open(IntGauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}
