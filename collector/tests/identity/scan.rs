//! Looks for bytes in everything that a running process can write to.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// The memory of a process at one moment, piece by piece.
pub(crate) struct Snapshot {
    pub(crate) pieces: Vec<(String, Vec<u8>)>,
    /// Mappings that even root can't read from outside: `memfd_secret`.
    pub(crate) unreadable: Vec<String>,
}

impl Snapshot {
    /// Of every writable mapping of a process.
    pub(crate) fn of(process: u32) -> Self {
        let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
        let mut memory = File::open(format!("/proc/{process}/mem")).unwrap();
        let (mut pieces, mut unreadable) = (Vec::new(), Vec::new());
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let (range, rights) = (words.next().unwrap(), words.next().unwrap());
            let name = words.nth(3).unwrap_or("anonymous").to_owned();
            if !rights.starts_with("rw") {
                continue;
            }
            let (from, to) = range.split_once('-').unwrap();
            let from = u64::from_str_radix(from, 16).unwrap();
            let to = u64::from_str_radix(to, 16).unwrap();
            match read(&mut memory, from, to) {
                Ok(bytes) => pieces.push((name, bytes)),
                Err(_) => unreadable.push(name),
            }
        }
        assert!(!pieces.is_empty(), "nothing of the process could be read");
        Self { pieces, unreadable }
    }

    /// Where needles are: one line for each.
    pub(crate) fn find(&self, needles: &[(&'static str, [u8; 8])]) -> Vec<String> {
        let mut found = Vec::new();
        for (what, needle) in needles {
            for (name, bytes) in &self.pieces {
                let count = memchr::memmem::find_iter(bytes, needle).count();
                found.extend((0..count).map(|_| format!("{what} in {name}")));
            }
        }
        found
    }
}

/// Mappings may be huge and mostly untouched (reserved heaps); what was never touched reads as zeros and is left out.
fn read(memory: &mut File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    const CHUNK: u64 = 1 << 20;
    let (mut all, mut chunk) = (Vec::new(), Vec::new());
    let mut at = from;
    while at < to {
        let length = CHUNK.min(to - at);
        chunk.resize(usize::try_from(length).unwrap(), 0);
        memory.seek(SeekFrom::Start(at))?;
        memory.read_exact(&mut chunk)?;
        // A needle over the border of two chunks stays whole unless one of them is all zeros: then it has none.
        if chunk.iter().any(|byte| *byte != 0) {
            all.extend_from_slice(&chunk);
        }
        at += length;
    }
    Ok(all)
}
