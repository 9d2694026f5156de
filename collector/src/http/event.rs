//! `POST /api/event`: one body, one beacon for each domain it names, one outcome for each ([`super::keep`]).
//!
//! With `X-Debug-Request: true` it is a dry run ([`super::dry_run`]).

use std::time::Instant;

use bytes::Bytes;
use events::{Beacon, Outcome, RefuseReason};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use hyper::body::Body;
use serve::body::{BodyError, read_capped};

use super::Door;
use super::answer::{self, Answer};
use super::dry_run;
use super::gate::Entered;
use crate::address::{ClientAddress, Peer};
use crate::admit::{Admission, RequestFacts};
use crate::agent::ClientHints;
use crate::dialect::{ParseError, native};
use crate::metrics::Ticket;

/// Why a body has no beacon to decide about.
pub(super) struct Refusal {
    pub(super) reason: RefuseReason,
    pub(super) detail: Option<(&'static str, &'static str)>,
}

impl Refusal {
    pub(super) fn answer(&self) -> Answer {
        answer::refused(self.reason, self.detail)
    }
}

impl From<ParseError> for Refusal {
    fn from(error: ParseError) -> Self {
        Self { reason: error.reason, detail: Some((error.field, error.message)) }
    }
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
        if dry_run::is_asked_for(request.headers()) {
            return self.dry_run(peer, request).await;
        }
        let begun = Instant::now();
        let Entered { mut ticket, client } = match self.enter(peer, request.headers(), begun) {
            Ok(entered) => entered,
            Err(reason) => return answer::refused(reason, None),
        };
        match self.read_beacon(client, request, &mut ticket, begun).await {
            Ok(admissions) => match self.keep(admissions, ticket, begun).await.told() {
                Ok(dropped) => answer::taken(&dropped),
                Err(reason) => answer::refused(reason, None),
            },
            Err(refusal) => refused(&refusal, ticket),
        }
    }

    /// Reads the body and decides about it. When this returns, the address and the agent are gone.
    async fn read_beacon<B>(
        &self,
        client: ClientAddress,
        request: Request<B>,
        ticket: &mut Ticket,
        begun: Instant,
    ) -> Result<Vec<Admission>, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (head, body) = request.into_parts();
        let body = self.read_body(&head.headers, body, self.limits.body_bytes).await?;
        ticket.body_arrived();
        let beacon = native::parse(&body)?;
        // One was let in; a body may name more domains, and each is a beacon.
        let more = beacon.domains.len() - 1;
        if more > 0 && !self.may_send(&client, more, begun) {
            return Err(RefuseReason::RateLimited.into());
        }
        Ok(self.admit(&beacon, &client, &head.headers))
    }

    /// The body of a request that says it is JSON, or says nothing.
    pub(super) async fn read_body<B>(
        &self,
        headers: &HeaderMap,
        body: B,
        limit_bytes: usize,
    ) -> Result<Bytes, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        if !is_known_media_type(headers) {
            return Err(RefuseReason::UnsupportedMediaType.into());
        }
        let body = read_capped(body, limit_bytes, self.limits.body_timeout);
        body.await.map_err(|error| match error {
            BodyError::TooLarge => RefuseReason::BodyTooLarge.into(),
            BodyError::TimedOut | BodyError::Incomplete => RefuseReason::BodyIncomplete.into(),
        })
    }

    /// Decides about a beacon by what the request says of its sender.
    pub(super) fn admit(
        &self,
        beacon: &Beacon,
        client: &ClientAddress,
        headers: &HeaderMap,
    ) -> Vec<Admission> {
        self.admitter.admit(beacon, &facts(client, headers), self.clock.now())
    }
}

/// What the request says besides the body. The headers are gone through once: to look for each would hash its name.
pub(super) fn facts<'a>(client: &'a ClientAddress, headers: &'a HeaderMap) -> RequestFacts<'a> {
    let mut facts = RequestFacts {
        client,
        agent: "",
        hints: ClientHints { brands: "", mobile: None, platform: "" },
        prefetch: false,
        accept_language: "",
        opted_out: false,
    };
    // Of a header that stands twice the first counts.
    let first = |text: &mut &'a str, value: &'a str| {
        if text.is_empty() {
            *text = value;
        }
    };
    for (name, value) in headers {
        let Ok(value) = value.to_str() else { continue };
        match name.as_str() {
            "user-agent" => first(&mut facts.agent, value),
            "accept-language" => first(&mut facts.accept_language, value),
            "sec-gpc" | "dnt" => facts.opted_out |= value == "1",
            "sec-ch-ua" => first(&mut facts.hints.brands, value),
            "sec-ch-ua-platform" => first(&mut facts.hints.platform, value),
            "sec-ch-ua-mobile" => facts.hints.mobile = facts.hints.mobile.or(mobile(value)),
            // By these browsers say that nobody sees the page yet; the last three are Firefox's and Safari's of old.
            "sec-purpose" | "purpose" | "x-moz" | "x-purpose" => facts.prefetch |= is_prefetch(value),
            _ => {}
        }
    }
    facts
}

fn mobile(said: &str) -> Option<bool> {
    match said {
        "?1" => Some(true),
        "?0" => Some(false),
        _ => None,
    }
}

fn is_prefetch(purpose: &str) -> bool {
    let purpose = purpose.to_ascii_lowercase();
    ["prefetch", "prerender", "preview"].iter().any(|said| purpose.contains(said))
}

/// Counts and tells a refusal.
pub(super) fn refused(refusal: &Refusal, ticket: Ticket) -> Answer {
    ticket.settle(Outcome::Refused(refusal.reason));
    tracing::debug!(code = refusal.reason.code(), "a beacon is refused");
    refusal.answer()
}

/// `text/plain` needs no preflight, `application/json` is what servers send; some clients name none.
fn is_known_media_type(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let kind = value.to_str().unwrap_or("-").split(';').next().unwrap_or("").trim();
    ["text/plain", "application/json", "application/x-ndjson"]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
}
