//! Writes an mmdb: <https://maxmind.github.io/MaxMind-DB/>. Only what a table of countries needs.
//!
//! Our own, because the crates that write this format are at their first releases, and because sorted ranges need no
//! insertion: the smallest tree follows from them by halving the address space.

use std::collections::BTreeMap;

use super::Country;

/// Addresses of one country, both ends included. A list of them is sorted and without overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: u128,
    pub(super) end: u128,
    pub(super) country: Country,
}

/// What one side of a node leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Record {
    Nowhere,
    Node(usize),
    Country(Country),
}

/// Bytes between tree and data, and the marker in front of the metadata.
const SEPARATOR: [u8; 16] = [0; 16];
const MARKER: &[u8] = b"\xAB\xCD\xEFMaxMind.com";

/// The file. `None` when the tree is too large for records of 32 bits.
pub(super) fn write(ranges: &[Range], description: &str, built_at: u64) -> Option<Vec<u8>> {
    let mut tree = Tree { nodes: Vec::new() };
    let root = tree.grow(ranges, 0, u128::MAX);
    if !matches!(root, Record::Node(_)) {
        // A file needs a node to start from, even when all the world is one country.
        tree.nodes.push([root, root]);
    }

    let mut data = Vec::new();
    let mut offsets = BTreeMap::new();
    for range in ranges {
        offsets.entry(range.country.0).or_insert_with(|| {
            let offset = data.len();
            map(&mut data, 1);
            text(&mut data, "country");
            map(&mut data, 1);
            text(&mut data, "iso_code");
            text(&mut data, range.country.as_str());
            offset
        });
    }

    let count = tree.nodes.len();
    let largest = count + SEPARATOR.len() + data.len();
    let record_bits: u16 = match largest {
        0..=0xFF_FFFF => 24,
        0x100_0000..=0xFFF_FFFF => 28,
        _ => 32,
    };
    u32::try_from(largest).ok()?;
    // Children were pushed before their parents, so the last node is the root; the format wants it first.
    let value = |record: Record| match record {
        Record::Nowhere => count,
        Record::Node(at) => count - 1 - at,
        Record::Country(country) => {
            count + SEPARATOR.len() + offsets.get(&country.0).copied().unwrap_or_default()
        }
    };

    let mut file = Vec::with_capacity(count * usize::from(record_bits) / 4 + data.len() + 1024);
    for [left, right] in tree.nodes.iter().rev() {
        push_node(
            &mut file,
            u32::try_from(value(*left)).ok()?,
            u32::try_from(value(*right)).ok()?,
            record_bits,
        );
    }
    file.extend_from_slice(&SEPARATOR);
    file.extend_from_slice(&data);
    file.extend_from_slice(MARKER);
    metadata(&mut file, u32::try_from(count).ok()?, record_bits, description, built_at);
    Some(file)
}

struct Tree {
    nodes: Vec<[Record; 2]>,
}

impl Tree {
    /// The record for the addresses from `start` to `end`, of which these ranges are part. Equal halves need no node.
    fn grow(&mut self, ranges: &[Range], start: u128, end: u128) -> Record {
        match ranges {
            [] => return Record::Nowhere,
            [only] if only.start <= start && only.end >= end => return Record::Country(only.country),
            _ => {}
        }
        let middle = start + (end - start) / 2;
        let left_end = ranges.partition_point(|range| range.start <= middle);
        let right_start = ranges.partition_point(|range| range.end <= middle);
        let left = self.grow(&ranges[..left_end], start, middle);
        let right = self.grow(&ranges[right_start..], middle + 1, end);
        if left == right && !matches!(left, Record::Node(_)) {
            return left;
        }
        self.nodes.push([left, right]);
        Record::Node(self.nodes.len() - 1)
    }
}

fn push_node(file: &mut Vec<u8>, left: u32, right: u32, record_bits: u16) {
    let ([l3, l2, l1, l0], [r3, r2, r1, r0]) = (left.to_be_bytes(), right.to_be_bytes());
    match record_bits {
        24 => file.extend_from_slice(&[l2, l1, l0, r2, r1, r0]),
        28 => file.extend_from_slice(&[l2, l1, l0, (l3 << 4) | (r3 & 0x0F), r2, r1, r0]),
        _ => file.extend_from_slice(&[l3, l2, l1, l0, r3, r2, r1, r0]),
    }
}

fn metadata(file: &mut Vec<u8>, node_count: u32, record_bits: u16, description: &str, built_at: u64) {
    map(file, 9);
    text(file, "binary_format_major_version");
    number(file, 5, &2_u16.to_be_bytes());
    text(file, "binary_format_minor_version");
    number(file, 5, &0_u16.to_be_bytes());
    text(file, "build_epoch");
    number(file, 9, &built_at.to_be_bytes());
    text(file, "database_type");
    text(file, "Sanaq-Country");
    text(file, "description");
    map(file, 1);
    text(file, "en");
    text(file, description);
    text(file, "ip_version");
    number(file, 5, &6_u16.to_be_bytes());
    text(file, "languages");
    control(file, 11, 0);
    text(file, "node_count");
    number(file, 6, &node_count.to_be_bytes());
    text(file, "record_size");
    number(file, 5, &record_bits.to_be_bytes());
}

fn map(out: &mut Vec<u8>, pairs: u8) {
    control(out, 7, usize::from(pairs));
}

fn text(out: &mut Vec<u8>, text: &str) {
    control(out, 2, text.len());
    out.extend_from_slice(text.as_bytes());
}

/// An unsigned integer without its leading zero bytes.
fn number(out: &mut Vec<u8>, kind: u8, big_endian: &[u8]) {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    control(out, kind, big_endian.len() - zeros);
    out.extend_from_slice(&big_endian[zeros..]);
}

/// The control byte: a type of up to 7 stands in its upper bits, a later one in a byte after it, minus 7. Sizes from 29 on
/// follow in a byte of their own, from 285 on in two.
fn control(out: &mut Vec<u8>, kind: u8, size: usize) {
    let (short, extended) = match size {
        0..=28 => (size, Vec::new()),
        29..=284 => (29, vec![size - 29]),
        _ => (30, vec![(size - 285) >> 8, (size - 285) & 0xFF]),
    };
    // Everything written here is far below the 65,821 bytes that this form can say.
    let byte = |value: usize| u8::try_from(value).unwrap_or(u8::MAX);
    if kind <= 7 {
        out.push((kind << 5) | byte(short));
    } else {
        out.push(byte(short));
        out.push(kind - 7);
    }
    out.extend(extended.into_iter().map(byte));
}
