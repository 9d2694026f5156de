//! The bytes of a segment.
//!
//! A header of [`HEADER_BYTES`], the same in every version of the format:
//!
//! | bytes | |
//! |---|---|
//! | 8 | `SANAQJNL` |
//! | 4 | format version |
//! | 2 | collector id |
//! | 2 | zero |
//! | 16 | identity |
//! | 8 | sequence number of the first row |
//! | 4 | zero |
//! | 4 | CRC32C of the above |
//!
//! and records, one a row, all numbers little endian:
//!
//! | bytes | |
//! |---|---|
//! | 4 | marker, from the segment's identity |
//! | 4 | length of the body |
//! | 4 | CRC32C of the identity and of all of the record that follows this field, and of the length |
//! | 4 | the row's place in its group: 0 is the first row of a group commit |
//! | 8 | `closes_at` of the row, Unix seconds |
//! | n | body: the row as it will be sent, whose last 8 bytes are its sequence number |
//!
//! The checksum is seeded with the identity, which nobody outside can know: a visitor who writes the bytes of a record
//! into a property can't make them pass for one when a reader looks for the next record behind a damaged one.
//! A row's place in its group tells what was acknowledged: a group is written only after the group before it was synced.
//! Zeros may stand behind the last record: space that was made ready and not used. They are no record.

/// Length of a segment's header.
pub const HEADER_BYTES: usize = 48;
/// Length of what a record adds to its row: its head and the sequence number.
pub const RECORD_OVERHEAD_BYTES: usize = HEAD_BYTES + SEQUENCE_BYTES;
/// The format this version writes, and the only one so far. Covers the columns of a row too: a segment of another version is
/// refused, and delivered by the version that wrote it.
pub const FORMAT_VERSION: u32 = 1;
/// A longer row is refused. A beacon's body is capped far below.
pub const MAX_ROW_BYTES: usize = 1 << 20;

const HEAD_BYTES: usize = 24;
const SEQUENCE_BYTES: usize = 8;
const MAGIC: &[u8; 8] = b"SANAQJNL";

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Version of the format.
    pub version: u32,
    /// Whose rows they are.
    pub collector: u16,
    /// What the segment is known by, and what its checksums begin with.
    pub identity: u128,
    /// Number of its first row.
    pub first_sequence: u64,
}

impl Header {
    /// Appends it to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&self.collector.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.identity.to_le_bytes());
        out.extend_from_slice(&self.first_sequence.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        let checksum = crc32c::crc32c(&out[start..]);
        out.extend_from_slice(&checksum.to_le_bytes());
    }

    /// The header of these bytes; `None` when it is cut short or damaged.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..HEADER_BYTES)?;
        let checksum = u32::from_le_bytes(array(bytes, HEADER_BYTES - 4)?);
        if !bytes.starts_with(MAGIC) || crc32c::crc32c(&bytes[..HEADER_BYTES - 4]) != checksum {
            return None;
        }
        Some(Self {
            version: u32::from_le_bytes(array(bytes, 8)?),
            collector: u16::from_le_bytes(array(bytes, 12)?),
            identity: u128::from_le_bytes(array(bytes, 16)?),
            first_sequence: u64::from_le_bytes(array(bytes, 32)?),
        })
    }
}

/// Appends one record to `out`.
pub fn encode(out: &mut Vec<u8>, identity: u128, place: u32, closes_at: i64, row: &[u8], sequence: u64) {
    let length = u32::try_from(row.len() + SEQUENCE_BYTES).expect("rows are at most MAX_ROW_BYTES long");
    out.extend_from_slice(&marker(identity));
    out.extend_from_slice(&length.to_le_bytes());
    let checksum_at = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&place.to_le_bytes());
    out.extend_from_slice(&closes_at.to_le_bytes());
    out.extend_from_slice(row);
    out.extend_from_slice(&sequence.to_le_bytes());
    let checksum = checksum(identity, length, &out[checksum_at + 4..]);
    out[checksum_at..checksum_at + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// One intact record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where it ends in the file.
    pub end: usize,
    /// Its row's place in its group.
    pub place: u32,
    /// When its row's day ends.
    pub closes_at: i64,
    /// Its row's number.
    pub sequence: u64,
    /// The row as it is sent.
    pub body: &'a [u8],
}

impl<'a> Record<'a> {
    /// The row without its sequence number.
    pub fn row(&self) -> &'a [u8] {
        &self.body[..self.body.len() - SEQUENCE_BYTES]
    }
}

/// The intact records of a segment, in order. What is damaged between them is passed over.
pub struct Records<'a> {
    bytes: &'a [u8],
    identity: u128,
    at: usize,
    least_sequence: u64,
}

impl<'a> Records<'a> {
    /// Over a segment's file, header included.
    pub fn of(bytes: &'a [u8], identity: u128, first_sequence: u64) -> Self {
        Self { bytes, identity, at: HEADER_BYTES, least_sequence: first_sequence }
    }

    fn read_at(&self, at: usize) -> Option<Record<'a>> {
        let head = self.bytes.get(at..at.checked_add(HEAD_BYTES)?)?;
        if head[..4] != marker(self.identity) {
            return None;
        }
        let length = u32::from_le_bytes(array(head, 4)?);
        let checksum_read = u32::from_le_bytes(array(head, 8)?);
        let body_length = usize::try_from(length).ok()?;
        if !(SEQUENCE_BYTES..=MAX_ROW_BYTES + SEQUENCE_BYTES).contains(&body_length) {
            return None;
        }
        let end = at + HEAD_BYTES + body_length;
        let checked = self.bytes.get(at + 12..end)?;
        if checksum(self.identity, length, checked) != checksum_read {
            return None;
        }
        let body = &checked[HEAD_BYTES - 12..];
        let sequence = u64::from_le_bytes(array(body, body_length - SEQUENCE_BYTES)?);
        (sequence >= self.least_sequence).then_some(Record {
            end,
            place: u32::from_le_bytes(array(head, 12)?),
            closes_at: i64::from_le_bytes(array(head, 16)?),
            sequence,
            body,
        })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let marker = marker(self.identity);
        while self.at + HEAD_BYTES <= self.bytes.len() {
            if let Some(record) = self.read_at(self.at) {
                self.at = record.end;
                self.least_sequence = record.sequence.saturating_add(1);
                return Some(record);
            }
            let behind = self.at + 1;
            let next = self.bytes[behind..].windows(marker.len()).position(|window| window == marker);
            self.at = next.map_or(self.bytes.len(), |distance| behind + distance);
        }
        None
    }
}

fn marker(identity: u128) -> [u8; 4] {
    let [a, b, c, d, ..] = identity.to_le_bytes();
    [a, b, c, d]
}

fn checksum(identity: u128, length: u32, rest: &[u8]) -> u32 {
    let mut seed = [0; 20];
    seed[..16].copy_from_slice(&identity.to_le_bytes());
    seed[16..].copy_from_slice(&length.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c(&seed), rest)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: u128 = 0x1234_5678_9ABC_DEF0_1122_3344_5566_7788;

    /// A segment of rows of different lengths, the second group from the third row on; and where each record ends.
    fn segment() -> (Vec<u8>, Vec<usize>) {
        let mut bytes = Vec::new();
        Header { version: FORMAT_VERSION, collector: 1, identity: IDENTITY, first_sequence: 10 }
            .encode(&mut bytes);
        let mut ends = Vec::new();
        for (sequence, place, row) in [(10, 0, "one"), (11, 1, ""), (12, 0, "three"), (13, 1, "four")] {
            encode(&mut bytes, IDENTITY, place, 86_400, row.as_bytes(), sequence);
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn sequences(bytes: &[u8]) -> Vec<u64> {
        Records::of(bytes, IDENTITY, 10).map(|record| record.sequence).collect()
    }

    #[test]
    fn what_was_written_is_read_back() {
        let (bytes, _) = segment();
        assert_eq!(Header::read(&bytes).map(|header| header.first_sequence), Some(10));
        let rows: Vec<_> = Records::of(&bytes, IDENTITY, 10).collect();
        assert_eq!(rows[2].body, [b"three".as_slice(), &12_u64.to_le_bytes()].concat());
        assert_eq!((rows[2].place, rows[2].closes_at, rows.len()), (0, 86_400, 4));
    }

    #[test]
    fn cut_at_any_byte_the_whole_records_before_the_cut_are_read() {
        let (bytes, ends) = segment();
        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(sequences(&bytes[..cut]).len(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn one_flipped_bit_costs_one_record_and_never_gives_a_wrong_one() {
        let (bytes, ends) = segment();
        let whole: Vec<Vec<u8>> = Records::of(&bytes, IDENTITY, 10).map(|r| r.body.to_vec()).collect();
        for bit in HEADER_BYTES * 8..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let hit = ends.iter().position(|end| bit / 8 < *end).unwrap();
            let mut expected = whole.clone();
            expected.remove(hit);
            let read: Vec<Vec<u8>> = Records::of(&damaged, IDENTITY, 10).map(|r| r.body.to_vec()).collect();
            assert_eq!(read, expected, "bit {bit}");
        }
        for bit in 0..HEADER_BYTES * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::read(&damaged), None, "bit {bit}");
        }
    }

    #[test]
    fn a_record_inside_a_row_is_not_taken_for_one() {
        let mut forged = Vec::new();
        encode(&mut forged, IDENTITY ^ (1 << 127), 0, 0, b"forged", 99);
        let mut bytes = vec![0; HEADER_BYTES];
        encode(&mut bytes, IDENTITY, 0, 0, &forged, 10);
        bytes[HEADER_BYTES + 4] ^= 1;
        assert_eq!(sequences(&bytes), Vec::<u64>::new());
    }

    #[test]
    fn a_changed_column_needs_a_new_format_version() {
        // Rows are sent in the bytes they were written in, under the columns of the version that sends them.
        let columns: String =
            events::row::COLUMNS.iter().map(|(name, kind)| format!("{name} {kind}\n")).collect();
        let print = blake3::hash(columns.as_bytes()).to_hex();
        assert_eq!((FORMAT_VERSION, &print.as_str()[..16]), (1, "1490866cc4a7780f"), "raise FORMAT_VERSION");
    }
}
