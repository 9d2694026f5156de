//! The smoke run: every file of a corpus, then mutations of it that a seed decides.
//!
//! Not a search: it shows on any toolchain that the targets hold where a long run has been, and a little beyond. The same seed
//! gives the same inputs, so that a finding can be had again.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::Target;

/// Longest input made.
const LONGEST: usize = 4096;

/// Pieces that mean something to one target or another.
const PIECES: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "null",
    "true",
    "-1",
    "1e9",
    "100",
    "\\u0000",
    "%00",
    "%2F",
    "%40",
    "%25",
    "@",
    "//",
    "?",
    "&",
    "=",
    "#",
    "\n",
    "\t",
    " ",
    "\u{0}",
    "\u{feff}",
    "қ",
    "😀",
    "engagement",
    "pageview",
    "404",
    "utm_source=",
    "https://",
    "example.kz",
    "xn--",
    "[::1]",
    "for=",
    "1.2.3.4",
    "unknown",
    "+7 701 123 45 67",
    "a@b.kz",
    "18446744073709551616",
    "0x",
    "::ffff:",
    "..",
    "16KiB",
    "SANAQ_LOG_LEVEL",
    "2026-11-22",
];

/// An input for which something does not hold.
#[derive(Debug)]
pub struct Finding {
    /// The target's name.
    pub target: &'static str,
    /// The seed of the run.
    pub seed: u64,
    /// The mutation's number; none for a file of the corpus.
    pub mutation: Option<u32>,
    /// The input.
    pub input: Vec<u8>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, seed, mutation, input } = self;
        match mutation {
            Some(number) => write!(f, "{target}: mutation {number} of seed {seed}")?,
            None => write!(f, "{target}: a file of the corpus")?,
        }
        write!(f, " fails: {}", input.escape_ascii())
    }
}

/// The corpus of a target below this directory, in the order of its files' names.
///
/// # Errors
/// When there is none, or it is empty.
pub fn corpus(directory: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.sort();
    if files.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    files.iter().map(std::fs::read).collect()
}

/// Feeds the corpus and so many mutations of it to a target. Tells how many inputs that were.
///
/// # Errors
/// The first input for which something does not hold; what that is was printed by the panic.
pub fn run(target: &Target, corpus: &[Vec<u8>], seed: u64, mutations: u32) -> Result<u64, Finding> {
    let holds = |input: &[u8]| catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_ok();
    let finding = |mutation, input| Finding { target: target.name, seed, mutation, input };
    for input in corpus {
        if !holds(input) {
            return Err(finding(None, input.clone()));
        }
    }
    let mut random = Random(seed | 1);
    for number in 0..mutations {
        let input = mutated(corpus, &mut random);
        if !holds(&input) {
            return Err(finding(Some(number), input));
        }
    }
    Ok(corpus.len() as u64 + u64::from(mutations))
}

fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = random.pick(corpus).clone();
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() + 1);
        let until = at + random.below(input.len() - at + 1);
        match random.below(8) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..until.min(at + 16))),
            2 => drop(input.splice(at..at, random.pick(PIECES).bytes())),
            3 => drop(input.splice(at..until.min(at + 8), random.pick(PIECES).bytes())),
            4 => {
                let piece = input[at..until].to_vec();
                drop(input.splice(at..at, piece));
            }
            5 => {
                let other = random.pick(corpus);
                let from = random.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
        input.truncate(LONGEST);
    }
    input
}

/// xorshift64*: the inputs of a seed must not depend on the version of a library.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let random = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16;
        usize::try_from(random % end.max(1) as u64).expect("below a usize")
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
