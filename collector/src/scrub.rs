//! Scrubbing at the door: what names a person is replaced by the name of its class.
//!
//! Sites put e-mail addresses, phone numbers, identity numbers and tokens into paths, properties and campaign fields. None of
//! that helps to improve a service, so it goes before anything is stored: `/user/aigul@mail.kz/edit` becomes `/user/:email/edit`.
//!
//! | label | what it stands for |
//! |---|---|
//! | `:email` | an e-mail address, Cyrillic ones included |
//! | `:phone` | a phone number: `+7` and `8` as written in Kazakhstan, local with area code, international with `+` |
//! | `:iin` | 12 digits with the check digit and the date of a Kazakh IIN or BIN |
//! | `:token` | a JWT, or a long run of letters and digits that nobody would write by hand |
//! | `:uuid` | a UUID |
//! | `:id` | 16 or more hex digits, or 10 or more decimal ones that are neither a date nor an ISBN |
//!
//! Text that was percent-encoded, up to three times over, is seen through: when something is found behind the encoding, the
//! decoded text is what is kept. Scrubbing twice changes nothing more.

mod email;
mod number;
mod token;

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What was found and replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A Kazakh identity number of a person (IIN) or a business (BIN).
    Iin,
    /// A JWT or another opaque token.
    Token,
    /// A UUID.
    Uuid,
    /// A long hex or decimal number.
    Id,
}

impl Class {
    /// Every class, so that a counter can start at 0 for each.
    pub const ALL: [Self; 6] = [Self::Email, Self::Phone, Self::Iin, Self::Token, Self::Uuid, Self::Id];

    /// The `class` label of `sanaq_scrubbed_total`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Iin => "iin",
            Self::Token => "token",
            Self::Uuid => "uuid",
            Self::Id => "id",
        }
    }

    /// What stands in the text instead.
    const fn label(self) -> &'static str {
        match self {
            Self::Email => ":email",
            Self::Phone => ":phone",
            Self::Iin => ":iin",
            Self::Token => ":token",
            Self::Uuid => ":uuid",
            Self::Id => ":id",
        }
    }
}

/// How much of each class was replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScrubCounts([u32; Class::ALL.len()]);

impl ScrubCounts {
    /// How much of this class was replaced.
    #[must_use]
    pub const fn of(&self, class: Class) -> u32 {
        self.0[class as usize]
    }

    /// Whether nothing was replaced.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn add(&mut self, class: Class) {
        self.0[class as usize] += 1;
    }
}

/// A place in a text that is to be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    start: usize,
    end: usize,
    class: Class,
}

/// How often a text may have been percent-encoded and is still seen through.
const ENCODINGS: usize = 3;

/// The text without what names a person. Borrowed when there is nothing to replace, as nearly always.
#[must_use]
pub fn scrub<'a>(text: &'a str, counts: &mut ScrubCounts) -> Cow<'a, str> {
    let mut scrubbed = Cow::Borrowed(text);
    // What is left of a replacement can look like something else (`a@b.kz@c.kz`), so until nothing is found. It ends: no
    // replacement is longer than what it replaces, and each takes an `@`, a `%` or digits away.
    while let Some(next) = once(&scrubbed, counts) {
        scrubbed = Cow::Owned(next);
    }
    scrubbed
}

/// A property's value: like any text, and of a web address neither user, query nor fragment.
#[must_use]
pub fn value<'a>(text: &'a str, counts: &mut ScrubCounts) -> Cow<'a, str> {
    let trimmed = text.trim_start();
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| trimmed.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let Some(scheme) = scheme else { return scrub(text, counts) };
    let rest = &trimmed[scheme.len()..];
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    match authority.rfind('@') {
        None => scrub(&trimmed[..scheme.len() + rest.len()], counts),
        Some(at) => Cow::Owned(scrub(&format!("{scheme}{}", &rest[at + 1..]), counts).into_owned()),
    }
}

/// The text after one round, `None` when there was nothing to replace.
fn once(text: &str, counts: &mut ScrubCounts) -> Option<String> {
    let encoded = match look(text) {
        Look::Clean => return None,
        Look::Suspicious => return replace(text, counts),
        Look::Encoded => text,
    };
    // Innermost first: what stands before and after a `%40` would otherwise be taken for part of a number.
    let mut layers = vec![Cow::Borrowed(encoded)];
    while layers.len() <= ENCODINGS {
        let Some(last) = layers.last() else { break };
        let inner = percent_decode_str(last).decode_utf8_lossy();
        if inner == *last {
            break;
        }
        let inner = Cow::Owned(inner.into_owned());
        layers.push(inner);
    }
    layers.iter().rev().find_map(|layer| replace(layer, counts))
}

enum Look {
    Clean,
    Suspicious,
    Encoded,
}

/// Whether a text can hold anything at all: one pass that clears almost every real path.
fn look(text: &str) -> Look {
    let (mut digits, mut word, mut hex) = (0_u32, 0_u32, 0_u32);
    let mut suspicious = false;
    for byte in text.bytes() {
        match byte {
            b'%' => return Look::Encoded,
            b'@' => suspicious = true,
            b'0'..=b'9' => {
                digits += 1;
                word += 1;
                hex += 1;
            }
            b'a'..=b'f' | b'A'..=b'F' => {
                word += 1;
                hex += 1;
            }
            b'g'..=b'z' | b'G'..=b'Z' => {
                word += 1;
                hex = 0;
            }
            _ => {
                word = 0;
                hex = 0;
            }
        }
        // The shortest of each: a phone number, a token, the last group of a UUID.
        suspicious |= digits >= 9 || word >= 16 || hex >= 12;
    }
    if suspicious { Look::Suspicious } else { Look::Clean }
}

fn replace(text: &str, counts: &mut ScrubCounts) -> Option<String> {
    let mut found = Vec::new();
    let mut from = 0;
    // Addresses first: their parts may look like numbers.
    for address in email::find(text) {
        scan(text, from, address.start, &mut found);
        found.push(address);
        from = address.end;
    }
    scan(text, from, text.len(), &mut found);
    if found.is_empty() {
        return None;
    }
    let mut replaced = String::with_capacity(text.len());
    let mut kept = 0;
    for Found { start, end, class } in found {
        replaced.push_str(&text[kept..start]);
        replaced.push_str(class.label());
        counts.add(class);
        kept = end;
    }
    replaced.push_str(&text[kept..]);
    Some(replaced)
}

/// Tokens and numbers between two places.
fn scan(text: &str, from: usize, until: usize, found: &mut Vec<Found>) {
    let bytes = &text.as_bytes()[..until];
    let mut at = from;
    while at < until {
        let inside = at > from && is_word(bytes[at - 1]);
        let here = if inside { None } else { token::at(bytes, at) };
        let here = here.or_else(|| {
            let after_digit = at > from && bytes[at - 1].is_ascii_digit();
            if after_digit { None } else { number::at(bytes, from, at) }
        });
        match here {
            Some((end, class)) => {
                found.push(Found { start: at, end, class });
                at = end;
            }
            None => at += 1,
        }
    }
}

/// A byte of a word: letters, digits, and whatever is not ASCII.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

#[cfg(test)]
mod tests;
