use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;

use super::*;

const PROXY: &str = "10.0.0.7";

fn trusted() -> TrustedProxies {
    TrustedProxies::parse(&["10.0.0.0/8", "fd00::/8", "loopback"]).unwrap()
}

fn headers(name: &'static str, lines: &[&str]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for line in lines {
        map.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    map
}

fn resolved(peer: &str, name: &'static str, lines: &[&str]) -> String {
    let client = ClientAddress::resolve(&Peer::parse(peer).unwrap(), &headers(name, lines), &trusted());
    client.for_lookup().to_string()
}

#[test]
fn a_stranger_is_who_they_are_whatever_the_headers_say() {
    assert_eq!(resolved("203.0.113.9", "x-forwarded-for", &["1.1.1.1"]), "203.0.113.9");
    assert_eq!(resolved("203.0.113.9", "forwarded", &["for=1.1.1.1"]), "203.0.113.9");
}

#[test]
fn x_forwarded_for_is_read_from_the_right_to_the_first_untrusted() {
    let cases: &[(&[&str], &str)] = &[
        (&["203.0.113.9"], "203.0.113.9"),
        (&["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        (&["1.1.1.1, 203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        (&["1.1.1.1", "203.0.113.9, 10.1.2.3", "10.9.9.9"], "203.0.113.9"),
        (&["203.0.113.9:4711"], "203.0.113.9"),
        (&["[2001:db8::9]:4711"], "2001:db8::9"),
        (&["[2001:db8::9]"], "2001:db8::9"),
        (&["2001:db8::9"], "2001:db8::9"),
        (&["[fe80::9%eth0]"], "fe80::9"),
        (&["::ffff:203.0.113.9"], "203.0.113.9"),
        (&["203.0.113.9, ::ffff:10.1.2.3"], "203.0.113.9"),
        (&["203.0.113.9, fd00::1"], "203.0.113.9"),
        // All trusted: the left-most.
        (&["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        // No address at all: the proxy itself.
        (&[], PROXY),
        (&[""], PROXY),
        (&["203.0.113.9, "], PROXY),
        (&["203.0.113.9, unknown"], PROXY),
        (&["203.0.113.9, unknown, 10.4.4.4"], "10.4.4.4"),
        (&["203.0.113.9, 300.1.1.1"], PROXY),
        (&["203.0.113.9, 1.2.3.4:port"], PROXY),
        (&["203.0.113.9, [::1"], PROXY),
        (&["203.0.113.9, [::1]x"], PROXY),
        (&["203.0.113.9, кто"], PROXY),
        (&["\", 203.0.113.9"], "203.0.113.9"),
    ];
    for (lines, expected) in cases {
        assert_eq!(resolved(PROXY, "x-forwarded-for", lines), *expected, "{lines:?}");
    }
}

#[test]
fn forwarded_is_read_when_there_is_no_x_forwarded_for() {
    let cases: &[(&[&str], &str)] = &[
        (&["for=203.0.113.9"], "203.0.113.9"),
        (&["For=\"203.0.113.9:4711\";proto=https;by=10.0.0.7"], "203.0.113.9"),
        (&["for=1.1.1.1, for=\"[2001:db8::9]:4711\""], "2001:db8::9"),
        (&["for=1.1.1.1, for=203.0.113.9", "for=10.1.1.1;host=\"a,b;c\""], "203.0.113.9"),
        (&["for=203.0.113.9;proto=http, for=_hidden"], PROXY),
        (&["for=203.0.113.9, for=unknown"], PROXY),
        (&["for=203.0.113.9, proto=https"], PROXY),
        (&["for=203.0.113.9, for=1.1.1.1;for=2.2.2.2"], PROXY),
        (&["for=9.9.9.9;x=\", for=\"[2001:db8::9]\""], PROXY),
        (&["for=\"203.0.113.9:_port\""], "203.0.113.9"),
    ];
    for (lines, expected) in cases {
        assert_eq!(resolved(PROXY, "forwarded", lines), *expected, "{lines:?}");
    }
    let mut both = headers("forwarded", &["for=1.1.1.1"]);
    both.insert("x-forwarded-for", HeaderValue::from_static("203.0.113.9"));
    let client = ClientAddress::resolve(&Peer::parse(PROXY).unwrap(), &both, &trusted());
    assert_eq!(client.for_lookup().to_string(), "203.0.113.9");
}

#[test]
fn a_chain_longer_than_any_real_one_is_not_read_to_its_end() {
    let line = format!("203.0.113.9{}", ", 10.1.1.1".repeat(40));
    assert_eq!(resolved(PROXY, "x-forwarded-for", &[&line]), "10.1.1.1");
}

#[test]
fn networks_are_read_or_refused_by_name() {
    for good in [
        "10.0.0.0/8",
        "192.0.2.7",
        "::1",
        "fd00::/8",
        "0.0.0.0/0",
        "::/0",
        "::ffff:10.0.0.0/104",
        " Loopback ",
    ] {
        assert!(TrustedProxies::parse(&[good]).is_ok(), "{good}");
    }
    for bad in [
        "",
        "proxy",
        "10.0.0.0/",
        "10.0.0.0/+8",
        "10.0.0.0/33",
        "::/129",
        "10.0.0.1/8",
        "10.0.0/8",
        "1.2.3.4/8/8",
    ] {
        let errors = TrustedProxies::parse(&["127.0.0.1", bad]).unwrap_err();
        assert_eq!(errors.len(), 1, "{bad}");
        assert!(errors[0].to_string().contains(bad), "{}", errors[0]);
    }
    assert_eq!(TrustedProxies::parse(&["x", "::1", "y"]).unwrap_err().len(), 2);
    assert!(TrustedProxies::default().is_empty());
}

#[test]
fn all_of_ipv6_does_not_include_ipv4() {
    let list = TrustedProxies::parse(&["::/0"]).unwrap();
    assert!(list.contains(Peer::parse("2001:db8::1").unwrap().octets));
    assert!(!list.contains(Peer::parse("10.0.0.1").unwrap().octets));
    let mapped = TrustedProxies::parse(&["::ffff:10.0.0.0/104"]).unwrap();
    assert!(mapped.contains(Peer::parse("10.0.0.1").unwrap().octets));
}

#[test]
fn only_the_64_bit_prefix_of_ipv6_is_hashed_and_all_of_ipv4() {
    let prefix = |text: &str| ClientAddress::parse(text).unwrap().prefix_bytes().as_slice().to_vec();
    assert_eq!(prefix("2001:db8:1:2:3:4:5:6"), prefix("2001:db8:1:2::1"));
    assert_ne!(prefix("2001:db8:1:2::1"), prefix("2001:db8:1:3::1"));
    assert_eq!(prefix("203.0.113.9"), [203, 0, 113, 9]);
    assert_eq!(prefix("::ffff:203.0.113.9"), [203, 0, 113, 9]);
}

#[test]
fn an_address_is_overwritten_by_zeroize() {
    let mut address = ClientAddress::parse("203.0.113.9").unwrap();
    address.zeroize();
    assert_eq!(address.octets, [0; 16]);
}

proptest! {
    #[test]
    fn headers_of_a_stranger_never_matter(lines in prop::collection::vec("[ -~]{0,60}", 0..4), forwarded: bool) {
        let name = if forwarded { "forwarded" } else { "x-forwarded-for" };
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        prop_assert_eq!(resolved("203.0.113.9", name, &lines), "203.0.113.9");
    }

    #[test]
    fn a_visitor_behind_a_proxy_cannot_choose_an_address(
        forged in r#"([ -~]{0,40}|(for=|x=|"|\\|;|,|1\.2\.3\.4|\[::1\]){0,12})"#,
        v6: bool, rfc7239: bool, own_line: bool,
    ) {
        let real = if v6 { "2001:db8::9" } else { "203.0.113.9" };
        let appended = match (rfc7239, v6) {
            (true, true) => format!("for=\"[{real}]\""),
            (true, false) => format!("for={real}"),
            (false, _) => real.to_owned(),
        };
        let lines = if own_line { vec![forged, appended] } else { vec![format!("{forged}, {appended}")] };
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let client = resolved(PROXY, if rfc7239 { "forwarded" } else { "x-forwarded-for" }, &lines);
        if rfc7239 {
            prop_assert!(client == real || client == PROXY, "{}", client);
        } else {
            prop_assert_eq!(client, real);
        }
    }

    #[test]
    fn any_header_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), rfc7239: bool) {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            let mut map = HeaderMap::new();
            map.insert(if rfc7239 { "forwarded" } else { "x-forwarded-for" }, value);
            let _ = ClientAddress::resolve(&Peer::parse(PROXY).unwrap(), &map, &trusted());
        }
    }

    #[test]
    fn any_network_text_is_read_or_refused(text in "[0-9a-f:./ ]{0,40}") {
        let _ = TrustedProxies::parse(&[text]);
    }
}

#[test]
fn an_address_has_a_class_and_a_class_has_no_address() {
    for (address, class) in [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("10.1.2.3", "private"),
        ("192.168.0.1", "private"),
        ("169.254.1.1", "private"),
        ("fd00::1", "private"),
        ("fe80::1", "private"),
        ("203.0.113.9", "IPv4 public"),
        ("2a02:4780::9", "IPv6 public"),
    ] {
        assert_eq!(ClientAddress::parse(address).unwrap().class(), class, "{address}");
    }
}

#[test]
fn a_shield_holds_whoever_is_within_its_networks() {
    let networks = Networks::parse(&["198.51.100.0/24", "2001:db8::/32", "203.0.113.7"]).unwrap();
    let held = |address| networks.contain(&ClientAddress::parse(address).unwrap());
    assert!(
        held("198.51.100.9") && held("2001:db8:1::2") && held("203.0.113.7") && held("::ffff:198.51.100.9")
    );
    assert!(!held("198.51.101.9") && !held("2001:db9::2") && !held("203.0.113.8"));
    assert!(Networks::parse(&["198.51.100.0/33"]).is_err());
}
