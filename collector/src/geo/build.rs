//! Builds a country database from the text ranges of Debian's `tor-geoipdb` (`start,end,CC`; IPv4 as numbers).
//!
//! The data are those of the IPFire location database, CC BY-SA 4.0; the file that is built says so in its description,
//! and [`super::Geo::attribution`] hands that on to whoever shows countries.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Country;
use super::mmdb::{self, Range};
use crate::address::v6_bits;

/// What the built file says of itself.
const DESCRIPTION: &str = "Countries of address ranges from the IPFire location database (https://location.ipfire.org/) as \
                           distributed with Tor, CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/)";

/// Why no database could be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file cannot be read.
    #[error("{}: {cause}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// A line is no range, or not behind the line before it.
    #[error("{}, line {line}: not a range `start,end,country` behind the one before", file.display())]
    NotARange {
        /// Which file.
        file: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// More networks than an mmdb can hold.
    #[error("the ranges need more nodes than an mmdb can have")]
    TooLarge,
}

/// An mmdb (nested schema, IPv6 with IPv4 in `::/96`) of the countries in these two files.
///
/// # Errors
/// When a file cannot be read, or a line of it is no range.
pub fn from_ranges(v4: &Path, v6: &Path, built_at: Timestamp) -> Result<Vec<u8>, BuildError> {
    // IPv4 comes first: `::/96` lies before every address that is in use.
    let mut ranges = read(v4, |text| text.parse::<u32>().ok().map(u128::from), None)?;
    let last = ranges.last().map(|range| range.end);
    ranges.extend(read(v6, v6_bits, last)?);
    let built_at = u64::try_from(built_at.as_second()).unwrap_or_default();
    mmdb::write(&ranges, DESCRIPTION, built_at).ok_or(BuildError::TooLarge)
}

fn read(
    file: &Path,
    parse: impl Fn(&str) -> Option<u128>,
    mut last: Option<u128>,
) -> Result<Vec<Range>, BuildError> {
    let unreadable = |cause| BuildError::Unreadable { file: file.to_owned(), cause };
    let mut ranges: Vec<Range> = Vec::new();
    for (at, line) in BufReader::new(File::open(file).map_err(unreadable)?).lines().enumerate() {
        let line = line.map_err(unreadable)?;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let not_a_range = || BuildError::NotARange { file: file.to_owned(), line: at + 1 };
        let mut fields = line.split(',');
        let (Some(start), Some(end), Some(code), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(not_a_range());
        };
        let (start, end) = (parse(start).ok_or_else(not_a_range)?, parse(end).ok_or_else(not_a_range)?);
        if start > end || last.is_some_and(|last| start <= last) {
            return Err(not_a_range());
        }
        last = Some(end);
        // `??` and the like: nothing is known, which is what an absent range says.
        let Some(country) = Country::from_code(code) else { continue };
        match ranges.last_mut() {
            Some(before) if before.country == country && before.end.checked_add(1) == Some(start) => {
                before.end = end
            }
            _ => ranges.push(Range { start, end, country }),
        }
    }
    Ok(ranges)
}
