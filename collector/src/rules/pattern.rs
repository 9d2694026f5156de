//! Patterns of hosts and pages.

use std::borrow::Cow;

/// Hosts: `example.kz` for itself alone, `*.example.kz` for its subdomains, `*` for any.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    exact: Vec<String>,
    below: Vec<String>,
    any: bool,
}

impl Hosts {
    /// Of these patterns.
    #[must_use]
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Self {
        let mut hosts = Self::default();
        for pattern in patterns.iter().map(|pattern| ascii_host(pattern.as_ref())) {
            if pattern == "*" {
                hosts.any = true;
            } else if let Some(domain) = pattern.strip_prefix("*.") {
                hosts.below.push(format!(".{domain}"));
            } else {
                // The page's host is compared without it, too.
                hosts.exact.push(crate::page::without_www(&pattern).to_owned());
            }
        }
        hosts
    }

    /// Whether one of them is or covers this host, in the form [`ascii_host`] gives.
    #[must_use]
    pub fn match_host(&self, host: &str) -> bool {
        self.any
            || self.exact.iter().any(|exact| exact == host)
            || self.below.iter().any(|below| host.len() > below.len() && host.ends_with(below.as_str()))
    }
}

/// A host in lower case and, if it is written in another alphabet, in the letters the network uses.
#[must_use]
pub fn ascii_host(host: &str) -> Cow<'_, str> {
    // A dot at the end names the same host.
    let host = host.strip_suffix('.').unwrap_or(host);
    if !host.is_ascii() {
        if let Ok(ascii) = idna::domain_to_ascii(host) {
            return ascii.into();
        }
        return host.to_lowercase().into();
    }
    if host.bytes().any(|b| b.is_ascii_uppercase()) { host.to_ascii_lowercase().into() } else { host.into() }
}

/// Pages: `*` stands for anything but a slash, `**` for anything.
#[derive(Clone, Debug, Default)]
pub struct Pages(Vec<Vec<Piece>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// Anything but a slash.
    Segment,
    /// Anything.
    Rest,
}

impl Pages {
    /// Of these patterns.
    #[must_use]
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Self {
        Self(patterns.iter().map(|pattern| pieces(pattern.as_ref())).collect())
    }

    /// Whether one of them covers this path, as it is stored.
    #[must_use]
    pub fn match_path(&self, path: &str) -> bool {
        self.0.iter().any(|pieces| covers(pieces, path))
    }
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let text = rest.find('*').unwrap_or(rest.len());
        if text > 0 {
            pieces.push(Piece::Text(rest[..text].to_owned()));
            rest = &rest[text..];
            continue;
        }
        let stars = rest.len() - rest.trim_start_matches('*').len();
        pieces.push(if stars > 1 { Piece::Rest } else { Piece::Segment });
        rest = &rest[stars..];
    }
    pieces
}

/// One pass over the path for each piece, so that no pattern can be made slow.
fn covers(pieces: &[Piece], path: &str) -> bool {
    // `reached[at]`: the pieces so far can end at byte `at`.
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    for piece in pieces {
        let mut next = vec![false; path.len() + 1];
        match piece {
            Piece::Text(text) => {
                for at in (0..path.len()).filter(|at| reached[*at]) {
                    if path.as_bytes()[at..].starts_with(text.as_bytes()) {
                        next[at + text.len()] = true;
                    }
                }
            }
            Piece::Segment | Piece::Rest => {
                let mut open = false;
                for at in 0..=path.len() {
                    open |= reached[at];
                    next[at] = open;
                    if *piece == Piece::Segment && path.as_bytes().get(at) == Some(&b'/') {
                        open = false;
                    }
                }
            }
        }
        reached = next;
    }
    reached[path.len()]
}
