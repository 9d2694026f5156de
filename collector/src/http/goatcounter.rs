//! GoatCounter's `/count`, when the dialect is on: which site a request is for, and what the script gets to see.
//!
//! GoatCounter knows a site by the host it is asked at. Here one address serves all sites, so the site is the one named by the
//! parameter `site`, else the one of the page that asks (`Referer`, `Origin`), else the one of the host asked.

use std::time::Instant;

use events::DropReason;
use http::header::{HOST, ORIGIN, REFERER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::Door;
use super::answer::{self, Answer};
use super::event::{Refusal, refused};
use super::gate::Entered;
use super::pixel::gif;
use crate::address::Peer;
use crate::dialect::goatcounter::{self, Sent};
use crate::dialect::query;
use crate::page::{Address, without_www};
use crate::rules::ascii_host;

const X_GOATCOUNTER: HeaderName = HeaderName::from_static("x-goatcounter");

impl Door {
    /// `GET` or `POST /count`
    pub(super) async fn goatcounter_count(
        &self,
        peer: Option<&Peer>,
        query: &str,
        headers: &HeaderMap,
    ) -> Answer {
        let begun = Instant::now();
        let Entered { mut ticket, client } = match self.enter(peer, headers, begun) {
            Ok(entered) => entered,
            Err(reason) => return answer::refused(reason, None),
        };
        ticket.body_arrived();
        let (domain, host) = self.goatcounter_site(query, headers);
        let admissions =
            goatcounter::parse(query, &domain, &host).map_err(Refusal::from).map(|sent| match sent {
                Sent::Beacon(beacon) => self.admit(&beacon, &client, headers),
                Sent::Bot => vec![self.dropped(&domain, DropReason::Bot)],
            });
        match admissions {
            Ok(admissions) => match self.keep(admissions, ticket, begun).await.told() {
                Ok(dropped) if dropped.is_empty() => answer::allow_any_origin(gif(StatusCode::OK)),
                Ok(dropped) => noted(answer::with_dropped(gif(StatusCode::ACCEPTED), &dropped), dropped[0]),
                Err(reason) => answer::refused(reason, None),
            },
            Err(refusal) => {
                let words = refusal.detail.map_or(refusal.reason.code(), |(_, message)| message);
                noted(refused(&refusal, ticket), words)
            }
        }
    }

    /// The domain of the site, and the host of the page.
    fn goatcounter_site(&self, query: &str, headers: &HeaderMap) -> (String, String) {
        let host = |name: HeaderName| {
            let address = headers.get(name)?.to_str().ok()?;
            let host = Address::parse(address)?.host;
            (!host.is_empty()).then(|| ascii_host(host).into_owned())
        };
        let page = host(REFERER).or_else(|| host(ORIGIN));
        let asked = headers.get(HOST).and_then(|host| host.to_str().ok()).map(|host| {
            let host = host.rsplit_once(':').map_or(host, |(host, _port)| host);
            ascii_host(without_www(host)).into_owned()
        });
        let named = query::value(query, &["site"]).map(|site| ascii_host(without_www(&site)).into_owned());
        let candidates = [named.clone(), page.clone(), asked];
        let known = candidates
            .iter()
            .flatten()
            .find(|domain| self.admitter.sites().by_domain(domain).is_some())
            .cloned();
        // A name that was given is meant, even if nobody has it.
        let domain = named.or(known).or_else(|| candidates.into_iter().flatten().next()).unwrap_or_default();
        let host = page.unwrap_or_else(|| domain.clone());
        (domain, host)
    }
}

fn noted(mut answer: Answer, words: &'static str) -> Answer {
    answer.headers_mut().insert(X_GOATCOUNTER, HeaderValue::from_static(words));
    answer
}
