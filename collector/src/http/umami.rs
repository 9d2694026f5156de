//! Umami's `POST /api/send` and `POST /api/batch`, when the dialect is on: what its clients get to read.
//!
//! They get the shape they know, with the places for ids left blank: there are none. What was dropped is answered as Umami answers
//! machines, plus our own header with the reason.

use std::time::Instant;

use bytes::Bytes;
use events::{DropReason, Outcome, RefuseReason};
use http::{HeaderMap, Request, StatusCode};
use hyper::body::Body;
use serde_json::{Value, json};

use super::Door;
use super::answer::{self, Answer};
use super::batch::LONGEST_BATCH_BYTES;
use super::event::{Refusal, refused};
use super::gate::Entered;
use super::keep::{Decided, Kept};
use crate::address::{ClientAddress, Peer};
use crate::admit::Admission;
use crate::dialect::umami::{self, Sent};

impl Door {
    /// `POST /api/send`
    pub(super) async fn umami_send<B>(&self, peer: Option<&Peer>, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let begun = Instant::now();
        let Entered { mut ticket, client } = match self.enter(peer, request.headers(), begun) {
            Ok(entered) => entered,
            Err(reason) => return answer::refused(reason, None),
        };
        let (head, body) = request.into_parts();
        let read = async {
            let body = self.read_body(&head.headers, body, self.limits.body_bytes).await?;
            Ok::<_, Refusal>(umami::parse(&body, |id| self.umami_domain(id))?)
        };
        match read.await {
            Ok(sent) => {
                ticket.body_arrived();
                let admissions = self.admit_umami(sent, &client, &head.headers);
                match self.keep(admissions, ticket, begun).await.told() {
                    Ok(dropped) => {
                        let told = told(dropped.is_empty());
                        answer::with_dropped(answer::json(StatusCode::OK, told), &dropped)
                    }
                    Err(reason) => answer::refused(reason, None),
                }
            }
            Err(refusal) => refused(&refusal, ticket),
        }
    }

    /// `POST /api/batch`
    pub(super) async fn umami_batch<B>(&self, peer: Option<&Peer>, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let begun = Instant::now();
        let Entered { mut ticket, client } = match self.enter(peer, request.headers(), begun) {
            Ok(entered) => entered,
            Err(reason) => return answer::refused(reason, None),
        };
        let (head, body) = request.into_parts();
        let read = async {
            let body = self.read_body(&head.headers, body, LONGEST_BATCH_BYTES).await?;
            let items = umami::parse_batch(&body, |id| self.umami_domain(id))?;
            // One was let in.
            let more = items.len().saturating_sub(1);
            if more > 0 && !self.may_send(&client, more, begun) {
                return Err(RefuseReason::RateLimited.into());
            }
            Ok::<_, Refusal>(items)
        };
        let items = match read.await {
            Ok(read) => read,
            Err(refusal) => return refused(&refusal, ticket),
        };
        ticket.body_arrived();
        let decided = items
            .into_iter()
            .map(|item| match item {
                // One website each.
                Ok(sent) => Decided::Admitted(self.admit_umami(sent, &client, &head.headers).remove(0)),
                Err(error) => Decided::Refused(error.reason),
            })
            .collect();
        let Kept(outcomes) = self.keep_all(decided, ticket, begun).await;
        if outcomes.contains(&Outcome::Refused(RefuseReason::JournalUnavailable)) {
            return answer::refused(RefuseReason::JournalUnavailable, None);
        }
        let details: Vec<Value> = outcomes
            .iter()
            .enumerate()
            .filter_map(|(index, outcome)| match outcome {
                Outcome::Refused(reason) => {
                    Some(json!({ "index": index, "response": { "error": reason.code() } }))
                }
                Outcome::Stored | Outcome::Dropped(_) => None,
            })
            .collect();
        let dropped: Vec<&'static str> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Dropped(reason) => Some(reason.code()),
                Outcome::Stored | Outcome::Refused(_) => None,
            })
            .collect();
        let told = json!({
            "size": outcomes.len(),
            "processed": outcomes.len() - details.len(),
            "errors": details.len(),
            "details": details,
            "cache": "",
        });
        answer::with_dropped(answer::json(StatusCode::OK, told), &dropped)
    }

    fn admit_umami(&self, sent: Sent, client: &ClientAddress, headers: &HeaderMap) -> Vec<Admission> {
        match sent {
            Sent::Beacon(beacon) => self.admit(&beacon, client, headers),
            Sent::NotCovered(domain) => vec![self.dropped(&domain, DropReason::NotCovered)],
        }
    }

    fn umami_domain(&self, id: &str) -> Option<String> {
        Some(self.admitter.sites().by_umami_id(id)?.domain.clone())
    }

    /// An admission of something that is no beacon by what it says, for the site of this domain if there is one.
    pub(super) fn dropped(&self, domain: &str, reason: DropReason) -> Admission {
        match self.admitter.sites().by_domain(domain) {
            Some(site) => Admission::dropped(Some(site.id), reason),
            None => Admission::dropped(None, DropReason::UnknownSite),
        }
    }
}

fn told(stored: bool) -> Value {
    if stored { json!({ "cache": "", "sessionId": "", "visitId": "" }) } else { json!({ "beep": "boop" }) }
}
