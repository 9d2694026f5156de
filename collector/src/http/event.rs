//! `POST /api/event`: one body, one beacon for each domain it names, one outcome for each.
//!
//! The answer is 202 when every one of them is stored or dropped by policy. If one could not be stored it is 503, although
//! others may have been: a lost beacon must never hide behind a 2xx.

use std::time::Instant;

use bytes::Bytes;
use events::{Beacon, DropReason, EventRow, Outcome, RefuseReason};
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::{HeaderMap, Request};
use hyper::body::Body;
use serve::body::{BodyError, read_capped};
use tokio::sync::oneshot;

use super::Door;
use super::answer::{self, Answer};
use crate::address::{ClientAddress, Peer};
use crate::admit::{Admission, RequestFacts};
use crate::dialect::native;
use crate::journal::JournalError;
use crate::metrics::Ticket;

const SEC_GPC: HeaderName = HeaderName::from_static("sec-gpc");
const DNT: HeaderName = HeaderName::from_static("dnt");
const SEC_CH_UA_MOBILE: HeaderName = HeaderName::from_static("sec-ch-ua-mobile");

/// Why a body has no beacon to decide about.
struct Refusal {
    reason: RefuseReason,
    detail: Option<(&'static str, &'static str)>,
}

impl From<RefuseReason> for Refusal {
    fn from(reason: RefuseReason) -> Self {
        Self { reason, detail: None }
    }
}

impl Door {
    /// Takes the beacons of one request.
    pub(super) async fn event<B>(&self, peer: Option<&Peer>, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let begun = Instant::now();
        let Some(mut ticket) = self.metrics.ledger.receive(self.limits.in_flight) else {
            return answer::refused(RefuseReason::Overloaded, None);
        };
        match self.admissions(peer, request, &mut ticket).await {
            Ok(admissions) => self.keep(admissions, ticket, begun).await,
            Err(Refusal { reason, detail }) => {
                ticket.settle(Outcome::Refused(reason));
                tracing::debug!(code = reason.code(), "a beacon is refused");
                answer::refused(reason, detail)
            }
        }
    }

    /// Reads the body and decides about it. When this returns, the address and the agent are gone.
    async fn admissions<B>(
        &self,
        peer: Option<&Peer>,
        request: Request<B>,
        ticket: &mut Ticket,
    ) -> Result<Vec<Admission>, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (head, body) = request.into_parts();
        if !is_known_media_type(&head.headers) {
            return Err(RefuseReason::UnsupportedMediaType.into());
        }
        let body = read_capped(body, self.limits.body_bytes, self.limits.body_timeout);
        let body = body.await.map_err(|error| match error {
            BodyError::TooLarge => RefuseReason::BodyTooLarge,
            BodyError::TimedOut | BodyError::Incomplete => RefuseReason::BodyIncomplete,
        })?;
        ticket.body_arrived();
        let peer = peer.ok_or(RefuseReason::BodyIncomplete)?;
        let beacon = native::parse(&body)
            .map_err(|error| Refusal { reason: error.reason, detail: Some((error.field, error.message)) })?;
        Ok(self.admit(&beacon, peer, &head.headers))
    }

    fn admit(&self, beacon: &Beacon, peer: &Peer, headers: &HeaderMap) -> Vec<Admission> {
        let client = ClientAddress::resolve(peer, headers, &self.trusted);
        let says = |name: &HeaderName, value: &str| headers.get(name).is_some_and(|header| header == value);
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let mobile_hint = match text(SEC_CH_UA_MOBILE) {
            "?1" => Some(true),
            "?0" => Some(false),
            _ => None,
        };
        let facts = RequestFacts {
            client: &client,
            agent: text(USER_AGENT),
            mobile_hint,
            accept_language: text(ACCEPT_LANGUAGE),
            opted_out: says(&SEC_GPC, "1") || says(&DNT, "1"),
        };
        self.admitter.admit(beacon, &facts, self.clock.now())
    }

    /// Puts what is kept into the journal, and answers when it is on disk.
    async fn keep(&self, admissions: Vec<Admission>, ticket: Ticket, begun: Instant) -> Answer {
        let (mut dropped, mut stored) = (Vec::new(), Vec::new());
        let mut tickets = vec![ticket];
        while tickets.len() < admissions.len() {
            tickets.push(tickets[0].another());
        }
        for (admission, ticket) in admissions.into_iter().zip(tickets) {
            match admission.decision {
                Ok(row) => stored.push(self.store(&row, ticket)),
                Err(reason) => {
                    ticket.settle(Outcome::Dropped(reason));
                    dropped.push(DropReason::code(reason));
                }
            }
        }
        let mut lost = false;
        for outcome in &mut stored {
            // A sender that is gone means that the journal is.
            lost |= !matches!(outcome.await, Ok(Ok(())));
        }
        if lost {
            return answer::refused(RefuseReason::JournalUnavailable, None);
        }
        if !stored.is_empty() {
            self.metrics.acknowledged(begun);
        }
        answer::taken(&dropped)
    }

    /// Gives a row to the journal. The ticket goes with it, so that the outcome is counted even if the client hangs up.
    fn store(&self, row: &EventRow, ticket: Ticket) -> oneshot::Receiver<Result<(), JournalError>> {
        let (settled, outcome) = oneshot::channel();
        let mut bytes = Vec::with_capacity(512);
        row.encode(&mut bytes);
        self.journal.submit(&bytes, row.closes_at.get(), move |result| {
            ticket.settle(match result {
                Ok(()) => Outcome::Stored,
                Err(_) => Outcome::Refused(RefuseReason::JournalUnavailable),
            });
            // The client may have hung up.
            let _unheard = settled.send(result);
        });
        outcome
    }
}

/// `text/plain` needs no preflight, `application/json` is what servers send; some clients name none.
fn is_known_media_type(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let kind = value.to_str().unwrap_or("-").split(';').next().unwrap_or("").trim();
    ["text/plain", "application/json"].iter().any(|known| kind.eq_ignore_ascii_case(known))
}
