//! How traffic swells and ebbs: over the week, and over the day on the site's clock.

use jiff::civil::Date;

use crate::random::{Random, Weighted};

/// Parts of a mean day that fall on each day of the week, Monday first, in percent: 700 in all.
const WEEK: [u64; 7] = [112, 114, 113, 110, 104, 75, 72];

/// Parts of a day that fall on each hour.
const HOURS: [u64; 24] =
    [10, 6, 4, 3, 3, 5, 12, 25, 45, 62, 70, 72, 66, 64, 68, 70, 68, 62, 56, 58, 62, 60, 45, 24];

/// How many rows a day is to have where the mean day has `mean`: by its weekday, and 5 % more or less.
pub(crate) fn rows(mean: u64, date: Date, random: &mut Random) -> u64 {
    let place = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    mean * WEEK[place] * (95 + random.below(11)) / 10_000
}

/// The hours of a day, to pick from.
pub(crate) fn hours() -> Weighted {
    Weighted::of(HOURS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_has_seven_mean_days() {
        assert_eq!(WEEK.iter().sum::<u64>(), 700);
    }
}
