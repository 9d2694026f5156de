//! Beacons from servers: `POST /api/events`, and GoatCounter's `POST /api/v0/count`.
//!
//! A site key (`sanaq key add --scope events`) says whose beacons they may be, and makes the server's word on address, agent
//! and time count. Every item is a beacon with an outcome of its own; all rows of a batch are journalled together. Times are
//! taken within the site's open day alone: a closed day has no key for tags any more, and may be sealed.

use std::time::Instant;

use bytes::Bytes;
use events::{KeyHash, LocalDay, Outcome, RefuseReason, Site};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, StatusCode};
use hyper::body::Body;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

use super::Door;
use super::answer::{self, Answer};
use super::event::{Refusal, facts, refused};
use super::keep::{Decided, Kept};
use crate::address::{ClientAddress, Peer};
use crate::admit::{Admission, RequestFacts};
use crate::dialect::batch::Item;
use crate::dialect::{ParseError, batch, goatcounter};
use events::row::UnixSeconds;

/// Longest body of a batch.
pub(super) const LONGEST_BATCH_BYTES: usize = 1 << 20;
/// Two machines' clocks may differ by this much: such a time counts as now.
const CLOCK_MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// What every key begins with.
const MARK: &str = "sanaq_";

/// How a body becomes items for the site of a domain.
type Parse = fn(&[u8], &str) -> Result<Vec<Result<Item, ParseError>>, ParseError>;

/// What became of the items of one batch, each with the words about it if it was refused.
struct Items(Vec<(Outcome, Option<&'static str>)>);

impl Door {
    /// `POST /api/events`
    pub(super) async fn batch<B>(&self, peer: Option<&Peer>, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes> + Unpin,
    {
        match self.take_batch(peer, request, batch::parse).await {
            Ok(items) => items.answer(),
            Err(answer) => answer,
        }
    }

    /// GoatCounter's `POST /api/v0/count`
    pub(super) async fn goatcounter_hits<B>(&self, peer: Option<&Peer>, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes> + Unpin,
    {
        match self.take_batch(peer, request, goatcounter::parse_hits).await {
            Ok(items) => items.answer_goatcounter(),
            Err(answer) => answer,
        }
    }

    async fn take_batch<B>(
        &self,
        peer: Option<&Peer>,
        request: Request<B>,
        parse: Parse,
    ) -> Result<Items, Answer>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let begun = Instant::now();
        let mut ticket = self.enter_with_key().map_err(|reason| answer::refused(reason, None))?;
        let (head, body) = request.into_parts();
        let read = async {
            let site = self.site_of_key(&head.headers).ok_or(Refusal::from(RefuseReason::InvalidKey))?;
            let body = self.read_body(&head.headers, body, LONGEST_BATCH_BYTES).await?;
            let peer = peer.ok_or(Refusal::from(RefuseReason::BodyIncomplete))?;
            Ok::<_, Refusal>((parse(&body, &site.domain)?, site, peer))
        };
        let (items, site, peer) = match read.await {
            Ok(read) => read,
            Err(refusal) => return Err(refused(&refusal, ticket)),
        };
        ticket.body_arrived();
        let own = ClientAddress::resolve(peer, &head.headers, &self.trusted);
        let facts = facts(&own, &head.headers);
        let now = self.clock.now();
        let mut words = Vec::with_capacity(items.len());
        let decided = items
            .into_iter()
            .map(|item| {
                let decided =
                    item.map_err(Refusal::from).and_then(|item| self.decide(&item, &site, &facts, now));
                words.push(
                    decided.as_ref().err().and_then(|refusal| refusal.detail.map(|(_, message)| message)),
                );
                decided.map_or_else(|refusal| Decided::Refused(refusal.reason), Decided::Admitted)
            })
            .collect();
        let Kept(outcomes) = self.keep_all(decided, ticket, begun).await;
        Ok(Items(outcomes.into_iter().zip(words).collect()))
    }

    /// The site whose key the request carries.
    fn site_of_key(&self, headers: &HeaderMap) -> Option<Arc<Site>> {
        let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let secret = blake3::Hash::from_hex(key.trim().strip_prefix(MARK)?).ok()?;
        self.admitter.sites().by_key(&KeyHash(*blake3::hash(secret.as_bytes()).as_bytes()))
    }

    /// What becomes of one item.
    fn decide(
        &self,
        item: &Item,
        site: &Site,
        own: &RequestFacts<'_>,
        now: Timestamp,
    ) -> Result<Admission, Refusal> {
        if item.beacon.domains != [site.domain.as_str()] {
            return Err(RefuseReason::ForeignSite.into());
        }
        let time = item.time.unwrap_or(now);
        if time > now + CLOCK_MARGIN {
            return Err(RefuseReason::InFuture.into());
        }
        let today = LocalDay::at(now, &site.zone).map_err(|_| Refusal::from(RefuseReason::DayClosed))?;
        if time.as_second() < today.opens_at {
            return Err(RefuseReason::DayClosed.into());
        }
        let facts = RequestFacts {
            client: item.address.as_ref().unwrap_or(own.client),
            agent: item.agent.as_deref().unwrap_or(own.agent),
            // What the server's own request says of its sender says nothing of the visitor.
            hints: crate::agent::ClientHints::default(),
            accept_language: "",
            opted_out: false,
            ..*own
        };
        // Decided as of now, and dated within the same day: the key is there, and the day is the one that is open.
        let mut admission = self.admitter.admit(&item.beacon, &facts, now).remove(0);
        if let Ok(row) = &mut admission.decision {
            row.time = UnixSeconds::new(time.min(now).as_second());
        }
        Ok(admission)
    }
}

impl Items {
    fn lost(&self) -> bool {
        self.0.iter().any(|(outcome, _)| *outcome == Outcome::Refused(RefuseReason::JournalUnavailable))
    }

    /// 200 with the outcome of each; 503 when one could not be stored: each item says whether it was that one.
    fn answer(&self) -> Answer {
        let items: Vec<Value> = self
            .0
            .iter()
            .map(|(outcome, words)| match outcome {
                Outcome::Stored => json!({ "outcome": "stored" }),
                Outcome::Dropped(reason) => json!({ "outcome": "dropped", "reason": reason.code() }),
                Outcome::Refused(reason) => match words {
                    Some(words) => json!({ "outcome": "refused", "code": reason.code(), "error": words }),
                    None => json!({ "outcome": "refused", "code": reason.code() }),
                },
            })
            .collect();
        let status = if self.lost() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        answer::retry_later(answer::json(status, json!({ "items": items })))
    }

    /// As GoatCounter answers: 202 when every hit is taken, else 400 with the words about each by its place.
    fn answer_goatcounter(&self) -> Answer {
        let errors: serde_json::Map<String, Value> = self
            .0
            .iter()
            .enumerate()
            .filter_map(|(place, (outcome, words))| match outcome {
                Outcome::Refused(reason) => {
                    Some((place.to_string(), Value::from(words.unwrap_or(reason.code()))))
                }
                Outcome::Stored | Outcome::Dropped(_) => None,
            })
            .collect();
        if self.lost() {
            answer::retry_later(answer::json(StatusCode::SERVICE_UNAVAILABLE, json!({ "errors": errors })))
        } else if errors.is_empty() {
            answer::json(StatusCode::ACCEPTED, json!({ "status": "ok" }))
        } else {
            answer::json(StatusCode::BAD_REQUEST, json!({ "errors": errors }))
        }
    }
}
