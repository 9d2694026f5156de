//! UUIDs, JWTs, long hex numbers and other runs of letters and digits that no hand writes.

use super::{Class, is_word};

/// Shortest hex number that is an id. Short commit hashes have 7 to 12 digits, a MongoDB id has 24.
const SHORTEST_HEX: usize = 16;
/// Shortest run that can be an opaque token, and how often it changes between letters and digits or small and capital.
const SHORTEST_TOKEN: usize = 20;
const TURNS: usize = 6;
/// Shortest JWT: two empty objects have more.
const SHORTEST_JWT: usize = 20;

/// What begins at this place, which is the beginning of a word, and where it ends.
pub(super) fn at(bytes: &[u8], at: usize) -> Option<(usize, Class)> {
    let rest = &bytes[at..];
    if !rest.first()?.is_ascii_alphanumeric() {
        return None;
    }
    let length = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
    if length >= 8 && is_uuid(rest) {
        return Some((at + 36, Class::Uuid));
    }
    if rest.starts_with(b"eyJ")
        && let Some(length) = jwt(rest)
    {
        return Some((at + length, Class::Token));
    }
    let run = &rest[..length];
    if length < SHORTEST_HEX || rest.get(length).copied().is_some_and(is_word) {
        return None;
    }
    let has_digit = run.iter().any(u8::is_ascii_digit);
    let has_letter = run.iter().any(u8::is_ascii_alphabetic);
    if !(has_digit && has_letter) {
        return None;
    }
    if run.iter().all(u8::is_ascii_hexdigit) {
        return Some((at + length, Class::Id));
    }
    (length >= SHORTEST_TOKEN && turns(run) >= TURNS).then_some((at + length, Class::Token))
}

fn is_uuid(rest: &[u8]) -> bool {
    rest.len() >= 36
        && rest[..36].iter().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
        && !rest.get(36).copied().is_some_and(is_word)
}

/// Length of the JWT: two to five parts of base64url, of which the first is a JSON object.
fn jwt(rest: &[u8]) -> Option<usize> {
    let in_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_=".contains(byte);
    let (mut length, mut parts) = (0, 0);
    while parts < 5 {
        let part = rest[length..].iter().take_while(|byte| in_part(byte)).count();
        // The third part may be empty (no signature), the key of an encrypted one too.
        if part == 0 && parts < 2 {
            break;
        }
        length += part;
        parts += 1;
        if rest.get(length) != Some(&b'.') || rest.get(length + 1).is_none_or(|next| !in_part(next)) {
            break;
        }
        length += 1;
    }
    (parts >= 2 && length >= SHORTEST_JWT).then_some(length)
}

/// How often a run changes between small letters, capitals and digits, not counting a word's capital.
fn turns(run: &[u8]) -> usize {
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        _ => 2,
    };
    run.windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count()
}
