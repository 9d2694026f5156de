//! What must be nowhere: the marked values of a visit, in every form in which a program could have kept them.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

pub(super) const V4: &str = "203.0.113.199";
const V4_BYTES: [u8; 4] = [203, 0, 113, 199];
pub(super) const V6: &str = "2001:db8:5ca1:ab1e:dead:beef:cafe:1234";
const V6_BYTES: [u8; 16] =
    [0x20, 0x01, 0x0d, 0xb8, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef, 0xca, 0xfe, 0x12, 0x34];
/// An ordinary browser but for the mark, so that its visits are counted.
pub(super) const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; canary91f0c4) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36";
const AGENT_MARK: &str = "canary91f0c4";
pub(super) const COOKIE: &str = "canary-cookie-55e1";
pub(super) const QUERY: &str = "canary-query-08bd";
pub(super) const REFERRER_QUERY: &str = "canary-referrer-query-d2a7";
pub(super) const EMAIL: &str = "canary.person.77@mail.example.kz";

/// A byte string that must be nowhere, and what it is.
pub(super) struct Needle {
    /// Of which value.
    pub(super) value: &'static str,
    /// In which form.
    pub(super) form: String,
    pub(super) bytes: Vec<u8>,
}

/// A form that is shorter than this stands somewhere by chance.
const SHORTEST: usize = 7;

pub(super) fn needles() -> Vec<Needle> {
    let mut needles = Vec::new();
    for (value, text) in [
        ("IPv4 address", V4),
        ("IPv6 address", V6),
        ("agent", AGENT),
        ("agent's mark", AGENT_MARK),
        ("cookie", COOKIE),
        ("query", QUERY),
        ("referrer's query", REFERRER_QUERY),
        ("e-mail address in the path", EMAIL),
    ] {
        add_text(&mut needles, value, text);
    }
    for (value, bytes) in
        [("IPv4 bytes", &V4_BYTES[..]), ("IPv6 bytes", &V6_BYTES), ("IPv6 /64", &V6_BYTES[..8])]
    {
        add_bytes(&mut needles, value, bytes);
    }
    add_address_forms(&mut needles);
    needles.retain(|needle| needle.bytes.len() >= SHORTEST);
    needles
}

fn add(needles: &mut Vec<Needle>, value: &'static str, form: impl Into<String>, bytes: impl Into<Vec<u8>>) {
    needles.push(Needle { value, form: form.into(), bytes: bytes.into() });
}

fn add_text(needles: &mut Vec<Needle>, value: &'static str, text: &str) {
    add(needles, value, "text", text);
    add(needles, value, "upper case", text.to_uppercase());
    add(needles, value, "lower case", text.to_lowercase());
    add(needles, value, "reversed text", text.chars().rev().collect::<String>());
    add(needles, value, "rot13", text.chars().map(rot13).collect::<String>());
    add(needles, value, "UTF-16 LE", text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    add(needles, value, "UTF-16 BE", text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
    add(
        needles,
        value,
        "UTF-32 LE",
        text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect::<Vec<u8>>(),
    );
    add(needles, value, "HTML entities, decimal", joined(text.as_bytes(), "", |byte| format!("&#{byte};")));
    add(
        needles,
        value,
        "HTML entities, hexadecimal",
        joined(text.as_bytes(), "", |byte| format!("&#x{byte:x};")),
    );
    add(needles, value, "JSON escapes", joined(text.as_bytes(), "", |byte| format!("\\u{byte:04x}")));
    add(needles, value, "quoted-printable", joined(text.as_bytes(), "", |byte| format!("={byte:02X}")));
    add(needles, value, "URL-encoded where needed", url_encoded(text));
    add_bytes(needles, value, text.as_bytes());
}

fn add_bytes(needles: &mut Vec<Needle>, value: &'static str, bytes: &[u8]) {
    let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
    add(needles, value, "bytes", bytes);
    add(needles, value, "reversed bytes", reversed.clone());
    for (form, bytes) in [("", bytes), (", reversed", &reversed)] {
        add(needles, value, format!("lower hex{form}"), joined(bytes, "", |byte| format!("{byte:02x}")));
        add(needles, value, format!("upper hex{form}"), joined(bytes, "", |byte| format!("{byte:02X}")));
    }
    for separator in [":", "-", " ", ", "] {
        let form = format!("lower hex with {separator:?}");
        add(needles, value, form, joined(bytes, separator, |byte| format!("{byte:02x}")));
    }
    add(needles, value, "hex with 0x", joined(bytes, ", ", |byte| format!("0x{byte:02x}")));
    add(needles, value, "hex escapes", joined(bytes, "", |byte| format!("\\x{byte:02x}")));
    add(needles, value, "octal escapes", joined(bytes, "", |byte| format!("\\{byte:03o}")));
    add(needles, value, "URL-encoded, upper case", joined(bytes, "", |byte| format!("%{byte:02X}")));
    add(needles, value, "URL-encoded, lower case", joined(bytes, "", |byte| format!("%{byte:02x}")));
    for separator in [",", ", ", " "] {
        add(
            needles,
            value,
            format!("decimals with {separator:?}"),
            joined(bytes, separator, |byte| byte.to_string()),
        );
    }
    add(needles, value, "bits", joined(bytes, "", |byte| format!("{byte:08b}")));
    for shift in 0..3 {
        // Base64 of the value inside a longer text: only the groups that hold nothing but the value are certain.
        let mut text = vec![b'x'; shift];
        text.extend_from_slice(bytes);
        let first = if shift == 0 { 0 } else { 4 };
        let last = text.len() / 3 * 4;
        if last > first {
            let standard = STANDARD_NO_PAD.encode(&text).into_bytes()[first..last].to_vec();
            add(needles, value, format!("base64 +{shift}"), standard);
            let url_safe = URL_SAFE_NO_PAD.encode(&text).into_bytes()[first..last].to_vec();
            add(needles, value, format!("base64url +{shift}"), url_safe);
        }
    }
}

/// Forms that only addresses have.
fn add_address_forms(needles: &mut Vec<Needle>) {
    let (v4, v6) = (u32::from_be_bytes(V4_BYTES), u128::from_be_bytes(V6_BYTES));
    add(needles, "IPv4 address", "decimal, big endian", v4.to_string());
    add(needles, "IPv4 address", "decimal, little endian", v4.swap_bytes().to_string());
    add(needles, "IPv4 address", "name for reverse look-up", "199.113.0.203");
    add(needles, "IPv4 address", "padded", "203.000.113.199");
    add(needles, "IPv4 address", "dotted octal", "0313.0.0161.0307");
    let mut mapped = [0; 16];
    (mapped[10], mapped[11]) = (0xFF, 0xFF);
    mapped[12..].copy_from_slice(&V4_BYTES);
    add(needles, "IPv4 address", "mapped, bytes", mapped);
    add(needles, "IPv4 address", "mapped, text", "ffff:cb00:71c7");
    add(needles, "IPv6 address", "decimal, big endian", v6.to_string());
    add(needles, "IPv6 address", "decimal, little endian", v6.swap_bytes().to_string());
    add(needles, "IPv6 address", "expanded", "2001:0db8:5ca1:ab1e:dead:beef:cafe:1234");
    add(needles, "IPv6 address", "its /64", "2001:db8:5ca1:ab1e");
    let nibbles = joined(&V6_BYTES.iter().rev().copied().collect::<Vec<_>>(), ".", |byte| {
        format!("{:x}.{:x}", byte & 0xF, byte >> 4)
    });
    add(needles, "IPv6 address", "name for reverse look-up", nibbles);
    let halves = [&V6_BYTES[..8], &V6_BYTES[8..]].map(|half| u64::from_be_bytes(half.try_into().unwrap()));
    add(needles, "IPv6 address", "upper half, decimal", halves[0].to_string());
    add(needles, "IPv6 address", "lower half, decimal", halves[1].to_string());
}

fn joined(bytes: &[u8], separator: &str, show: impl Fn(u8) -> String) -> String {
    bytes.iter().map(|byte| show(*byte)).collect::<Vec<_>>().join(separator)
}

fn rot13(letter: char) -> char {
    let turn = |letter: char, first: u8| char::from((letter as u8 - first + 13) % 26 + first);
    match letter {
        'a'..='z' => turn(letter, b'a'),
        'A'..='Z' => turn(letter, b'A'),
        _ => letter,
    }
}

fn url_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
        encoded
    })
}
