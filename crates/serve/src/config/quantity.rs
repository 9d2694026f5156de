//! Durations and sizes with their units.

use std::time::Duration;

/// A number with one of these units, times the unit's worth. Whole numbers only.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let (_, worth) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*worth)
}

/// In the largest unit that leaves a whole number.
fn show(number: u64, units: &[(&str, u64)]) -> String {
    let largest = units.iter().rev().find(|(_, worth)| number != 0 && number.is_multiple_of(*worth));
    let (unit, worth) = largest.unwrap_or(&units[0]);
    format!("{}{unit}", number / worth)
}

const DURATIONS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

const SIZES: [(&str, u64); 5] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// `250ms`, `5s`, `10m`, `2h`, `30d`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    parse(text, &DURATIONS).map(Duration::from_millis)
}

/// A duration as [`duration`] reads it; what is finer than a millisecond is cut off.
pub(super) fn show_duration(duration: Duration) -> String {
    show(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), &DURATIONS)
}

/// `512B`, `16KiB`, `2GiB`.
pub(super) fn size(text: &str) -> Option<u64> {
    parse(text, &SIZES)
}

/// A size as [`size`] reads it.
pub(super) fn show_size(bytes: u64) -> String {
    show(bytes, &SIZES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_needs_a_known_unit_and_a_whole_number() {
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("5 s"), Some(Duration::from_secs(5)));
        assert_eq!(duration("2h"), Some(Duration::from_secs(7200)));
        assert_eq!(size("16KiB"), Some(16 * 1024));
        assert_eq!(size("0B"), Some(0));
        for wrong in
            ["", "5", "s", "-5s", "1.5s", "5S", "5s ", "5 m s", "99999999999999999999s", "9999999999999999d"]
        {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
        for wrong in ["16KB", "16kib", "16384", "16 777 216B", "99999999TiB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for (text, millis) in
            [("0ms", 0), ("1ms", 1), ("1500ms", 1500), ("90s", 90_000), ("2m", 120_000), ("3d", 259_200_000)]
        {
            let value = Duration::from_millis(millis);
            assert_eq!(show_duration(value), text);
            assert_eq!(duration(text), Some(value));
        }
        for (text, bytes) in [("0B", 0), ("1000B", 1000), ("16KiB", 16384), ("2GiB", 2 << 30)] {
            assert_eq!(show_size(bytes), text);
            assert_eq!(size(text), Some(bytes));
        }
    }
}
