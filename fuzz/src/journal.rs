//! Segments of the journal as they are found after a crash: whatever happened to the bytes, each row that is read is one that
//! was written, in its order; and a file that never was a segment is passed over.

use collector::journal::record::{self, FORMAT_VERSION, Header, Records};

use crate::line;

/// The first line says which rows are written, and the rest what happens to the file then: four bytes each for a place (two),
/// a deed and its argument.
pub fn run(bytes: &[u8]) {
    foreign(bytes);

    let (rows, damage) = line(bytes);
    let rows: Vec<&[u8]> =
        rows.chunks(1 + rows.first().map_or(0, |b| usize::from(b % 40))).take(64).collect();
    // As nobody outside knows it, so does nobody who writes the damage.
    let identity = u128::from_le_bytes(*blake3::hash(bytes).as_bytes().first_chunk().expect("it has 32"));
    let mut file = Vec::new();
    Header { version: FORMAT_VERSION, collector: 1, identity, first_sequence: 100 }.encode(&mut file);
    for ((place, row), sequence) in (0..).zip(&rows).zip(100..) {
        record::encode(&mut file, identity, place % 3, 86_400, row, sequence);
    }
    let whole: Vec<_> = Records::of(&file, identity, 100).map(|found| found.body.to_vec()).collect();
    assert_eq!(whole.len(), rows.len(), "what was written is read");

    let mut damaged = file.clone();
    for deed in damage.chunks_exact(4).take(16) {
        let at = usize::from(u16::from_le_bytes([deed[0], deed[1]])) % damaged.len().max(1);
        match deed[2] % 5 {
            0 => damaged.truncate(at),
            1 => damaged[at..].iter_mut().take(1).for_each(|byte| *byte ^= deed[3]),
            2 => damaged[at..].iter_mut().take(deed[3].into()).for_each(|byte| *byte = 0),
            3 => drop(damaged.splice(at..at, std::iter::repeat_n(deed[3], 3))),
            _ => drop(damaged.drain(at..(at + usize::from(deed[3])).min(damaged.len()))),
        }
    }
    let mut next = 100;
    for found in Records::of(&damaged, identity, 100) {
        assert!(found.sequence >= next, "rows come in their order");
        next = found.sequence + 1;
        let written = usize::try_from(found.sequence - 100).ok().and_then(|at| whole.get(at));
        assert_eq!(written.map(Vec::as_slice), Some(found.body), "a row that was never written is read");
    }
    if let Some(header) = Header::read(&damaged) {
        assert_eq!((header.identity, header.first_sequence), (identity, 100));
    }
}

/// Any bytes as a segment of any identity.
fn foreign(bytes: &[u8]) {
    let _header = Header::read(bytes);
    let Some((identity, rest)) = bytes.split_first_chunk::<16>() else { return };
    let mut end = 0;
    for found in Records::of(rest, u128::from_le_bytes(*identity), 0) {
        assert!(found.end > end && found.end <= rest.len(), "reading goes on");
        end = found.end;
    }
}
