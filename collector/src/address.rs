//! The client address: the only file in which an IP address can be spelled.
//!
//! [`ClientAddress`] lives for one request. It has no `Debug`, `Display`, `Clone` or `Serialize`, its bytes are
//! overwritten when it is dropped, and outside this crate nothing can be read from it. Inside, it gives its normalised
//! bytes to [`crate::identity`] and one database lookup to [`crate::geo`].
//!
//! ```compile_fail,E0277
//! fn shown(address: &collector::address::ClientAddress) -> String { format!("{address}") }
//! ```
//! ```compile_fail,E0277
//! fn debugged(address: &collector::address::ClientAddress) -> String { format!("{address:?}") }
//! ```
//! ```compile_fail,E0277
//! fn debugged(peer: &collector::address::Peer) -> String { format!("{peer:?}") }
//! ```
//! ```compile_fail,E0277
//! fn cloned<T: Clone>(_: &T) {}
//! fn copied(address: &collector::address::ClientAddress) { cloned(address) }
//! ```
//! ```compile_fail,E0277
//! fn written<T: serde::Serialize>(_: &T) {}
//! fn stored(address: &collector::address::ClientAddress) { written(address) }
//! ```
//! ```compile_fail,E0624
//! fn leaked(address: &collector::address::ClientAddress) { let _ = address.prefix_bytes(); }
//! ```
//! ```compile_fail,E0624
//! use collector::address::{ClientAddress, TrustedProxies};
//! fn leaked(address: &ClientAddress, trusted: &TrustedProxies) { let _ = address.source(trusted); }
//! ```
//! The same with what *is* allowed compiles, so that the proofs above fail for their own reason:
//! ```
//! fn measured(address: &collector::address::ClientAddress) -> usize { std::mem::size_of_val(address) }
//! ```
#![allow(clippy::disallowed_types, reason = "this is the one file that names addresses")]

mod forwarded;
mod trusted;

use std::io;
use std::net::{IpAddr, Ipv6Addr};

use http::HeaderMap;
use tokio::net::TcpStream;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use trusted::{NetworkError, Networks, TrustedProxies};

/// First 12 bytes of an IPv4 address mapped into IPv6, the one form every address is held in.
const MAPPED_V4: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];

/// The address of a visitor, for the life of one request.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ClientAddress {
    octets: [u8; 16],
}

/// The address at the other end of the connection: a visitor, or a proxy in front of us.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Peer {
    octets: [u8; 16],
}

/// What identity may hash of an address: 4 bytes of IPv4, or the first 8 of IPv6 (privacy extensions change the rest).
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct PrefixBytes {
    octets: [u8; 8],
    length: u8,
}

/// What a limit for each source may hash of an address: the first 3 bytes of IPv4, or 6 of IPv6. Who has one address of such a
/// network usually has the rest of it too.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct SourcePrefix {
    octets: [u8; 6],
    length: u8,
}

impl Peer {
    /// The peer of an accepted connection.
    ///
    /// # Errors
    /// When the connection is gone already.
    pub fn of(stream: &TcpStream) -> io::Result<Self> {
        Ok(Self { octets: octets(stream.peer_addr()?.ip()) })
    }

    /// A peer from text, for tests and tools. `None` when it is no address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(|ip| Self { octets: octets(ip) })
    }
}

impl ClientAddress {
    /// The address a beacon came from: the peer's, unless the peer is a trusted proxy; then the right-most address that
    /// no trusted proxy has, read from `X-Forwarded-For`, or from `Forwarded` when there is none of the former.
    ///
    /// Proxies append, so entries are read from right to left and only as far as trusted proxies vouch for them. An entry
    /// that is no address (`unknown`, `_hidden`, garbage) ends the walk: whatever stands left of it is hearsay, so the
    /// proxy that wrote it counts as the client. That may merge visitors, but it never lets one choose who to be.
    /// When every entry is a trusted proxy, the left-most is the client.
    ///
    /// A proxy that writes `Forwarded` has to delete `X-Forwarded-For`, else a visitor may fill it.
    #[must_use]
    pub fn resolve(peer: &Peer, headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        Self { octets: forwarded::resolve(peer.octets, headers, trusted) }
    }

    /// An address from text, for batch senders and tests. `None` when it is no address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(|ip| Self { octets: octets(ip) })
    }

    /// The bytes to hash.
    pub(crate) fn prefix_bytes(&self) -> PrefixBytes {
        let mut octets = [0; 8];
        if self.octets.starts_with(&MAPPED_V4) {
            octets[..4].copy_from_slice(&self.octets[12..]);
            PrefixBytes { octets, length: 4 }
        } else {
            octets.copy_from_slice(&self.octets[..8]);
            PrefixBytes { octets, length: 8 }
        }
    }

    /// The network it is of. `None` for a trusted proxy, which then hasn't said for whom it asks, and for this machine itself:
    /// neither is one visitor's.
    pub(crate) fn source(&self, trusted: &TrustedProxies) -> Option<SourcePrefix> {
        if self.for_lookup().is_loopback() || trusted.contains(self.octets) {
            return None;
        }
        let mut octets = [0; 6];
        let length = if self.octets.starts_with(&MAPPED_V4) {
            octets[..3].copy_from_slice(&self.octets[12..15]);
            3
        } else {
            octets.copy_from_slice(&self.octets[..6]);
            6
        };
        Some(SourcePrefix { octets, length })
    }

    /// What kind of address it is, for a person who asks how their own beacon is seen.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self.for_lookup() {
            ip if ip.is_loopback() => "loopback",
            IpAddr::V4(v4) if v4.is_private() || v4.is_link_local() || v4.is_unspecified() => "private",
            // Unique local (fc00::/7) and link local (fe80::/10).
            IpAddr::V6(v6)
                if v6.is_unspecified() || matches!(v6.segments()[0], 0xFC00..=0xFDFF | 0xFE80..=0xFEBF) =>
            {
                "private"
            }
            IpAddr::V4(_) => "IPv4 public",
            IpAddr::V6(_) => "IPv6 public",
        }
    }

    /// Whether it is the peer's own, so that no proxy spoke for somebody else.
    #[must_use]
    pub fn is_of(&self, peer: &Peer) -> bool {
        self.octets == peer.octets
    }

    /// The address for one lookup in a geographic database. A caller that keeps it has to name its type, which clippy refuses.
    pub(crate) fn for_lookup(&self) -> IpAddr {
        Ipv6Addr::from(self.octets).to_canonical()
    }

    /// The address of these bits, for readers of address ranges.
    #[cfg(test)]
    pub(crate) fn from_bits(bits: u128) -> Self {
        Self { octets: bits.to_be_bytes() }
    }
}

impl PrefixBytes {
    /// The bytes.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }
}

impl SourcePrefix {
    /// The bytes; of IPv4 and IPv6 never as many.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }
}

/// The 128 bits of an IPv6 address in text; `None` when it is none. For readers of address ranges.
pub(crate) fn v6_bits(text: &str) -> Option<u128> {
    text.parse::<Ipv6Addr>().ok().map(u128::from)
}

fn octets(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

#[cfg(test)]
mod tests;
