//! What operators see of the staff server. Label values come from the enums and tables here, never from a request.

use prometheus::{Histogram, IntCounterVec};
use serve::metrics::{Error, Registry, counters, histogram};

use crate::server::ROUTES;

/// How an attempt to sign in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignInResult {
    Ok,
    WrongCredentials,
    CodeNeeded,
    WrongCode,
    SlowDown,
    Busy,
    Failed,
}

impl SignInResult {
    const ALL: [Self; 7] = [
        Self::Ok,
        Self::WrongCredentials,
        Self::CodeNeeded,
        Self::WrongCode,
        Self::SlowDown,
        Self::Busy,
        Self::Failed,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::WrongCredentials => "wrong_credentials",
            Self::CodeNeeded => "code_needed",
            Self::WrongCode => "wrong_code",
            Self::SlowDown => "slow_down",
            Self::Busy => "busy",
            Self::Failed => "failed",
        }
    }
}

/// Routes that are not in the table: the interface's files, and addresses below `/api` that don't exist.
const OTHER_ROUTES: [&str; 2] = ["page", "unknown"];
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// The staff server's figures.
#[derive(Clone)]
pub(crate) struct Metrics {
    requests: IntCounterVec,
    sign_ins: IntCounterVec,
    /// Seconds from a question to its answer, errors included.
    pub(crate) question_seconds: Histogram,
}

impl Metrics {
    pub(crate) fn register(registry: &Registry) -> Result<Self, Error> {
        let mut routes: Vec<_> = ROUTES.iter().map(|route| route.path).chain(OTHER_ROUTES).collect();
        routes.sort_unstable();
        routes.dedup();
        Ok(Self {
            requests: counters(
                registry,
                "sanaq_staff_requests_total",
                "Requests to the staff listener, by route and class of status.",
                ["route", "class"],
                routes.into_iter().flat_map(|route| CLASSES.map(|class| [route, class])),
            )?,
            sign_ins: counters(
                registry,
                "sanaq_sign_ins_total",
                "Attempts to sign in, by result.",
                ["result"],
                SignInResult::ALL.map(|result| [result.label()]),
            )?,
            question_seconds: histogram(
                registry,
                "sanaq_question_duration_seconds",
                "Time from a question to its answer, errors included.",
                &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0],
            )?,
        })
    }

    /// Counts an answered request; `matched` is the route's pattern, none for the fallback.
    pub(crate) fn request(&self, matched: Option<&str>, below_api: bool, status: u16) {
        let route = matched
            .and_then(|path| ROUTES.iter().find(|route| route.path == path))
            .map_or(OTHER_ROUTES[usize::from(below_api)], |route| route.path);
        let class = match status {
            200..=299 => CLASSES[0],
            300..=399 => CLASSES[1],
            400..=499 => CLASSES[2],
            _ => CLASSES[3],
        };
        self.requests.with_label_values(&[route, class]).inc();
    }

    pub(crate) fn sign_in(&self, result: SignInResult) {
        self.sign_ins.with_label_values(&[result.label()]).inc();
    }
}
