//! A count of dropped beacons, as the table `drops` keeps it: of one site, one local day, one reason. Nothing of the beacons.

use jiff::civil::Date;

use crate::row::{Encode, UnixSeconds};
use crate::{DropReason, SiteId};

/// So many beacons of one site and local day were dropped for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DropRow {
    /// Whose beacons.
    pub site: SiteId,
    /// The site's local day on which they came.
    pub day: Date,
    /// The UTC instant at which that day ends.
    pub closes_at: UnixSeconds,
    /// Why.
    pub reason: DropReason,
    /// How many.
    pub count: u64,
}

/// Columns of an INSERT in the order of the encoding. The journal adds the last one; the table does not keep it.
pub const COLUMNS: &[&str] = &["site", "day", "closes_at", "reason", "count", "sequence"];

impl DropRow {
    /// Appends the row in RowBinary without its last column.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.site.encode(out);
        self.day.encode(out);
        self.closes_at.encode(out);
        self.reason.code().to_owned().encode(out);
        out.extend_from_slice(&self.count.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_count_is_encoded_column_by_column() {
        let mut out = Vec::new();
        let row = DropRow {
            site: SiteId(7),
            day: date(1970, 1, 2),
            closes_at: UnixSeconds::new(172_800),
            reason: DropReason::OptedOut,
            count: 3,
        };
        row.encode(&mut out);
        let mut expected = vec![7, 0, 0, 0, 1, 0, 0, 0xA3, 2, 0, 9];
        expected.extend_from_slice(b"opted_out");
        expected.extend_from_slice(&[3, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(out, expected);
    }
}
