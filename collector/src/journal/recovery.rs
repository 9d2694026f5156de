//! What is on disk at start: which segments hold rows, which were left open, what is damaged.

use std::collections::HashSet;
use std::io::{self, ErrorKind};
use std::time::Instant;

use super::disk::Disk;
use super::name::{Name, Range, State};
use super::record::{self, FORMAT_VERSION, HEADER_BYTES, Header, Records};
use super::{OpenError, Segment};

/// What the name of a copy ends in until it is whole and on disk.
const COPY: &str = ".copy";

/// What was found at start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Segments with rows to deliver.
    pub segments: u64,
    /// Rows in them.
    pub rows: u64,
    /// Acknowledged rows that are damaged beyond reading.
    pub lost_rows: u64,
    /// Bytes behind the last intact record of segments left open: writes that were never acknowledged.
    pub torn_bytes: u64,
}

/// What recovery hands to the journal.
pub(super) struct Recovered {
    pub(super) sealed: Vec<Segment>,
    pub(super) parked: Vec<Segment>,
    /// Files that hold no row. To be removed when their sequence number is remembered elsewhere.
    pub(super) empty: Vec<String>,
    pub(super) next_sequence: u64,
    pub(super) report: Recovery,
}

/// Looks through the directory and seals what was left open.
///
/// What was left open is copied first, into a sealed segment of the same identity: after a failed sync, or a kill before one,
/// the kernel shows rows that are not on disk, and a batch must not change between two tries. Should both be there because
/// power failed in between, the sealed one counts. A full disk has no room for a copy: then the segment is sealed as it is,
/// because delivering it is what makes room.
pub(super) fn recover(disk: &dyn Disk, collector: u16) -> Result<Recovered, OpenError> {
    let files = disk.names()?;
    let mut names: Vec<Name> = files.iter().filter_map(|name| name.parse().ok()).collect();
    names.sort_by_key(|name| name.first_sequence);
    let closed: HashSet<u128> =
        names.iter().filter(|name| name.state != State::Open).map(|name| name.identity).collect();
    let mut found = Recovered {
        sealed: Vec::new(),
        parked: Vec::new(),
        empty: files.into_iter().filter(|name| name.ends_with(COPY)).collect(),
        next_sequence: 1,
        report: Recovery::default(),
    };
    for name in &found.empty {
        disk.remove(name)?;
    }
    found.empty.clear();
    for mut name in names {
        if name.state == State::Open && closed.contains(&name.identity) {
            found.empty.push(name.to_string());
            continue;
        }
        let bytes = disk.read(&name.to_string(), u64::MAX)?;
        refuse_other_formats(&name, &bytes)?;
        let survey = Survey::of(&name, &bytes);
        found.next_sequence = found.next_sequence.max(survey.next_sequence);
        found.report.lost_rows += survey.lost_rows;
        found.report.torn_bytes += survey.torn_bytes;
        let Some(first_closes_at) = survey.first_closes_at else {
            found.empty.push(name.to_string());
            continue;
        };
        if name.state == State::Open {
            let open = name;
            match copied(disk, &open, collector, &bytes, survey.rows) {
                Ok(copy) => {
                    found.empty.push(open.to_string());
                    name = copy;
                }
                Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                    name = open.with(State::Sealed(Range { rows: survey.rows, bytes: survey.end }));
                    disk.rename(&open.to_string(), &name.to_string())?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let segment = Segment {
            name,
            rows: survey.rows,
            bytes: bytes.len() as u64,
            first_closes_at,
            since: Instant::now(),
        };
        match name.state {
            State::Parked(_) => found.parked.push(segment),
            State::Open | State::Sealed(_) => {
                found.report.segments += 1;
                found.report.rows += segment.rows;
                found.sealed.push(segment);
            }
        }
    }
    disk.sync_names()?;
    Ok(found)
}

/// Copies the intact rows of an open segment into a sealed one, durable but for its name.
fn copied(disk: &dyn Disk, open: &Name, collector: u16, bytes: &[u8], rows: u64) -> io::Result<Name> {
    let bytes = copy_of(open, collector, bytes);
    let copy = format!("{open}{COPY}");
    let written = disk.create(&copy).and_then(|mut file| {
        file.append(&bytes)?;
        file.sync()
    });
    if let Err(error) = written {
        // It holds rows of visitors and takes up space; should this fail too, the next start removes it.
        let _left_behind = disk.remove(&copy);
        return Err(error);
    }
    let sealed = open.with(State::Sealed(Range { rows, bytes: bytes.len() as u64 }));
    disk.rename(&copy, &sealed.to_string())?;
    Ok(sealed)
}

/// The intact rows of a segment, as one group.
fn copy_of(name: &Name, collector: u16, bytes: &[u8]) -> Vec<u8> {
    let Name { identity, first_sequence, .. } = *name;
    let mut copy = Vec::with_capacity(bytes.len());
    Header { version: FORMAT_VERSION, collector, identity, first_sequence }.encode(&mut copy);
    for (place, record) in (0..).zip(Records::of(bytes, identity, first_sequence)) {
        record::encode(&mut copy, identity, place, record.closes_at, record.row(), record.sequence);
    }
    copy
}

/// A header that is intact and names another version is not ours to read. A damaged one is no obstacle: the file's name has
/// what it says, and the records carry their own checksums.
fn refuse_other_formats(name: &Name, bytes: &[u8]) -> Result<(), OpenError> {
    match Header::read(bytes) {
        Some(header) if header.version != FORMAT_VERSION => {
            Err(OpenError::OtherFormat { name: name.to_string(), found: header.version })
        }
        Some(_) | None => Ok(()),
    }
}

/// What a segment's content says.
struct Survey {
    rows: u64,
    /// Where the last of them ends.
    end: u64,
    first_closes_at: Option<i64>,
    next_sequence: u64,
    lost_rows: u64,
    torn_bytes: u64,
}

impl Survey {
    fn of(name: &Name, bytes: &[u8]) -> Self {
        let range = match name.state {
            State::Open => None,
            State::Sealed(range) | State::Parked(range) => Some(range),
        };
        let limit = range.map_or(bytes.len(), |range| {
            usize::try_from(range.bytes).map_or(bytes.len(), |limit| limit.min(bytes.len()))
        });
        let (mut rows, mut first_closes_at, mut end) = (0, None::<i64>, HEADER_BYTES);
        let mut next_sequence = name.first_sequence;
        let (mut group_start, mut missing_before) = (name.first_sequence, 0);
        let mut missing = 0;
        for record in Records::of(&bytes[..limit], name.identity, name.first_sequence) {
            let start = record.sequence.saturating_sub(u64::from(record.place));
            if start > group_start {
                // A new group: everything before it was synced, so what is missing there is lost.
                group_start = start;
                missing_before = missing + start.saturating_sub(next_sequence);
            }
            missing += record.sequence - next_sequence;
            next_sequence = record.sequence + 1;
            rows += 1;
            end = record.end;
            first_closes_at =
                Some(first_closes_at.map_or(record.closes_at, |first| first.min(record.closes_at)));
        }
        match range {
            Some(range) => Self {
                rows,
                end: end as u64,
                first_closes_at,
                // A segment that was damaged when it was sealed counts fewer rows than it has numbers.
                next_sequence: next_sequence.max(name.first_sequence.saturating_add(range.rows)),
                lost_rows: range.rows.saturating_sub(rows),
                torn_bytes: 0,
            },
            None => Self {
                rows,
                end: end as u64,
                first_closes_at,
                next_sequence,
                lost_rows: missing_before,
                torn_bytes: bytes.len().saturating_sub(end.min(bytes.len())) as u64,
            },
        }
    }
}
