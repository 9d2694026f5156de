//! Addresses of pages and referrers: taken apart or refused, and what is kept holds no password, unknown parameter, click id or
//! fragment, wherever in the address the rest comes from.

use collector::page::{Address, Page};
use collector::scrub::ScrubCounts;
use collector::source::{Referrer, Source};

use crate::{line, text};

/// Stands where nothing may be kept from.
const CANARY: &str = "Zq9CANARYx7";

/// The first line is the page's address, the second the referrer's.
pub fn run(bytes: &[u8]) {
    let (page, rest) = line(bytes);
    let (page, referrer) = (text(page), text(line(rest).0));
    for hash_routing in [false, true] {
        let _kept = kept(&page, &referrer, hash_routing);
    }

    // The same pieces in an address that has a canary in each place that is not kept.
    let (host, path) = (piece(&page, 0, "/\\@:"), piece(&page, 1, ""));
    let address = |host: &str, path: &str| {
        format!(
            "https://{CANARY}:{CANARY}@{host}/{path}?{CANARY}={CANARY}&gclid={CANARY}&email={CANARY}#{CANARY}"
        )
    };
    let (there, other) = (piece(&referrer, 0, "/\\@:"), piece(&referrer, 1, ""));
    if let Some(kept) = kept(&address(&host, &path), &address(&there, &other), false) {
        assert!(!kept.contains(CANARY) && !kept.contains(&CANARY.to_lowercase()), "a canary is kept");
    }
}

/// What is kept of a page and the source of its view, as text; none when the address is refused.
fn kept(page: &str, referrer: &str, hash_routing: bool) -> Option<String> {
    let address = Address::parse(page)?;
    assert!(!address.host.chars().any(|c| c.is_whitespace() || c.is_control()), "a host can be one");
    assert!(!address.path.contains(['?', '#']), "a path ends before the query");
    let mut scrubbed = ScrubCounts::default();
    let page = Page::of(&address, hash_routing, &mut scrubbed);
    assert!(!page.host.is_empty() && !page.path.is_empty(), "a page has a name");
    let source = Source::of(&page, Referrer::parse(referrer).as_ref(), &mut scrubbed);
    if source.referrer_host.is_empty() {
        assert!(source.referrer_path.is_empty(), "a path without a host is nobody's");
    } else {
        assert_ne!(source.referrer_host, page.host, "a site does not refer to itself");
    }
    Some(format!("{page:?} {source:?}"))
}

/// A piece of a text, split at spaces, without what would end its part of an address.
fn piece(text: &str, number: usize, without: &str) -> String {
    let piece = text.split(' ').nth(number).unwrap_or("");
    piece.chars().filter(|c| !"?#".contains(*c) && !without.contains(*c)).collect()
}
