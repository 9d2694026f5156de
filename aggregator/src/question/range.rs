//! Date ranges, resolved on the calendar of a site.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Unit, Zoned};

use super::{ComparisonMode, Comparisons, DateRange, Dimension};

/// A run of local days, both ends included; of the first and the last, perhaps some hours only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
    /// The first instant that counts, of the last minutes; none for whole days.
    pub since: Option<Timestamp>,
    /// The first and the last hour on the site's clock, of the first and the last day; none for whole days.
    pub hours: Option<(i8, i8)>,
}

/// Minutes of the range "realtime_30m".
const HALF_HOUR: i64 = 30;

/// The unit of a time series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interval {
    Hour,
    HourOfWeek,
    Minute,
    Day,
    Week,
    Month,
}

impl Interval {
    /// Whether hours of days matter.
    pub(crate) const fn is_of_hours(self) -> bool {
        matches!(self, Self::Hour | Self::HourOfWeek)
    }
}

impl Period {
    /// The days that `range` means at `now` in `zone`. `born` is the day of the site's first beacon, for "all".
    ///
    /// # Errors
    /// Outside the years the calendar can hold.
    pub fn resolve(
        range: DateRange,
        now: Timestamp,
        zone: &TimeZone,
        born: Option<Date>,
    ) -> Result<Self, jiff::Error> {
        let today = now.to_zoned(zone.clone()).date();
        let yesterday = today.checked_sub(Span::new().days(1))?;
        let this_month = today.first_of_month();
        Ok(match range {
            DateRange::Today | DateRange::Realtime => Self::of_days(today, today),
            DateRange::Days(days) => {
                Self::of_days(today.checked_sub(Span::new().days(i64::from(days)))?, yesterday)
            }
            DateRange::Month => Self::of_days(this_month, today.last_of_month()),
            DateRange::Months(months) => Self::of_days(
                this_month.checked_sub(Span::new().months(i64::from(months)))?,
                this_month.checked_sub(Span::new().days(1))?,
            ),
            DateRange::Year => Self::of_days(today.first_of_year(), today.last_of_year()),
            DateRange::All => Self::of_days(born.unwrap_or(today).min(today), today),
            DateRange::Dates(first, last) => Self::of_days(first, last),
            DateRange::HalfHour => {
                let minute = now.as_second().div_euclid(60) * 60;
                let since = Timestamp::from_second(minute - 60 * (HALF_HOUR - 1))?;
                Self { since: Some(since), ..Self::of_days(since.to_zoned(zone.clone()).date(), today) }
            }
            DateRange::LastDay => {
                let begins = now.checked_sub(SignedDuration::from_hours(23))?;
                Self::of_hours(&begins.to_zoned(zone.clone()), &now.to_zoned(zone.clone()))
            }
            DateRange::Instants(first, last) => {
                Self::of_hours(&first.to_zoned(zone.clone()), &last.to_zoned(zone.clone()))
            }
        })
    }

    /// Whole days.
    #[must_use]
    pub const fn of_days(first: Date, last: Date) -> Self {
        Self { first, last, since: None, hours: None }
    }

    fn of_hours(first: &Zoned, last: &Zoned) -> Self {
        let hours = (first.hour(), last.hour());
        Self {
            first: first.date(),
            last: last.date(),
            since: None,
            hours: (hours != (0, 23)).then_some(hours),
        }
    }

    /// The period that `comparisons` sets beside this one.
    ///
    /// # Errors
    /// Outside the years the calendar can hold.
    pub(crate) fn compared(self, comparisons: &Comparisons) -> Result<Self, jiff::Error> {
        let weeks = |days: i64| if comparisons.match_day_of_week { (days + 6) / 7 * 7 } else { days };
        let back = match comparisons.mode {
            ComparisonMode::PreviousPeriod => Span::new().days(weeks(self.days())),
            ComparisonMode::YearOverYear if comparisons.match_day_of_week => Span::new().weeks(52),
            ComparisonMode::YearOverYear => Span::new().years(1),
            ComparisonMode::Custom(first, last) => {
                let ahead = if comparisons.match_day_of_week {
                    i64::from(self.first.weekday().since(first.weekday()))
                } else {
                    0
                };
                let ahead = Span::new().days(ahead);
                return Ok(Self::of_days(first.checked_add(ahead)?, last.checked_add(ahead)?));
            }
        };
        Ok(Self { first: self.first.checked_sub(back)?, last: self.last.checked_sub(back)?, ..self })
    }

    /// Whether the hour lies in it, when it has only some.
    fn has_hour(self, date: Date, hour: i8) -> bool {
        self.hours
            .is_none_or(|(from, to)| (self.first, from) <= (date, hour) && (date, hour) <= (self.last, to))
    }

    /// How many days it has.
    pub(crate) fn days(self) -> i64 {
        days_between(self.first, self.last) + 1
    }

    /// The unit that `dimension` means for this period.
    pub(crate) fn interval(self, dimension: Dimension) -> Option<Interval> {
        let interval = if dimension == Dimension::Time {
            match self.days() {
                ..=2 => Interval::Hour,
                3..=40 => Interval::Day,
                41..=364 => Interval::Week,
                _ => Interval::Month,
            }
        } else {
            let named = [
                (Dimension::TimeHour, Interval::Hour),
                (Dimension::TimeHourOfWeek, Interval::HourOfWeek),
                (Dimension::TimeMinute, Interval::Minute),
                (Dimension::TimeDay, Interval::Day),
                (Dimension::TimeWeek, Interval::Week),
                (Dimension::TimeMonth, Interval::Month),
            ];
            named.into_iter().find(|(name, _)| *name == dimension)?.1
        };
        Some(interval)
    }

    /// Every bucket of the period in order. Hours are those of the site's clock: the hour that a day of 23 has not is
    /// missing, the hour that a day of 25 has twice stands once.
    pub(crate) fn buckets(self, interval: Interval, zone: &TimeZone) -> Result<Vec<Bucket>, jiff::Error> {
        let mut buckets = Vec::new();
        let mut push = |bucket: Bucket| {
            if buckets.last() != Some(&bucket) {
                buckets.push(bucket);
            }
        };
        match interval {
            Interval::Hour | Interval::HourOfWeek => {
                let mut at = self.first.to_zoned(zone.clone())?.start_of_day()?;
                while at.date() <= self.last {
                    if self.has_hour(at.date(), at.hour()) {
                        push(if interval == Interval::HourOfWeek {
                            Bucket::of_week(at.date(), at.hour())
                        } else {
                            Bucket::Hour(at.date(), at.hour())
                        });
                    }
                    // Finer than any shift of a clock, so that an hour cut short by one is still met.
                    at = at.checked_add(SignedDuration::from_mins(15))?;
                }
                // A clock set back shows an hour again later than the one after it began.
                buckets.sort_unstable();
                buckets.dedup();
            }
            Interval::Minute => {
                let mut at = self.first.to_zoned(zone.clone())?.start_of_day()?;
                let mut end = self.last.tomorrow()?.to_zoned(zone.clone())?.timestamp();
                if let Some(since) = self.since {
                    at = since.to_zoned(zone.clone());
                    end = since.checked_add(SignedDuration::from_mins(HALF_HOUR))?;
                }
                while at.timestamp() < end {
                    push(Bucket::Minute(at.date(), i16::from(at.hour()) * 60 + i16::from(at.minute())));
                    at = at.checked_add(SignedDuration::from_mins(1))?;
                }
                buckets.sort_unstable();
                buckets.dedup();
            }
            Interval::Day | Interval::Week | Interval::Month => {
                let mut day = self.first;
                while day <= self.last {
                    push(Bucket::Date(self.clamped(interval, day)));
                    day = day.tomorrow()?;
                }
            }
        }
        Ok(buckets)
    }

    /// The first day of the bucket that `day` falls into, not before the period's own first day.
    pub(crate) fn clamped(self, interval: Interval, day: Date) -> Date {
        let begins = match interval {
            Interval::Hour | Interval::HourOfWeek | Interval::Minute | Interval::Day => day,
            Interval::Week => monday_of(day),
            Interval::Month => day.first_of_month(),
        };
        begins.max(self.first)
    }
}

/// One unit of a time series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Bucket {
    /// A day, or the first day of a week or month.
    Date(Date),
    /// An hour of a day on the site's clock.
    Hour(Date, i8),
    /// A weekday, Monday being 0, and an hour on the site's clock.
    HourOfWeek(i8, i8),
    /// A minute of a day on the site's clock.
    Minute(Date, i16),
}

impl Bucket {
    /// The hour of the week that this hour is.
    pub(crate) fn of_week(day: Date, hour: i8) -> Self {
        Self::HourOfWeek(day.weekday().to_monday_zero_offset(), hour)
    }

    /// As the v2 API spells it.
    pub(crate) fn label(self) -> String {
        match self {
            Self::Date(date) => date.to_string(),
            Self::Hour(date, hour) => format!("{date} {hour:02}:00:00"),
            Self::HourOfWeek(weekday, hour) => format!("{} {hour:02}", weekday + 1),
            Self::Minute(date, minute) => format!("{date} {:02}:{:02}:00", minute / 60, minute % 60),
        }
    }

    /// Whether it has begun at `now`, a local time of the site.
    pub(crate) fn has_begun(self, now: &Zoned) -> bool {
        match self {
            Self::Date(date) => date <= now.date(),
            Self::Hour(date, hour) => (date, hour) <= (now.date(), now.hour()),
            Self::Minute(date, minute) => {
                (date, minute) <= (now.date(), i16::from(now.hour()) * 60 + i16::from(now.minute()))
            }
            // All weeks of the range together.
            Self::HourOfWeek(..) => true,
        }
    }
}

fn monday_of(day: Date) -> Date {
    let since = day.weekday().since(Weekday::Monday);
    day.checked_sub(Span::new().days(i64::from(since))).unwrap_or(day)
}

fn days_between(first: Date, last: Date) -> i64 {
    first.until((Unit::Day, last)).map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(range: DateRange, now: &str, zone_name: &str) -> (String, String) {
        let period = Period::resolve(range, now.parse().unwrap(), &zone(zone_name), None).unwrap();
        (period.first.to_string(), period.last.to_string())
    }

    #[test]
    fn relative_ranges_end_yesterday_on_the_sites_calendar() {
        // 20:00 UTC is already the 23rd in Almaty.
        let now = "2026-11-22T20:00:00Z";
        assert_eq!(at(DateRange::Today, now, "Asia/Almaty"), ("2026-11-23".into(), "2026-11-23".into()));
        assert_eq!(at(DateRange::Days(7), now, "Asia/Almaty"), ("2026-11-16".into(), "2026-11-22".into()));
        assert_eq!(at(DateRange::Days(7), now, "UTC"), ("2026-11-15".into(), "2026-11-21".into()));
        assert_eq!(at(DateRange::Month, now, "UTC"), ("2026-11-01".into(), "2026-11-30".into()));
        assert_eq!(at(DateRange::Months(12), now, "UTC"), ("2025-11-01".into(), "2026-10-31".into()));
        assert_eq!(at(DateRange::All, now, "UTC"), ("2026-11-22".into(), "2026-11-22".into()));
    }

    #[test]
    fn half_an_hour_is_the_current_minute_and_the_29_before_it() {
        let almaty = zone("Asia/Almaty");
        // Ten minutes past midnight there.
        let now: Timestamp = "2026-11-22T19:10:59Z".parse().unwrap();
        let period = Period::resolve(DateRange::HalfHour, now, &almaty, None).unwrap();
        assert_eq!((period.first, period.last), (date(2026, 11, 22), date(2026, 11, 23)));
        let labels: Vec<_> = period.buckets(Interval::Minute, &almaty).unwrap();
        let labels: Vec<_> = labels.into_iter().map(Bucket::label).collect();
        assert_eq!(labels.len(), 30);
        assert_eq!((labels[0].as_str(), labels[29].as_str()), ("2026-11-22 23:41:00", "2026-11-23 00:10:00"));
        let now = now.to_zoned(almaty);
        assert!(Bucket::Minute(date(2026, 11, 23), 10).has_begun(&now));
        assert!(!Bucket::Minute(date(2026, 11, 23), 11).has_begun(&now));
    }

    #[test]
    fn the_automatic_unit_grows_with_the_range() {
        let unit = |last| Period::of_days(date(2026, 1, 1), last).interval(Dimension::Time).unwrap();
        assert_eq!(unit(date(2026, 1, 2)), Interval::Hour);
        assert_eq!(unit(date(2026, 1, 3)), Interval::Day);
        assert_eq!(unit(date(2026, 2, 9)), Interval::Day);
        assert_eq!(unit(date(2026, 2, 10)), Interval::Week);
        assert_eq!(unit(date(2026, 12, 31)), Interval::Month);
    }

    #[test]
    fn days_of_23_and_25_hours_show_23_and_24_labels() {
        let hours = |day, name: &str| {
            let period = Period::of_days(day, day);
            let labels = period.buckets(Interval::Hour, &zone(name)).unwrap();
            labels.into_iter().map(Bucket::label).collect::<Vec<_>>()
        };
        let spring = hours(date(2026, 3, 29), "Europe/Berlin");
        assert_eq!(spring.len(), 23);
        assert!(!spring.contains(&"2026-03-29 02:00:00".to_owned()));
        assert_eq!(hours(date(2026, 10, 25), "Europe/Berlin").len(), 24);
        assert_eq!(hours(date(2026, 4, 5), "Australia/Lord_Howe").len(), 24);
        assert_eq!(hours(date(2026, 10, 4), "Australia/Lord_Howe").len(), 24);
        assert_eq!(hours(date(2026, 11, 22), "Asia/Kathmandu").len(), 24);
    }

    #[test]
    fn weeks_begin_on_monday_and_the_first_is_cut_to_the_range() {
        let period = Period::of_days(date(2026, 11, 18), date(2026, 12, 1));
        let weeks = period.buckets(Interval::Week, &TimeZone::UTC).unwrap();
        let labels: Vec<_> = weeks.into_iter().map(Bucket::label).collect();
        assert_eq!(labels, ["2026-11-18", "2026-11-23", "2026-11-30"]);
    }
}
