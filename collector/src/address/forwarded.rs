//! Reading `X-Forwarded-For` and `Forwarded` (RFC 7239) from right to left.
#![allow(clippy::disallowed_types, reason = "part of the one module that names addresses")]

use std::net::{IpAddr, Ipv6Addr};

use http::header::{FORWARDED, GetAll, HeaderMap, HeaderName, HeaderValue};

use super::{TrustedProxies, octets};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Entries that are read at most, from the right: nobody chains more proxies, and a header is attacker's input.
const LONGEST_CHAIN: usize = 32;

pub(super) fn resolve(peer: [u8; 16], headers: &HeaderMap, trusted: &TrustedProxies) -> [u8; 16] {
    if !trusted.contains(peer) {
        return peer;
    }
    let lines = headers.get_all(&X_FORWARDED_FOR);
    if lines.iter().next().is_some() {
        return walk(peer, lines, trusted, |line, hop| line.rsplit(',').all(|entry| hop(Some(entry.trim()))));
    }
    walk(peer, headers.get_all(FORWARDED), trusted, |line, hop| {
        // An open quote left by a visitor would swallow what the proxy appended, so such a line says nothing at all.
        let Some(entries) = split_unquoted(line, b',') else { return hop(None) };
        entries.into_iter().rev().all(|entry| hop(for_parameter(entry)))
    })
}

/// Several header lines are one list, in their order; so the last entry of the last line is the nearest hop. `entries` gives
/// those of one line to its second argument, from the right, until that says no.
fn walk(
    peer: [u8; 16],
    lines: GetAll<'_, HeaderValue>,
    trusted: &TrustedProxies,
    entries: impl Fn(&str, &mut dyn FnMut(Option<&str>) -> bool) -> bool,
) -> [u8; 16] {
    let mut client = peer;
    let mut hops = 0;
    // Whether the walk goes on behind this entry.
    let mut hop = |node: Option<&str>| {
        hops += 1;
        let Some(address) = node.filter(|_| hops <= LONGEST_CHAIN).and_then(address) else { return false };
        client = address;
        trusted.contains(client)
    };
    for line in lines.iter().rev() {
        // Bytes that are no visible ASCII end the walk, as any other garbage does.
        let Ok(line) = line.to_str() else { break };
        if !entries(line, &mut hop) {
            break;
        }
    }
    client
}

/// The `for` parameter of one `Forwarded` element, unquoted. `None` when it is missing or appears twice.
fn for_parameter(element: &str) -> Option<&str> {
    let mut found = None;
    for pair in split_unquoted(element, b';')? {
        let Some((name, value)) = pair.split_once('=') else { continue };
        if !name.trim().eq_ignore_ascii_case("for") {
            continue;
        }
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
        if found.replace(value).is_some() {
            return None;
        }
    }
    found
}

/// Splits at `separator` outside double quotes. `None` when a quote stays open.
fn split_unquoted(text: &str, separator: u8) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if escaped {
            escaped = false;
        } else if quoted && byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            quoted = !quoted;
        } else if byte == separator && !quoted {
            parts.push(&text[start..at]);
            start = at + 1;
        }
    }
    parts.push(&text[start..]);
    if quoted { None } else { Some(parts) }
}

/// An address with or without brackets, port and zone; `None` for anything else.
fn address(node: &str) -> Option<[u8; 16]> {
    let bare = |text: &str| text.parse::<IpAddr>().ok().map(octets);
    if let Some(rest) = node.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        if !(after.is_empty() || after.strip_prefix(':').is_some_and(is_port)) {
            return None;
        }
        let inside = inside.split_once('%').map_or(inside, |(address, _zone)| address);
        return inside.parse::<Ipv6Addr>().ok().map(|v6| v6.octets());
    }
    if let Some(found) = bare(node) {
        return Some(found);
    }
    match node.split_once(':') {
        Some((v4, port)) if is_port(port) => bare(v4),
        _ => None,
    }
}

/// A port, or an obfuscated one (`_x1`).
fn is_port(text: &str) -> bool {
    match text.strip_prefix('_') {
        Some(hidden) => {
            !hidden.is_empty() && hidden.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        }
        None => !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()),
    }
}
