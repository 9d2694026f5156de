//! Phone numbers, Kazakh identity numbers, and other long numbers.

use super::{Class, is_word};

/// Digits of the longest phone number (E.164).
const MOST_DIGITS: usize = 15;
/// Groups of the most divided one: `8 (727 22) 1-23-45`.
const MOST_GROUPS: usize = 7;
/// Shortest number that is an id. Articles and advertisements are numbered with up to 9 digits.
const SHORTEST_ID: usize = 10;

/// How the digits after the area code are grouped.
const SUBSCRIBER: &[&[usize]] = &[
    &[7],
    &[3, 4],
    &[4, 3],
    &[3, 2, 2],
    &[2, 2, 3],
    &[1, 2, 2, 2],
    &[6],
    &[3, 3],
    &[2, 4],
    &[2, 2, 2],
    &[5],
    &[3, 2],
    &[2, 3],
    &[1, 2, 2],
    &[1, 4],
];

/// What begins at this place, and where it ends. A digit before it was looked at already. Nothing before `from` counts.
pub(super) fn at(bytes: &[u8], from: usize, at: usize) -> Option<(usize, Class)> {
    let before = at.checked_sub(1).filter(|before| *before >= from).map(|before| bytes[before]);
    match bytes[at] {
        b'+' => international(bytes, at),
        b'(' => bracketed(bytes, at),
        b'0'..=b'9' => {
            let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let run = &bytes[at..at + length];
            whole(run)
                .map(|class| (at + length, class))
                .or_else(|| divided_identity(bytes, at, length))
                .or_else(|| if before.is_some_and(is_word) { None } else { divided(bytes, at, before) })
        }
        _ => None,
    }
}

/// What an undivided run of digits is.
fn whole(run: &[u8]) -> Option<Class> {
    match (run.len(), run) {
        (12, _) if is_identity(run) => Some(Class::Iin),
        (11, [b'7' | b'8', b'3'..=b'9', ..]) | (10, [b'7', b'0'..=b'7', ..]) => Some(Class::Phone),
        (length, _) if length < SHORTEST_ID || is_date(run) || is_isbn(run) => None,
        _ => Some(Class::Id),
    }
}

/// `900101 300123`, `900101-300123`.
fn divided_identity(bytes: &[u8], at: usize, length: usize) -> Option<(usize, Class)> {
    let rest = bytes.get(at..at + 13).filter(|rest| length == 6 && matches!(rest[6], b' ' | b'-'))?;
    let mut digits = [0; 12];
    digits[..6].copy_from_slice(&rest[..6]);
    digits[6..].copy_from_slice(&rest[7..]);
    let ends = !bytes.get(at + 13).is_some_and(u8::is_ascii_digit);
    (ends && digits.iter().all(u8::is_ascii_digit) && is_identity(&digits)).then_some((at + 13, Class::Iin))
}

/// Digits in groups.
#[derive(Default)]
struct Groups {
    digits: [u8; MOST_DIGITS],
    count: usize,
    /// Of each group: its length, how many digits there are up to its end, and where it ends.
    groups: [(usize, usize, usize); MOST_GROUPS],
    len: usize,
}

impl Groups {
    fn read(bytes: &[u8], mut at: usize) -> Self {
        let mut read = Self::default();
        while read.len < MOST_GROUPS {
            let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if length == 0 || read.count + length > MOST_DIGITS {
                break;
            }
            read.digits[read.count..read.count + length].copy_from_slice(&bytes[at..at + length]);
            read.count += length;
            at += length;
            read.groups[read.len] = (length, read.count, at);
            read.len += 1;
            at += separators(&bytes[at..]);
        }
        read
    }

    fn all(&self) -> &[(usize, usize, usize)] {
        &self.groups[..self.len]
    }

    /// How many groups hold exactly this many digits, and where the last of them ends.
    fn holding(&self, digits: usize) -> Option<(usize, usize)> {
        self.all().iter().position(|group| group.1 == digits).map(|last| (last + 1, self.groups[last].2))
    }

    fn lengths(&self, from: usize, until: usize) -> impl Iterator<Item = usize> {
        self.all().iter().take(until).skip(from).map(|group| group.0)
    }
}

/// Length of what stands between two groups: up to three of space, dash, dot, bracket.
fn separators(bytes: &[u8]) -> usize {
    let mut length = 0;
    for _ in 0..3 {
        length += match &bytes[length..] {
            [b' ' | b'-' | b'.' | b'(' | b')', ..] => 1,
            // No-break space; hyphens and dashes from U+2010 to U+2014.
            [0xC2, 0xA0, ..] => 2,
            [0xE2, 0x80, 0x90..=0x94, ..] => 3,
            _ => 0,
        };
    }
    length
}

/// `+7 (701) 123-45-67`, `+44 20 7946 0958`.
fn international(bytes: &[u8], at: usize) -> Option<(usize, Class)> {
    let start = at + 1 + usize::from(bytes.get(at + 1) == Some(&b'('));
    if !bytes.get(start)?.is_ascii_digit() {
        return None;
    }
    let groups = Groups::read(bytes, start);
    let first = groups.all().first()?.0;
    // A plus is also a space, and then a year follows more often than a number in Egypt.
    if first == 4 && (groups.digits.starts_with(b"19") || groups.digits.starts_with(b"20")) {
        return None;
    }
    let end = if groups.digits[0] == b'7' {
        groups.holding(11)?.1
    } else {
        groups.all().iter().rev().find(|group| group.1 >= 9)?.2
    };
    Some((end, Class::Phone))
}

/// `(727) 212-34-56`.
fn bracketed(bytes: &[u8], at: usize) -> Option<(usize, Class)> {
    if !bytes.get(at + 1)?.is_ascii_digit() {
        return None;
    }
    let groups = Groups::read(bytes, at + 1);
    let area = groups.all().first()?;
    let (_, end) = groups.holding(10)?;
    ((3..=5).contains(&area.0) && bytes.get(area.2) == Some(&b')')).then_some((end, Class::Phone))
}

/// `8 (701) 123-45-67`, `8-7172-12-34-56`, `701-123-45-67`, `212-555-0123`.
fn divided(bytes: &[u8], at: usize, before: Option<u8>) -> Option<(usize, Class)> {
    let groups = Groups::read(bytes, at);
    if groups.len < 2 {
        return None;
    }
    let first = groups.groups[0].0;
    if let (b'7' | b'8', b'3'..=b'9') = (groups.digits[0], groups.digits[1])
        && let Some((last, end)) = groups.holding(11)
    {
        // The area code stands alone or with the 8 before it.
        let (area, after) = if first == 1 { (groups.groups[1].0, 2) } else { (first - 1, 1) };
        let subscriber: Vec<usize> = groups.lengths(after, last).collect();
        if (3..=5).contains(&area) && SUBSCRIBER.contains(&subscriber.as_slice()) {
            return Some((end, Class::Phone));
        }
    }
    let (last, end) = groups.holding(10)?;
    let lengths: Vec<usize> = groups.lengths(0, last).collect();
    let mobile = groups.digits[0] == b'7' && lengths == [3, 3, 2, 2];
    // Three numbers with dashes are many things in a path: only where it begins, and with digits such numbers have.
    let american = lengths == [3, 3, 4]
        && groups.digits[0] >= b'2'
        && groups.digits[3] >= b'2'
        && !matches!(before, Some(b'-' | b'.'));
    (mobile || american).then_some((end, Class::Phone))
}

/// Whether 12 digits are a Kazakh IIN (date of birth, century and sex) or BIN (month of registration, kind), with the right
/// check digit.
fn is_identity(run: &[u8]) -> bool {
    let digit = |at: usize| usize::from(run[at] - b'0');
    let two = |at: usize| digit(at) * 10 + digit(at + 1);
    let month = (1..=12).contains(&two(2));
    // Century and sex: 3 to 6 for people born since 1900, 0 for some foreigners. A minute of some day may look like the latter.
    let person = month
        && (1..=31).contains(&two(4))
        && (matches!(digit(6), 3..=6) || (digit(6) == 0 && !is_date(run)));
    let business = month && (4..=6).contains(&digit(4)) && digit(5) <= 4;
    (person || business) && check_digit(run) == Some(digit(11))
}

/// The twelfth digit: the first eleven weighted 1 to 11, modulo 11; when that gives 10, weighted 3 to 11, 1, 2.
fn check_digit(run: &[u8]) -> Option<usize> {
    let weighted = |shift: usize| -> usize {
        (0..11).map(|i| usize::from(run[i] - b'0') * ((i + shift) % 11 + 1)).sum::<usize>() % 11
    };
    [0, 2].into_iter().map(weighted).find(|check| *check < 10)
}

/// `YYYYMMDDhh`, with minutes, with seconds.
fn is_date(run: &[u8]) -> bool {
    let number =
        |from: usize, to: usize| run[from..to].iter().fold(0_u32, |sum, d| sum * 10 + u32::from(d - b'0'));
    matches!(run.len(), 10 | 12 | 14)
        && (1990..2100).contains(&number(0, 4))
        && (1..=12).contains(&number(4, 6))
        && (1..=31).contains(&number(6, 8))
        && number(8, 10) < 24
        && (run.len() < 12 || number(10, 12) < 60)
        && (run.len() < 14 || number(12, 14) < 60)
}

/// A book's number, with the right check digit.
fn is_isbn(run: &[u8]) -> bool {
    run.len() == 13
        && (run.starts_with(b"978") || run.starts_with(b"979"))
        && run
            .iter()
            .enumerate()
            .map(|(i, d)| u32::from(d - b'0') * if i % 2 == 0 { 1 } else { 3 })
            .sum::<u32>()
            % 10
            == 0
}
