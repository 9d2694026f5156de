//! The list of trusted proxies, from CIDR text.

use std::str::FromStr;

use super::{MAPPED_V4, octets};

/// The networks whose hosts may say on whose behalf they call. Empty by default: nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<Network>,
}

/// One network, in the 128-bit form every address is held in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Network {
    bits: u128,
    mask: u128,
    v4: bool,
}

/// An entry of the list that is no network. Holds what the operator wrote; nothing in it comes from a visitor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Not an address, or not an address and a prefix length.
    #[error("{entry:?} is neither an address nor a network such as 10.0.0.0/8, ::1 or `loopback`")]
    NotANetwork {
        /// The entry as written.
        entry: String,
    },
    /// More bits than the address has.
    #[error("the prefix of {entry:?} is longer than {longest} bits")]
    PrefixTooLong {
        /// The entry as written.
        entry: String,
        /// Bits an address of its kind has.
        longest: u32,
    },
    /// Bits set beyond the prefix: probably the wrong prefix, and guessing would trust strangers.
    #[error("{entry:?} has bits set beyond its prefix")]
    HostBits {
        /// The entry as written.
        entry: String,
    },
}

impl TrustedProxies {
    /// The list of these entries: addresses (`192.0.2.7`, `::1`), networks (`10.0.0.0/8`), or `loopback`.
    ///
    /// # Errors
    /// All entries that are none of these.
    pub fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self, Vec<NetworkError>> {
        let (mut networks, mut errors) = (Vec::new(), Vec::new());
        for entry in entries.iter().map(|entry| entry.as_ref().trim()) {
            if entry.eq_ignore_ascii_case("loopback") {
                networks.extend(["127.0.0.0/8", "::1"].iter().filter_map(|entry| entry.parse().ok()));
                continue;
            }
            match entry.parse::<Network>() {
                Ok(network) => networks.push(network),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Self { networks }) } else { Err(errors) }
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    pub(super) fn contains(&self, address: [u8; 16]) -> bool {
        let v4 = address.starts_with(&MAPPED_V4);
        let bits = u128::from_be_bytes(address);
        // `::/0` must not swallow IPv4 just because we hold it mapped.
        self.networks.iter().any(|network| network.v4 == v4 && bits & network.mask == network.bits)
    }
}

/// Networks a site shields itself from. Read as [`TrustedProxies`] are, and trusted by nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(TrustedProxies);

impl Networks {
    /// The list of these entries: addresses and networks.
    ///
    /// # Errors
    /// All entries that are neither.
    pub fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self, Vec<NetworkError>> {
        TrustedProxies::parse(entries).map(Self)
    }

    /// Whether one of them has this address.
    #[must_use]
    pub fn contain(&self, client: &super::ClientAddress) -> bool {
        self.0.contains(client.octets)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(entry: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError::NotANetwork { entry: entry.to_owned() };
        let (address, prefix) = match entry.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (entry, None),
        };
        let written_as_v4 = !address.contains(':');
        let address = octets(address.parse().map_err(|_| wrong())?);
        let longest = if written_as_v4 { 32 } else { 128 };
        let length = match prefix {
            None => longest,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse::<u32>().map_err(|_| wrong())?
            }
            Some(_) => return Err(wrong()),
        };
        if length > longest {
            return Err(NetworkError::PrefixTooLong { entry: entry.to_owned(), longest });
        }
        let length = length + (128 - longest);
        let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
        let bits = u128::from_be_bytes(address);
        if bits & !mask != 0 {
            return Err(NetworkError::HostBits { entry: entry.to_owned() });
        }
        Ok(Self { bits, mask, v4: length >= 96 && address.starts_with(&MAPPED_V4) })
    }
}
