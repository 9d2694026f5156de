//! Networks that no visitor calls from: ranges of data centres, if the operator lists them.
//!
//! A file with one network in CIDR form on each line, `#` for comments; read once, at the start. IPv6 networks are compared by their
//! first 64 bits, which is what a provider hands out at the least.

use std::path::{Path, PathBuf};

use crate::address::ClientAddress;

/// The networks, for each kind of address sorted by their beginning and without overlap. Empty by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataCentres {
    v4: Vec<(u64, u64)>,
    v6: Vec<(u64, u64)>,
}

/// Why the list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataCentresError {
    /// The file cannot be read.
    #[error("{}: {cause}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// A line is no network.
    #[error("line {line} is no network such as 192.0.2.0/24 or 2001:db8::/32")]
    NotANetwork {
        /// Which line, from 1.
        line: usize,
    },
}

impl DataCentres {
    /// The networks in this file.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it is no network.
    pub fn open(file: &Path) -> Result<Self, DataCentresError> {
        let text = std::fs::read_to_string(file)
            .map_err(|cause| DataCentresError::Unreadable { file: file.to_owned(), cause })?;
        Self::parse(&text)
    }

    /// The networks in this text.
    ///
    /// # Errors
    /// The first line that is no network.
    pub fn parse(text: &str) -> Result<Self, DataCentresError> {
        let mut networks = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let (is_v4, range) = range(line).ok_or(DataCentresError::NotANetwork { line: at + 1 })?;
            if is_v4 { &mut networks.v4 } else { &mut networks.v6 }.push(range);
        }
        networks.v4 = merged(networks.v4);
        networks.v6 = merged(networks.v6);
        Ok(networks)
    }

    /// Whether the client calls from one of them.
    #[must_use]
    pub fn hold(&self, client: &ClientAddress) -> bool {
        if self.v4.is_empty() && self.v6.is_empty() {
            return false;
        }
        let (is_v4, bits) = bits(client);
        let ranges = if is_v4 { &self.v4 } else { &self.v6 };
        let after = ranges.partition_point(|(start, _)| *start <= bits);
        after.checked_sub(1).is_some_and(|at| bits <= ranges[at].1)
    }
}

/// The kind of address and its leading bits: 32 of IPv4, 64 of IPv6.
fn bits(client: &ClientAddress) -> (bool, u64) {
    let prefix = client.prefix_bytes();
    let bytes = prefix.as_slice();
    (bytes.len() == 4, bytes.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte)))
}

fn range(network: &str) -> Option<(bool, (u64, u64))> {
    let (address, length) = match network.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (network, None),
    };
    let (is_v4, start) = bits(&ClientAddress::parse(address)?);
    let (held, longest) = if is_v4 { (32, 32) } else { (64, 128) };
    let length = length.unwrap_or(longest);
    if length > longest {
        return None;
    }
    let free = held - length.min(held);
    let hosts = 1_u64.checked_shl(free).map_or(u64::MAX, |size| size - 1);
    // Bits set beyond the prefix mean that the prefix is probably wrong.
    (start & hosts == 0).then_some((is_v4, (start, start | hosts)))
}

fn merged(mut ranges: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn held(list: &str, address: &str) -> bool {
        DataCentres::parse(list).unwrap().hold(&ClientAddress::parse(address).unwrap())
    }

    #[test]
    fn a_client_within_a_listed_network_is_held() {
        let list = "# ours\n192.0.2.0/24\n192.0.2.128/25 # within\n203.0.113.7\n2001:db8::/32\n2001:db9:0:1::/64\n2001:dba::1\n";
        for inside in [
            "192.0.2.0",
            "192.0.2.255",
            "::ffff:192.0.2.9",
            "203.0.113.7",
            "2001:db8:ffff::1",
            "2001:db9:0:1::9",
            "2001:dba::1",
        ] {
            assert!(held(list, inside), "{inside}");
        }
        for outside in
            ["192.0.1.255", "192.0.3.0", "203.0.113.8", "2001:db7::1", "2001:db9::1", "::1", "0.0.0.0"]
        {
            assert!(!held(list, outside), "{outside}");
        }
        assert!(held("0.0.0.0/0", "203.0.113.7") && !held("0.0.0.0/0", "2001:db8::1"));
        assert!(held("::/0", "2001:db8::1") && !held("::/0", "203.0.113.7"));
        assert!(!held("", "203.0.113.7"));
    }

    #[test]
    fn a_line_that_is_no_network_is_named() {
        for (list, line) in [
            ("192.0.2.0/24\nx", 2),
            ("192.0.2.1/24", 1),
            ("192.0.2.0/33", 1),
            ("::/129", 1),
            ("/8", 1),
            ("10.0.0.0/-1", 1),
        ] {
            match DataCentres::parse(list) {
                Err(DataCentresError::NotANetwork { line: found }) => assert_eq!(found, line, "{list}"),
                other => panic!("{list}: {other:?}"),
            }
        }
        assert!(matches!(
            DataCentres::open(Path::new("/nowhere/x")),
            Err(DataCentresError::Unreadable { .. })
        ));
    }

    proptest! {
        #[test]
        fn a_list_holds_what_one_of_its_networks_holds(networks in prop::collection::vec((any::<u8>(), 0..=8_u32), 0..20), probe: u8) {
            let list: Vec<String> = networks.iter().map(|(octet, length)| {
                let kept = if *length == 0 { 0 } else { octet & (0xFF << (8 - length)) };
                format!("10.0.0.{kept}/{}", 24 + length)
            }).collect();
            let expected = networks.iter().any(|(octet, length)| *length == 0 || (octet ^ probe) >> (8 - length) == 0);
            prop_assert_eq!(held(&list.join("\n"), &format!("10.0.0.{probe}")), expected);
        }
    }
}
