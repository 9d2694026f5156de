//! `X-Debug-Request: true`: what would become of the sender's own beacon, and why.
//!
//! The beacon goes through the same decision as any other, and then nothing is done with it: nothing is stored, and it counts as
//! no beacon (`sanaq_dry_runs_total` counts it). The answer is for whoever sent it: it has the class of their address, never the
//! address, and the row without tag and sequence number.

use std::time::Instant;

use bytes::Bytes;
use events::row::Shown;
use events::{Beacon, EventRow};
use http::{HeaderMap, HeaderName, Request, StatusCode};
use hyper::body::Body;
use serde_json::{Map, Value, json};

use super::Door;
use super::answer::{self, Answer};
use super::event::{Refusal, facts};
use crate::address::{ClientAddress, Peer};
use crate::dialect::native;
use events::RefuseReason;

const X_DEBUG_REQUEST: HeaderName = HeaderName::from_static("x-debug-request");

/// Whether a request asks for a dry run.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    headers.get(X_DEBUG_REQUEST).is_some_and(|value| value == "true" || value == "1")
}

impl Door {
    /// Answers what would become of a beacon.
    pub(super) async fn dry_run<B>(&self, peer: Option<&Peer>, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes> + Unpin,
    {
        self.metrics.dry_run();
        let Some(peer) = peer else { return answer::refused(RefuseReason::BodyIncomplete, None) };
        let client = ClientAddress::resolve(peer, request.headers(), &self.trusted);
        // It costs as much as a beacon, so it counts as one here.
        if !self.may_send(&client, 1, Instant::now()) {
            return answer::refused(RefuseReason::RateLimited, None);
        }
        let (head, body) = request.into_parts();
        let read = async {
            let body = self.read_body(&head.headers, body, self.limits.body_bytes).await?;
            Ok::<_, Refusal>(native::parse(&body)?)
        };
        match read.await {
            Ok(beacon) => {
                let told = self.told(&beacon, peer, &client, &head.headers);
                answer::allow_any_origin(answer::json(StatusCode::OK, told))
            }
            Err(refusal) => refusal.answer(),
        }
    }

    fn told(&self, beacon: &Beacon, peer: &Peer, client: &ClientAddress, headers: &HeaderMap) -> Value {
        let facts = facts(client, headers);
        let seen = self.admitter.seen(beacon, &facts);
        let admissions = self.admitter.admit(beacon, &facts, self.clock.now());
        let sites =
            beacon.domains.iter().zip(admissions).map(|(domain, admission)| match admission.decision {
                Ok(row) => json!({ "domain": domain, "outcome": "stored", "row": columns(&row) }),
                Err(reason) => json!({ "domain": domain, "outcome": "dropped", "reason": reason.code() }),
            });
        json!({
            "dry_run": true,
            "address": client.class(),
            "proxy_believed": !client.is_of(peer),
            "opted_out": beacon.opted_out || facts.opted_out,
            "country": seen.country.map(|(country, from)| json!({ "code": country.as_str(), "from": from })),
            "browser": seen.agent.browser,
            "browser_version": seen.agent.browser_version,
            "os": seen.agent.os,
            "os_version": seen.agent.os_version,
            "device": format!("{:?}", seen.agent.device),
            "sites": sites.collect::<Vec<_>>(),
        })
    }
}

/// The row's columns as JSON, without the tag.
fn columns(row: &EventRow) -> Value {
    let mut columns = Map::new();
    row.show(|name, shown| {
        let value = match shown {
            Shown::Text(text) => Value::from(text.as_ref()),
            Shown::Number(number) => number.into(),
            Shown::Flag(set) => set.into(),
            Shown::Pairs(pairs) => pairs
                .iter()
                .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
                .collect::<Map<_, _>>()
                .into(),
        };
        columns.insert(name.to_owned(), value);
    });
    columns.into()
}
