//! Scrubbing: what names a person goes whatever stands around it, and scrubbing twice changes nothing more.

use std::borrow::Cow;

use collector::scrub::{Class, ScrubCounts, scrub, value};

use crate::{line, text};

/// What must not be left of each, between words.
const PEOPLE: [(&str, Class); 4] = [
    ("aigul.canary@mail.kz", Class::Email),
    ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", Class::Uuid),
    ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Class::Id),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ", Class::Token),
];

/// Any text; and its first two lines with people between them.
pub fn run(bytes: &[u8]) {
    let whole = text(bytes);
    stable(&whole);
    let mut counts = ScrubCounts::default();
    let _value = value(&whole, &mut counts);

    let (before, rest) = line(bytes);
    let (before, after) = (text(before), text(line(rest).0));
    for (person, class) in PEOPLE {
        // As part of a longer word it is another word.
        if [&before, &after].iter().any(|text| stable(text).contains(person)) {
            continue;
        }
        let scrubbed = stable(&format!("{before} / {person} / {after}"));
        assert!(!scrubbed.contains(person), "{} is left", class.code());
    }
}

/// The text scrubbed; the second time nothing is found.
fn stable(text: &str) -> String {
    let mut counts = ScrubCounts::default();
    let scrubbed = scrub(text, &mut counts);
    assert_eq!(counts.is_empty(), matches!(scrubbed, Cow::Borrowed(_)), "what was replaced was counted");
    let mut more = ScrubCounts::default();
    let again = scrub(&scrubbed, &mut more);
    assert!(more.is_empty(), "scrubbing twice finds more");
    assert_eq!(again, scrubbed);
    scrubbed.into_owned()
}
