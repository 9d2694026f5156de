//! Domains and time zones of sites, as people type them and as they are stored.
//!
//! A domain is stored as the tracker names it: lower case, punycode, without scheme, port, path and `www.`.

use jiff::tz::TimeZone;
use url::Host;

/// What was typed is not a domain a site can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a domain")]
pub struct BadDomain;

/// The stored form of what was typed; people paste whole addresses.
///
/// # Errors
/// When nothing in it is a host name: empty, an IP address, characters or lengths that DNS doesn't have.
pub fn normalise(typed: &str) -> Result<String, BadDomain> {
    let rest = typed.trim();
    let rest = strip_scheme(rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // `Host::parse` would decode escapes.
    if authority.contains(['@', '%']) {
        return Err(BadDomain);
    }
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        Some(_) => return Err(BadDomain),
        None => authority,
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    // `Host::parse` does the IDNA mapping, case included, and tells addresses from names.
    let ascii = match Host::parse(host) {
        Ok(Host::Domain(domain)) => domain,
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => return Err(BadDomain),
    };
    let bare = ascii.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(&ascii);
    if bare.len() <= 253 && bare.split('.').all(is_label) { Ok(bare.to_owned()) } else { Err(BadDomain) }
}

fn strip_scheme(text: &str) -> &str {
    let is = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    match ["https://", "http://"].into_iter().find(|scheme| is(scheme)) {
        Some(scheme) => &text[scheme.len()..],
        None => text,
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// What was typed is not the name of a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an IANA time zone")]
pub struct BadTimezone;

/// The zone of an IANA name, and the name as IANA spells it.
///
/// # Errors
/// When the bundled database has no zone of that name.
pub fn timezone(name: &str) -> Result<(String, TimeZone), BadTimezone> {
    let zone = TimeZone::get(name).map_err(|_| BadTimezone)?;
    let name = zone.iana_name().ok_or(BadTimezone)?.to_owned();
    Ok((name, zone))
}

/// Areas whose zones people live in. The others (`Etc`, `US`, `posix`, `Brazil`) hold aliases and fixed offsets.
const AREAS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// The names to choose from, in alphabetical order, and `UTC`.
#[must_use]
pub fn timezones() -> Vec<String> {
    let mut names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| name == "UTC" || name.split_once('/').is_some_and(|(area, _)| AREAS.contains(&area)))
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_becomes_the_name_the_tracker_sends() {
        for (typed, stored) in [
            ("example.kz", "example.kz"),
            ("  WWW.Example.KZ ", "example.kz"),
            ("https://www.example.kz/kk/?a=b#c", "example.kz"),
            ("HTTP://example.kz:8080", "example.kz"),
            ("example.kz.", "example.kz"),
            ("localhost", "localhost"),
            ("www.kz", "www.kz"),
            ("blog.example.kz", "blog.example.kz"),
        ] {
            assert_eq!(normalise(typed).as_deref(), Ok(stored), "{typed}");
        }
    }

    #[test]
    fn a_kazakh_domain_is_stored_in_punycode() {
        // .қаз is a real top-level domain; its delegation is xn--80ao21a.
        let stored = normalise("Санақ.ҚАЗ").unwrap();
        assert!(stored.starts_with("xn--") && stored.ends_with(".xn--80ao21a"), "{stored}");
        assert_eq!(normalise(&stored).as_deref(), Ok(stored.as_str()));
    }

    #[test]
    fn what_dns_could_not_hold_is_refused() {
        let long_label = format!("{}.kz", "a".repeat(64));
        let long_name = format!("{}kz", "abcdefgh.".repeat(30));
        for typed in [
            "",
            " ",
            "https://",
            ".",
            "a..kz",
            "-a.kz",
            "a-.kz",
            "a_b.kz",
            "a b.kz",
            "1.2.3.4",
            "[::1]",
            "::1",
            "user@example.kz",
            "example.kz:http",
            "<script>.kz",
            "ftp://example.kz",
            "a%2eb",
            "..",
            &long_label,
            &long_name,
            "example.kz\n.evil",
            "exam\0ple.kz",
        ] {
            assert_eq!(normalise(typed), Err(BadDomain), "{typed:?}");
        }
    }

    #[test]
    fn a_zone_is_known_by_its_iana_name_only() {
        assert_eq!(timezone("asia/almaty").unwrap().0, "Asia/Almaty");
        for bad in ["", "Almaty", "+05:00", "Asia/Nowhere", "UTC+5"] {
            assert_eq!(timezone(bad).err(), Some(BadTimezone), "{bad}");
        }
    }

    #[test]
    fn the_list_to_choose_from_has_places_and_no_aliases_of_offsets() {
        let names = timezones();
        assert!(names.len() > 300, "{}", names.len());
        assert!(names.is_sorted());
        for name in ["Asia/Almaty", "Asia/Qostanay", "Asia/Kathmandu", "UTC"] {
            assert!(names.iter().any(|n| n == name), "{name}");
        }
        assert!(!names.iter().any(|n| n.starts_with("Etc/") || n.starts_with("posix/")));
        assert!(names.iter().all(|name| timezone(name).is_ok()));
    }
}
