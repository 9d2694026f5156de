//! E-mail addresses in running text. Wider than RFC 5321 where people are, narrower where files and packages are.

use super::{Class, Found};

/// What `name@2x.png` and `package@1.min.js` end in. None of them is a top-level domain.
const FILE_ENDINGS: &[&str] = &[
    "avif", "css", "csv", "doc", "docx", "gif", "htm", "html", "ico", "jpeg", "jpg", "js", "json", "map",
    "mjs", "mp3", "mp4", "pdf", "php", "png", "svg", "ts", "txt", "webm", "webp", "woff", "woff2", "xls",
    "xlsx", "xml",
];

/// Every address in the text, in order and without overlap.
pub(super) fn find(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let floor = found.last().map_or(0, |last| last.end);
        if at < floor {
            continue;
        }
        let Some(mut end) = domain(text, at + 1) else { continue };
        let start = floor + name(&text[floor..at]);
        if start == at {
            continue;
        }
        // `a@b.kz@c.kz`: nobody's address, and nothing of it may stay.
        while let Some(next) = text[end..].strip_prefix('@').and_then(|_| domain(text, end + 1)) {
            end = next;
        }
        found.push(Found { start, end, class: Class::Email });
    }
    found
}

/// Where the name in front of an `@` begins, at the end of this text; its length when there is none.
fn name(before: &str) -> usize {
    if let Some(quoted) = before.strip_suffix('"') {
        return quoted.rfind('"').unwrap_or(before.len());
    }
    let in_name = |c: char| c.is_alphanumeric() || "._+-'~!$*".contains(c);
    before.char_indices().rev().take_while(|(_, c)| in_name(*c)).last().map_or(before.len(), |(at, _)| at)
}

/// Where the domain that begins here ends. `None` when there is none.
fn domain(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    if let Some(literal) = rest.strip_prefix('[') {
        let end = literal.find(']')?;
        let of_address = |b: u8| b.is_ascii_hexdigit() || b".:IPv".contains(&b);
        return (end > 1 && literal.bytes().take(end).all(of_address)).then_some(from + 1 + end + 1);
    }
    let in_label = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let (mut best, mut at) = (None, 0);
    loop {
        let label = &rest[at..];
        let label = &label[..label.find(|c| !in_label(c)).unwrap_or(label.len())];
        if label.is_empty() {
            break;
        }
        if at > 0
            && let Some(length) = top_level(label)
        {
            best = Some(from + at + length);
        }
        at += label.len();
        if !rest[at..].starts_with('.') {
            break;
        }
        at += 1;
    }
    best
}

/// How much of this label is a top-level domain: two letters or more, with all that hangs on them but a dash.
fn top_level(label: &str) -> Option<usize> {
    if label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--")) {
        return Some(label.len());
    }
    let letters = label.chars().take_while(|c| c.is_alphabetic());
    let (count, length) = letters.fold((0, 0), |(count, length), c| (count + 1, length + c.len_utf8()));
    let is_file = |ending: &str| FILE_ENDINGS.contains(&ending.to_ascii_lowercase().as_str());
    if count < 2 || is_file(&label[..length]) || is_file(label) {
        return None;
    }
    Some(length + label[length..].find(['-', '_']).unwrap_or(label.len() - length))
}
