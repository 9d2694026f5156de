//! A site's local day and the instant at which it closes.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// One calendar day of one time zone. Days of 23 and 25 hours exist; a few zones have skipped a whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalDay {
    /// The date on the site's calendar.
    pub date: Date,
    /// The UTC instant at which the day begins, in Unix seconds.
    pub opens_at: i64,
    /// The UTC instant at which the day ends and the next begins, in Unix seconds. `events` is partitioned by it.
    pub closes_at: i64,
}

impl LocalDay {
    /// The day that `now` falls on in `zone`.
    ///
    /// # Errors
    /// Outside the years -9999 to 9999.
    pub fn at(now: Timestamp, zone: &TimeZone) -> Result<Self, jiff::Error> {
        Self::of(now.to_zoned(zone.clone()).date(), zone)
    }

    /// The day of this date in `zone`.
    ///
    /// # Errors
    /// Outside the years -9999 to 9999.
    pub fn of(date: Date, zone: &TimeZone) -> Result<Self, jiff::Error> {
        let opens = date.to_zoned(zone.clone())?.start_of_day()?;
        let closes = date.checked_add(Span::new().days(1))?.to_zoned(zone.clone())?.start_of_day()?;
        Ok(Self { date, opens_at: opens.timestamp().as_second(), closes_at: closes.timestamp().as_second() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("bundled zone")
    }

    #[test]
    fn a_day_in_almaty_closes_at_its_midnight() {
        let now: Timestamp = "2026-11-22T19:30:00Z".parse().expect("timestamp");
        let day = LocalDay::at(now, &zone("Asia/Almaty")).expect("day");
        assert_eq!(day.date, date(2026, 11, 23));
        assert_eq!(Timestamp::from_second(day.closes_at).expect("ts").to_string(), "2026-11-23T19:00:00Z");
    }

    #[test]
    fn days_of_23_and_25_hours_and_half_hour_zones_keep_their_length() {
        let hours = |name: &str, d| {
            let day = LocalDay::of(d, &zone(name)).expect("day");
            (day.closes_at - day.opens_at) / 1800
        };
        assert_eq!(hours("Europe/Berlin", date(2026, 3, 29)), 46);
        assert_eq!(hours("Europe/Berlin", date(2026, 10, 25)), 50);
        assert_eq!(hours("Australia/Lord_Howe", date(2026, 4, 5)), 49);
        assert_eq!(hours("Asia/Kathmandu", date(2026, 4, 5)), 48);
    }
}
