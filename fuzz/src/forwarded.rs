//! `X-Forwarded-For` and `Forwarded`: nobody but a trusted proxy gets to say who the client is, and nothing that a visitor
//! writes in front of what the proxy appended changes that.

use collector::address::{ClientAddress, Peer, TrustedProxies};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::line;

const PROXY: &str = "10.0.0.7";
const STRANGER: &str = "203.0.113.9";
const CLIENT: &str = "198.51.100.23";

/// Each line is a value: of `X-Forwarded-For`, or of `Forwarded` when the first line says `f`.
pub fn run(bytes: &[u8]) {
    let Ok(trusted) = TrustedProxies::parse(&["10.0.0.0/8", "fd00::/8"]) else { return };
    let peer = |text: &str| Peer::parse(text).expect("an address");
    let (proxy, stranger, client) = (peer(PROXY), peer(STRANGER), peer(CLIENT));
    let (first, rest) = line(bytes);
    let rfc7239 = first == b"f";
    let name = HeaderName::from_static(if rfc7239 { "forwarded" } else { "x-forwarded-for" });
    let mut headers = HeaderMap::new();
    for value in rest.split(|byte| *byte == b'\n').take(64) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(&name, value);
        }
    }

    let resolved = |from: &Peer, headers: &HeaderMap| ClientAddress::resolve(from, headers, &trusted);
    assert!(resolved(&stranger, &headers).is_of(&stranger), "a stranger speaks for themself");
    assert!(!resolved(&proxy, &headers).class().is_empty(), "what is found is an address");

    // What the proxy appends counts, on a line of its own in any case.
    let appended = if rfc7239 { format!("for={CLIENT}") } else { CLIENT.to_owned() };
    let mut own_line = headers.clone();
    own_line.append(&name, HeaderValue::try_from(&appended).expect("plain text"));
    assert!(resolved(&proxy, &own_line).is_of(&client), "the proxy's own line counts");

    // On the visitor's line a quote left open makes all of `Forwarded` worthless: then the proxy is the client.
    let Some(last) = headers.get_all(&name).iter().next_back() else { return };
    let joined = [last.as_bytes(), b", ", appended.as_bytes()].concat();
    let mut same_line = HeaderMap::new();
    same_line.append(&name, HeaderValue::from_bytes(&joined).expect("of two values"));
    let found = resolved(&proxy, &same_line);
    let unreadable = rfc7239 || same_line[&name].to_str().is_err();
    assert!(found.is_of(&client) || (unreadable && found.is_of(&proxy)), "nobody chooses who to be");
}
