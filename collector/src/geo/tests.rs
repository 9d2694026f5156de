use std::path::PathBuf;

use jiff::Timestamp;
use proptest::prelude::*;

use super::mmdb::{self, Range};
use super::*;

fn code(text: &str) -> Country {
    Country::from_code(text).unwrap()
}

/// From the bytes of a file.
fn geo_of(file: Vec<u8>) -> Result<Geo, GeoError> {
    Ok(Geo::with(Some(Database::of(Reader::from_source(file)?)?), None, None))
}

fn geo(ranges: &[Range]) -> Geo {
    geo_of(mmdb::write(ranges, "test", 1_700_000_000).unwrap()).unwrap()
}

/// The country of the address of these bits; IPv4 is held mapped, but stands in `::/96` of the file.
fn country_of(geo: &Geo, bits: u128) -> Option<Country> {
    let mapped = if bits >> 32 == 0 { bits | (0xFFFF << 32) } else { bits };
    geo.country(&ClientAddress::from_bits(mapped), None)
}

#[test]
fn codes_that_stand_for_no_country_are_ignored() {
    for none in ["ZZ", "XX", "T1", "EU", "AP", "A1", "A2", "??", "", "K", "KAZ", "қз"] {
        assert_eq!(Country::from_code(none), None, "{none}");
    }
    assert_eq!((code("kz").as_str(), code("UK").as_str()), ("KZ", "GB"));
}

#[test]
fn the_time_zone_decides_where_no_database_does() {
    let client = ClientAddress::parse("203.0.113.9").unwrap();
    let geo_by_zone = Geo::time_zone_only();
    assert_eq!(geo_by_zone.country(&client, Some("Asia/Almaty")), Some(code("KZ")));
    assert_eq!(geo_by_zone.country(&client, Some("UTC")), None);
    assert_eq!(geo_by_zone.country(&client, None), None);
    assert_eq!((geo_by_zone.attribution(), geo_by_zone.built_at()), (None, None));

    let v4 = |text: &str| {
        u128::from_be_bytes({
            let mut octets = [0; 16];
            octets[12..].copy_from_slice(ClientAddress::parse(text).unwrap().prefix_bytes().as_slice());
            octets
        })
    };
    let geo = geo(&[Range { start: v4("192.0.2.0"), end: v4("192.0.2.255"), country: code("DE") }]);
    assert_eq!(
        geo.country(&ClientAddress::parse("192.0.2.77").unwrap(), Some("Asia/Almaty")),
        Some(code("DE"))
    );
    assert_eq!(geo.country(&ClientAddress::parse("::ffff:192.0.2.77").unwrap(), None), Some(code("DE")));
    assert_eq!(geo.country(&client, Some("Asia/Almaty")), Some(code("KZ")));
    assert_eq!((geo.attribution(), geo.built_at()), (Some("test".to_owned()), Some(1_700_000_000)));
}

#[test]
fn a_file_that_is_no_database_of_countries_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(Geo::open(file.path()), Err(GeoError::Unreadable(_))));
    std::fs::write(file.path(), b"not an mmdb").unwrap();
    assert!(matches!(Geo::open(file.path()), Err(GeoError::Unreadable(_))));
    assert!(matches!(Geo::open(std::path::Path::new("/nowhere/x.mmdb")), Err(GeoError::Unreadable(_))));
    let empty = mmdb::write(&[], "empty", 0).unwrap();
    assert!(matches!(geo_of(empty), Err(GeoError::NoCountries)));
}

/// A flat record, `{"country_code": "KZ"}`, for all of IPv6: one node that leads to it on both sides.
#[test]
fn the_flat_schema_is_read_too() {
    let mut nested =
        mmdb::write(&[Range { start: 0, end: u128::MAX, country: code("KZ") }], "flat", 0).unwrap();
    let record: &[u8] = b"\xE1\x47country\xE1\x48iso_code\x42KZ";
    let at = nested.windows(record.len()).position(|window| window == record).expect("the record as written");
    nested.splice(at..at + record.len(), *b"\xE1\x4Ccountry_code\x42KZ");
    let geo = geo_of(nested).unwrap();
    assert_eq!(geo.country(&ClientAddress::parse("2001:db8::1").unwrap(), None), Some(code("KZ")));
}

/// All of IPv6 is one record, these bytes of the format's data section.
fn all_is(record: &[u8]) -> Geo {
    let mut file =
        mmdb::write(&[Range { start: 0, end: u128::MAX, country: code("KZ") }], "record", 0).unwrap();
    let written: &[u8] = b"\xE1\x47country\xE1\x48iso_code\x42KZ";
    let at = file.windows(written.len()).position(|window| window == written).expect("the record as written");
    file.splice(at..at + written.len(), record.iter().copied());
    geo_of(file).unwrap()
}

/// All the world is in the city of Almaty.
pub(crate) fn almaty() -> Geo {
    all_is(b"\xE2\x4Ccountry_code\x42KZ\x46state1\x46Almaty")
}

#[test]
fn a_region_is_told_only_where_it_is_asked_for() {
    let nested = b"\xE2\x47country\xE1\x48iso_code\x42KZ\x4Csubdivisions\x01\x04\xE1\x48iso_code\x43ALA";
    let flat = b"\xE2\x4Ccountry_code\x42KZ\x46state1\x46Almaty";
    let client = ClientAddress::parse("2001:db8::1").unwrap();
    for record in [&nested[..], &flat[..]] {
        let place = all_is(record).place(&client, None);
        assert_eq!((place.country, place.region), (Some(code("KZ")), None));
        let place = all_is(record).with_regions(true).place(&client, None);
        assert_eq!(place.region.map(|region| region.as_str().to_owned()).as_deref(), Some("KZ-75"));
    }
    let unnamed = all_is(b"\xE1\x4Ccountry_code\x42KZ").with_regions(true).place(&client, None);
    assert_eq!((unnamed.country, unnamed.region), (Some(code("KZ")), None));
}

#[test]
fn a_replaced_file_is_taken_up_and_a_broken_one_is_not() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let all = |country: &str, built_at| {
        mmdb::write(&[Range { start: 0, end: u128::MAX, country: code(country) }], "test", built_at).unwrap()
    };
    // Times of change are set, as two writes may fall within one tick of the file system.
    let write = |bytes: &[u8], at: u64| {
        std::fs::write(file.path(), bytes).unwrap();
        let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(at);
        std::fs::File::options().write(true).open(file.path()).unwrap().set_modified(at).unwrap();
    };
    write(&all("KZ", 1), 1);
    let geo = Geo::open(file.path()).unwrap();
    let client = ClientAddress::parse("2001:db8::1").unwrap();
    let country = || geo.country(&client, None).map(|country| country.as_str().to_owned());
    assert_eq!((geo.refresh(), country().as_deref()), (Refresh::Unchanged, Some("KZ")));

    write(b"not an mmdb", 2);
    assert_eq!((geo.refresh(), country().as_deref(), geo.failures()), (Refresh::Failed, Some("KZ"), 1));
    assert_eq!((geo.refresh(), geo.failures()), (Refresh::Unchanged, 1), "it is tried once");

    write(&all("UZ", 3), 3);
    assert_eq!((geo.refresh(), country().as_deref()), (Refresh::Reloaded, Some("UZ")));
    assert_eq!((geo.built_at(), geo.failures()), (Some(3), 1));

    std::fs::remove_file(file.path()).unwrap();
    assert_eq!((geo.refresh(), country().as_deref(), geo.failures()), (Refresh::Failed, Some("UZ"), 2));
    assert_eq!(Geo::time_zone_only().refresh(), Refresh::Unchanged);
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        edges in prop::collection::btree_set(prop_oneof![any::<u32>().prop_map(u128::from), any::<u128>().prop_map(|b| b | (1 << 125))], 2..40),
        probes in prop::collection::vec(any::<u128>(), 20),
    ) {
        let codes = ["KZ", "UZ", "KG"].map(code);
        let edges: Vec<u128> = edges.into_iter().collect();
        let ranges: Vec<Range> = edges.chunks_exact(2).enumerate()
            // `start + 1 ..= end`: neighbours never touch by accident and single addresses occur.
            .map(|(i, pair)| Range { start: pair[0] + 1, end: pair[1], country: codes[i % 3] })
            .filter(|range| range.start >> 32 != 0 || range.end >> 32 == 0)
            .collect();
        prop_assume!(!ranges.is_empty());
        let geo = geo(&ranges);
        let of_edges = edges.iter().flat_map(|edge| [*edge, edge.saturating_add(1), edge.saturating_sub(1)]);
        for bits in of_edges.chain(probes).filter(|bits| bits >> 32 != 0xFFFF) {
            let expected = ranges.iter().find(|range| range.start <= bits && bits <= range.end).map(|range| range.country);
            prop_assert_eq!(country_of(&geo, bits), expected);
        }
    }
}

/// Text ranges in the form of `tor-geoipdb`, and what they say.
fn written(v4: &str, v6: &str) -> Result<Vec<u8>, build::BuildError> {
    let directory = tempfile::tempdir().unwrap();
    let (v4_path, v6_path) = (directory.path().join("geoip"), directory.path().join("geoip6"));
    std::fs::write(&v4_path, v4).unwrap();
    std::fs::write(&v6_path, v6).unwrap();
    build::from_ranges(&v4_path, &v6_path, Timestamp::UNIX_EPOCH)
}

#[test]
fn text_ranges_become_a_database_that_names_its_licence() {
    let v4 = "# a comment\n\n16777216,16777471,AU\n3405803776,3405804031,KZ\n3405804032,3405804287,??\n";
    let file = written(v4, "2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,UZ\n").unwrap();
    let geo = geo_of(file).unwrap();
    let country =
        |text: &str| geo.country(&ClientAddress::parse(text).unwrap(), None).map(|c| c.as_str().to_owned());
    assert_eq!(country("203.0.113.9").as_deref(), Some("KZ"));
    assert_eq!(country("203.0.114.9"), None);
    assert_eq!(country("1.0.0.255").as_deref(), Some("AU"));
    assert_eq!(country("2001:db8::1").as_deref(), Some("UZ"));
    assert_eq!(country("2001:db9::1"), None);
    assert!(geo.attribution().unwrap().contains("CC BY-SA 4.0"));
}

#[test]
fn a_line_that_is_no_range_is_named() {
    for (v4, v6, line) in [
        ("1,2,KZ\nx,3,KZ\n", "", 2),
        ("1,2\n", "", 1),
        ("1,2,KZ,4\n", "", 1),
        ("5,2,KZ\n", "", 1),
        ("1,5,KZ\n5,6,KZ\n", "", 2),
        ("4294967296,4294967297,KZ\n", "", 1),
        ("", "1,2,KZ\n", 1),
        ("1,2,KZ\n", "::,::1,KZ\n", 1),
    ] {
        match written(v4, v6) {
            Err(build::BuildError::NotARange { line: found, .. }) => assert_eq!(found, line, "{v4}{v6}"),
            other => panic!("{v4}{v6}: {:?}", other.map(|file| file.len())),
        }
    }
    assert!(matches!(
        build::from_ranges(&PathBuf::from("/nowhere"), &PathBuf::from("/nowhere"), Timestamp::UNIX_EPOCH),
        Err(build::BuildError::Unreadable { .. })
    ));
}

/// On a machine with Debian's ranges: 10,000 random addresses have the country that the text gives them.
#[test]
fn the_database_agrees_with_debians_ranges() {
    let (v4, v6) = (PathBuf::from("/usr/share/tor/geoip"), PathBuf::from("/usr/share/tor/geoip6"));
    if !v4.exists() {
        return;
    }
    let geo = geo_of(build::from_ranges(&v4, &v6, Timestamp::UNIX_EPOCH).unwrap()).unwrap();
    let parse = |file: &PathBuf, v6: bool| -> Vec<(u128, u128, String)> {
        std::fs::read_to_string(file)
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| {
                let fields: Vec<&str> = line.split(',').collect();
                let bits = |text: &str| {
                    if v6 { crate::address::v6_bits(text).unwrap() } else { text.parse().unwrap() }
                };
                (bits(fields[0]), bits(fields[1]), fields[2].to_owned())
            })
            .collect()
    };
    let mut checked = 0;
    for (file, is_v6) in [(&v4, false), (&v6, true)] {
        let ranges = parse(file, is_v6);
        for i in 0..5_000_u128 {
            // Half of them anywhere, half of them inside a range: most of IPv6 is empty.
            let noise = i.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835) ^ (i << 77);
            let bits = if i % 2 == 0 {
                let (start, end, _) = &ranges[usize::try_from(noise % ranges.len() as u128).unwrap()];
                start + noise % (end - start + 1)
            } else if is_v6 {
                (noise >> 3) | (1 << 125)
            } else {
                noise & 0xFFFF_FFFF
            };
            let at = ranges.partition_point(|(start, _, _)| *start <= bits);
            let expected = at
                .checked_sub(1)
                .map(|at| &ranges[at])
                .filter(|(_, end, _)| bits <= *end)
                .and_then(|(_, _, code)| Country::from_code(code));
            assert_eq!(country_of(&geo, bits), expected, "{bits:x}");
            checked += usize::from(expected.is_some());
        }
    }
    assert!(checked > 5_000, "only {checked} of the addresses had a country");
}
