//! What is on disk at start: which segments hold rows, which were left open, what is damaged, what must not be sent again.

use std::collections::HashSet;
use std::io::{self, ErrorKind};
use std::time::Instant;

use super::disk::Disk;
use super::division;
use super::name::{Facts, Name, Range, State};
use super::record::{self, FORMAT_VERSION, Header, Records};
use super::survey::Survey;
use super::{OpenError, SealedDays, Segment};

/// What the name of a copy ends in until it is whole and on disk.
pub(super) const COPY: &str = ".copy";

/// What was found at start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Segments with rows to deliver.
    pub segments: u64,
    /// Rows in them.
    pub rows: u64,
    /// Acknowledged rows that are damaged beyond reading. Each is told by one start only: it is noted on disk.
    pub lost_rows: u64,
    /// Bytes behind the last intact record of segments left open: writes that were never acknowledged.
    pub torn_bytes: u64,
    /// Rows of sealed days: delivered before, not sent again.
    pub closed_rows: u64,
}

/// What recovery hands to the journal.
#[derive(Default)]
pub(super) struct Recovered {
    pub(super) sealed: Vec<Segment>,
    pub(super) parked: Vec<Segment>,
    pub(super) damaged: Vec<Segment>,
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
///
/// One file is held in memory at a time.
pub(super) fn recover(
    disk: &dyn Disk,
    collector: u16,
    sealed_days: &SealedDays,
) -> Result<Recovered, OpenError> {
    let files = disk.names()?;
    let (copies, files): (Vec<String>, Vec<String>) =
        files.into_iter().partition(|name| name.ends_with(COPY));
    for name in &copies {
        disk.remove(name)?;
    }
    let mut names: Vec<Name> = files.iter().filter_map(|name| name.parse().ok()).collect();
    for half in division::take_unfinished(&mut names) {
        disk.remove(&half.to_string())?;
    }
    names.sort_by_key(|name| name.first_sequence);
    let copied = names.iter().filter(|name| matches!(name.state, State::Sealed(_) | State::Parked(_)));
    let copied: HashSet<u128> = copied.map(|name| name.identity).collect();
    let found = Recovered { next_sequence: 1, ..Recovered::default() };
    let mut recovering = Recovering { disk, collector, sealed_days, found };
    for name in names {
        match name.state {
            State::Open => recovering.open(name, copied.contains(&name.identity))?,
            State::Sealed(range) | State::Parked(range) => recovering.closed(name, range)?,
            State::Damaged(range) => recovering.damaged(name, range)?,
        }
    }
    disk.sync_names()?;
    Ok(recovering.found)
}

struct Recovering<'a> {
    disk: &'a dyn Disk,
    collector: u16,
    sealed_days: &'a SealedDays,
    found: Recovered,
}

impl Recovering<'_> {
    fn open(&mut self, name: Name, is_copied: bool) -> Result<(), OpenError> {
        let (survey, bytes) = self.survey(&name)?;
        self.found.report.torn_bytes += survey.torn_bytes;
        let Some(first_closes_at) = survey.first_closes_at else {
            self.found.empty.push(name.to_string());
            return Ok(());
        };
        let range = Range {
            rows: survey.rows + survey.lost_rows,
            bytes: survey.end,
            facts: Some(Facts { first_closes_at, lost_rows: survey.lost_rows }),
        };
        let mut rest = Some(name);
        if survey.rows == survey.closed_rows {
            self.found.report.closed_rows += survey.closed_rows;
        } else if !is_copied {
            self.found.report.closed_rows += survey.closed_rows;
            let rows = survey.rows - survey.closed_rows;
            match self.copied(&name, &bytes, rows, first_closes_at) {
                Ok((copy, length)) => self.ready(copy, rows, length, first_closes_at, 0),
                Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                    let sealed = name.with(State::Sealed(range));
                    self.disk.rename(&name.to_string(), &sealed.to_string())?;
                    self.ready(sealed, rows, bytes.len() as u64, first_closes_at, survey.lost_rows);
                    rest = None;
                }
                Err(error) => return Err(error.into()),
            }
        }
        match rest {
            // Its intact rows are in the copy: once that is sure to be there, the original is what is left to look at.
            Some(name) if survey.lost_rows > 0 => {
                self.disk.sync_names()?;
                let damaged = name.with(State::Damaged(range));
                self.disk.rename(&name.to_string(), &damaged.to_string())?;
                self.set_aside(damaged, range, bytes.len() as u64);
            }
            Some(name) => self.found.empty.push(name.to_string()),
            None => {}
        }
        Ok(())
    }

    fn closed(&mut self, mut name: Name, mut range: Range) -> Result<(), OpenError> {
        let (survey, bytes) = self.survey(&name)?;
        let bytes = bytes.len() as u64;
        self.found.report.closed_rows += survey.closed_rows;
        if survey.rows > 0 && survey.rows == survey.closed_rows && matches!(name.state, State::Sealed(_)) {
            self.found.empty.push(name.to_string());
            return Ok(());
        }
        // Where nothing says which day it was, no day may be waited for.
        let known = range.facts.map(|facts| facts.first_closes_at);
        let first_closes_at = known.into_iter().chain(survey.first_closes_at).min().unwrap_or(i64::MIN);
        let lost_rows = range.lost_rows() + survey.lost_rows;
        if survey.lost_rows > 0 {
            // Noted in the name, so that the next start doesn't count it again.
            range.facts = Some(Facts { first_closes_at, lost_rows });
            let noted = name.with(match name.state {
                _ if survey.rows == 0 => State::Damaged(range),
                State::Parked(_) => State::Parked(range),
                State::Open | State::Sealed(_) | State::Damaged(_) => State::Sealed(range),
            });
            self.disk.rename(&name.to_string(), &noted.to_string())?;
            name = noted;
        }
        let rows = survey.rows - survey.closed_rows;
        match name.state {
            State::Damaged(range) => self.set_aside(name, range, bytes),
            State::Parked(_) => {
                let segment =
                    Segment { rows: survey.rows, ..segment(name, bytes, first_closes_at, lost_rows) };
                self.found.parked.push(segment);
            }
            State::Open | State::Sealed(_) => self.ready(name, rows, bytes, first_closes_at, lost_rows),
        }
        Ok(())
    }

    fn damaged(&mut self, name: Name, range: Range) -> Result<(), OpenError> {
        self.found.next_sequence =
            self.found.next_sequence.max(name.first_sequence.saturating_add(range.rows));
        let length = self.disk.length(&name.to_string())?;
        self.set_aside(name, range, length);
        Ok(())
    }

    fn survey(&mut self, name: &Name) -> Result<(Survey, Vec<u8>), OpenError> {
        let bytes = self.disk.read(&name.to_string(), u64::MAX)?;
        refuse_other_formats(name, &bytes)?;
        let survey = Survey::of(name, &bytes, self.sealed_days);
        self.found.next_sequence = self.found.next_sequence.max(survey.next_sequence);
        self.found.report.lost_rows += survey.lost_rows;
        Ok((survey, bytes))
    }

    fn ready(&mut self, name: Name, rows: u64, bytes: u64, first_closes_at: i64, lost_rows: u64) {
        self.found.report.segments += 1;
        self.found.report.rows += rows;
        self.found.sealed.push(Segment { rows, ..segment(name, bytes, first_closes_at, lost_rows) });
    }

    fn set_aside(&mut self, name: Name, range: Range, bytes: u64) {
        let first_closes_at = range.facts.map_or(i64::MIN, |facts| facts.first_closes_at);
        self.found.damaged.push(segment(name, bytes, first_closes_at, range.lost_rows()));
    }

    /// Copies the intact rows of an open segment that may be sent into a sealed one, durable but for its name. Gives its name
    /// and its length.
    fn copied(&self, open: &Name, bytes: &[u8], rows: u64, first_closes_at: i64) -> io::Result<(Name, u64)> {
        let bytes = self.copy_of(open, bytes);
        let copy = format!("{open}{COPY}");
        let written = self.disk.create(&copy).and_then(|mut file| {
            file.append(&bytes)?;
            file.sync()
        });
        if let Err(error) = written {
            // It holds rows of visitors and takes up space; should this fail too, the next start removes it.
            let _left_behind = self.disk.remove(&copy);
            return Err(error);
        }
        let length = bytes.len() as u64;
        let facts = Some(Facts { first_closes_at, lost_rows: 0 });
        let sealed = open.with(State::Sealed(Range { rows, bytes: length, facts }));
        self.disk.rename(&copy, &sealed.to_string())?;
        Ok((sealed, length))
    }

    /// The intact rows of a segment that may be sent, as one group.
    fn copy_of(&self, name: &Name, bytes: &[u8]) -> Vec<u8> {
        let Name { identity, first_sequence, .. } = *name;
        let mut copy = Vec::with_capacity(bytes.len());
        Header { version: FORMAT_VERSION, collector: self.collector, identity, first_sequence }
            .encode(&mut copy);
        let records = Records::of(bytes, identity, first_sequence)
            .filter(|record| !self.sealed_days.contains(record.closes_at));
        for (place, record) in (0..).zip(records) {
            record::encode(&mut copy, identity, place, record.closes_at, record.row(), record.sequence);
        }
        copy
    }
}

fn segment(name: Name, bytes: u64, first_closes_at: i64, lost_rows: u64) -> Segment {
    Segment { name, rows: 0, bytes, first_closes_at, lost_rows, since: Instant::now() }
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
