//! A look at a journal's directory from outside, also while a process works in it: no lock is taken, nothing is written, and a file
//! that vanishes meanwhile is no error. What is told is of segments, never of the rows in them.

use std::collections::{BTreeSet, HashSet};
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::SealedDays;
use super::name::Name;
use super::record::{FORMAT_VERSION, Header, Records};
use super::survey::Survey;

/// A segment is renamed once in its life, or twice; who looks again so often has met a journal that rotates all the time.
const LOOKS: usize = 5;

/// One segment as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// Its name, state included.
    pub name: Name,
    /// The version its header names; `None` when it has no header yet or a damaged one.
    pub format: Option<u32>,
    /// Rows that can be read.
    pub rows: u64,
    /// Number of the last of them.
    pub last_sequence: Option<u64>,
    /// Length of its file.
    pub bytes: u64,
    /// The closing instants of its rows' days, Unix seconds.
    pub closes_at: BTreeSet<i64>,
    /// When its file was made, Unix seconds.
    pub since: i64,
    /// Acknowledged rows that can't be read.
    pub lost_rows: u64,
    /// Bytes behind the last group of an open segment: a write that was cut off, or one that is going on.
    pub torn_bytes: u64,
}

impl Inspected {
    /// Whether this version reads its format. Of others only the name was looked at.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.format.is_none_or(|format| format == FORMAT_VERSION)
    }
}

/// The segments in a journal's directory, by their first row. One file is held in memory at a time.
///
/// # Errors
/// When the directory or a file that is there can't be read.
pub fn inspect(directory: &Path) -> io::Result<Vec<Inspected>> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for _look in 0..LOOKS {
        let mut has_vanished = false;
        for entry in std::fs::read_dir(directory)? {
            let Some(name) = entry?.file_name().to_str().and_then(|name| name.parse::<Name>().ok()) else {
                continue;
            };
            // A damaged one shares its identity with the copy of its intact rows.
            let key = (name.identity, name.state.word() == "damaged");
            if seen.contains(&key) {
                continue;
            }
            match look(directory, name) {
                Ok(segment) => {
                    seen.insert(key);
                    found.push(segment);
                }
                Err(error) if error.kind() == ErrorKind::NotFound => has_vanished = true,
                Err(error) => return Err(error),
            }
        }
        if !has_vanished {
            break;
        }
        // Delivered, or found under its next name by the next look.
    }
    found.sort_by_key(|segment| (segment.name.first_sequence, segment.name.state.word()));
    Ok(found)
}

fn look(directory: &Path, name: Name) -> io::Result<Inspected> {
    let mut file = File::open(directory.join(name.to_string()))?;
    let since = since(&file.metadata()?);
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let range = name.state.range();
    let mut segment = Inspected {
        name,
        format: Header::read(&bytes).map(|header| header.version),
        rows: range.map_or(0, |range| range.rows.saturating_sub(range.lost_rows())),
        last_sequence: None,
        bytes: bytes.len() as u64,
        closes_at: BTreeSet::new(),
        since,
        lost_rows: range.map_or(0, |range| range.lost_rows()),
        torn_bytes: 0,
    };
    if segment.is_ours() {
        let survey = Survey::of(&name, &bytes, &SealedDays::default());
        let limit = range.map_or(bytes.len(), |range| usize::try_from(range.bytes).unwrap_or(usize::MAX));
        for record in Records::of(&bytes[..limit.min(bytes.len())], name.identity, name.first_sequence) {
            segment.closes_at.insert(record.closes_at);
            segment.last_sequence = Some(record.sequence);
        }
        segment.rows = survey.rows;
        segment.lost_rows += survey.lost_rows;
        segment.torn_bytes = survey.torn_bytes;
    }
    Ok(segment)
}

/// When a file was made; where the file system doesn't know, when it was last written.
fn since(metadata: &Metadata) -> i64 {
    let made = metadata.created().or_else(|_| metadata.modified()).unwrap_or(UNIX_EPOCH);
    made.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
