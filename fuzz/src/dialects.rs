//! The dialects besides the native one: whatever they accept keeps the native limits, as the checking is left to it.

use collector::dialect::{ParseError, batch, goatcounter, pixel, umami};
use events::Beacon;

use crate::beacon::{told, within_limits};
use crate::{line, text};

const DOMAIN: &str = "example.kz";

/// Any bytes as a batch from a server.
pub fn batch(bytes: &[u8]) {
    items(batch::parse(bytes, DOMAIN));
}

/// Any bytes as a body of Umami, alone and as a batch.
pub fn umami(bytes: &[u8]) {
    let domain_of = |id: &str| (id.len() == 36).then(|| DOMAIN.to_owned());
    let sent = |sent: umami::Sent| match sent {
        umami::Sent::Beacon(beacon) => within_limits(&beacon),
        umami::Sent::NotCovered(domain) => assert!(!domain.is_empty()),
    };
    each(umami::parse(bytes, domain_of), sent);
    match umami::parse_batch(bytes, domain_of) {
        Ok(items) => items.into_iter().for_each(|item| each(item, sent)),
        Err(error) => told(&error),
    }
}

/// Any bytes as a query of GoatCounter's script, and as the body of its API.
pub fn goatcounter(bytes: &[u8]) {
    let (host, query) = line(bytes);
    each(goatcounter::parse(&text(query), DOMAIN, &text(host)), |sent| match sent {
        goatcounter::Sent::Beacon(beacon) => of_site(&beacon),
        goatcounter::Sent::Bot => {}
    });
    items(goatcounter::parse_hits(bytes, DOMAIN));
}

/// Any bytes as the query of a pixel and the page that shows it.
pub fn pixel(bytes: &[u8]) {
    let (page, query) = line(bytes);
    let (page, query) = (text(page), text(query));
    each(pixel::parse(&query, Some(&page)), |beacon| within_limits(&beacon));
    each(pixel::parse(&query, None), |beacon| within_limits(&beacon));
}

fn items(parsed: Result<Vec<Result<batch::Item, ParseError>>, ParseError>) {
    match parsed {
        Ok(items) => {
            assert!((1..=batch::MOST_ITEMS).contains(&items.len()), "number of items");
            items.into_iter().for_each(|item| each(item, |item| within_limits(&item.beacon)));
        }
        Err(error) => told(&error),
    }
}

fn each<T>(parsed: Result<T, ParseError>, good: impl FnOnce(T)) {
    match parsed {
        Ok(value) => good(value),
        Err(error) => told(&error),
    }
}

/// A dialect whose address names the site can't speak for another.
fn of_site(beacon: &Beacon) {
    within_limits(beacon);
    assert_eq!(beacon.domains, [DOMAIN]);
}
