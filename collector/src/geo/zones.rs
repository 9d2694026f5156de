//! The country of an IANA time zone.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Country;

static COUNTRIES: LazyLock<HashMap<&'static str, Country>> = LazyLock::new(|| {
    let lines = include_str!("../../data/zones/countries.txt").lines().filter(|line| !line.starts_with('#'));
    let mut countries = HashMap::new();
    for mut words in lines.map(str::split_ascii_whitespace) {
        if let Some(country) = words.next().and_then(Country::from_code) {
            countries.extend(words.map(|zone| (zone, country)));
        }
    }
    countries
});

/// The country of a time zone; `None` for one that lies in none (`UTC`) or that is not known.
pub(super) fn country(zone: &str) -> Option<Country> {
    COUNTRIES.get(zone).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_lies_in_its_country_under_every_name_it_had() {
        let of = |zone: &str| country(zone).map(|c| c.as_str().to_owned());
        for zone in [
            "Asia/Almaty",
            "Asia/Aqtau",
            "Asia/Aqtobe",
            "Asia/Atyrau",
            "Asia/Oral",
            "Asia/Qostanay",
            "Asia/Qyzylorda",
        ] {
            assert_eq!(of(zone).as_deref(), Some("KZ"), "{zone}");
        }
        for (zone, code) in [
            ("Asia/Tashkent", "UZ"),
            ("Asia/Calcutta", "IN"),
            ("Europe/Kiev", "UA"),
            ("Europe/Kyiv", "UA"),
            ("US/Pacific", "US"),
            ("Europe/Stockholm", "SE"),
            ("Africa/Asmera", "ER"),
            ("Iceland", "IS"),
            ("America/Indiana/Knox", "US"),
        ] {
            assert_eq!(of(zone).as_deref(), Some(code), "{zone}");
        }
        for zone in ["UTC", "Etc/GMT-5", "CET", "", "Asia/Nowhere", "KZ"] {
            assert_eq!(of(zone), None, "{zone}");
        }
    }

    #[test]
    fn every_zone_of_the_list_is_one_and_stands_there_once() {
        let zones: Vec<&str> = include_str!("../../data/zones/countries.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(|line| line.split_ascii_whitespace().skip(1))
            .collect();
        assert!(zones.len() > 500);
        assert_eq!(zones.len(), COUNTRIES.len());
        for zone in zones {
            assert!(jiff::tz::TimeZone::get(zone).is_ok(), "{zone}");
        }
    }
}
