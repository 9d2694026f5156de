//! G4: old tags can't be computed again. Everything a process leaves after rotation, its memory and its files, is taken
//! byte by byte as if a key began there, and each such key is tried on the visitors.
//!
//! The attacker knows which addresses to try (a /24), the agent, the site, the date and the day's tags. In the fast form four
//! addresses are tried for each key, which is enough when the key is the right one; `SANAQ_PRIVACY=long` tries all 256.

use std::collections::HashSet;
use std::path::Path;

use crate::child::{self, AGENT, Process, today};
use crate::keys::{Keys, Predecessor, site_day, tag};
use crate::scan::Snapshot;

const SITE: u32 = 7;

/// A random key has some 30 different bytes among its 32; one with fewer than this won't ever be met.
const LEAST_DIFFERENT: usize = 19;

/// How many keys found in these bytes give a known tag.
fn hits(bytes: &[u8], tags: &HashSet<u64>, addresses: &[[u8; 4]]) -> usize {
    let mut seen = [0_u8; 256];
    let (mut different, mut hits) = (0, 0);
    for (end, byte) in bytes.iter().enumerate() {
        seen[usize::from(*byte)] += 1;
        different += usize::from(seen[usize::from(*byte)] == 1);
        if end >= 32 {
            let left = usize::from(bytes[end - 32]);
            seen[left] -= 1;
            different -= usize::from(seen[left] == 0);
        }
        if end < 31 || different < LEAST_DIFFERENT {
            continue;
        }
        let window: &[u8; 32] = bytes[end - 31..=end].try_into().unwrap();
        // As the key of the site and day, and as the root that one is derived from.
        for key in [*window, site_day(window, SITE, today().date)] {
            hits += usize::from(addresses.iter().any(|address| tags.contains(&tag(&key, *address, AGENT))));
        }
    }
    hits
}

fn files(folder: &Path, into: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.is_file() {
            into.push(std::fs::read(path).unwrap());
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "`make privacy` asks for the long form")]
fn tried_addresses() -> Vec<[u8; 4]> {
    let long = std::env::var("SANAQ_PRIVACY").is_ok_and(|form| form == "long");
    child::addresses().step_by(if long { 1 } else { 64 }).collect()
}

#[test]
fn nothing_left_after_rotation_gives_back_a_tag() {
    if child::is_done() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let keys = Keys::random(SITE, today().date);
    let predecessor = Predecessor::at(data.path());
    let test = "search::nothing_left_after_rotation_gives_back_a_tag";
    let mut process = Process::start(test, "locked", data.path());
    predecessor.give(&[(today().closes_at, keys.root)]);
    let tags: HashSet<u64> = process.says("open").split(' ').map(|tag| tag.parse().unwrap()).collect();
    assert_eq!(tags.len(), 256);
    process.tell("close");
    process.says("closed");

    let mut left: Vec<Vec<u8>> =
        Snapshot::of(process.id()).pieces.into_iter().map(|(_, bytes)| bytes).collect();
    files(data.path(), &mut left);
    let addresses = tried_addresses();
    let found: usize = std::thread::scope(|scope| {
        let (one, other): (Vec<_>, Vec<_>) = left.iter().enumerate().partition(|(at, _)| at % 2 == 0);
        let halves = [one, other].map(|half| {
            let (tags, addresses) = (&tags, &addresses);
            scope.spawn(move || half.iter().map(|(_, bytes)| hits(bytes, tags, addresses)).sum::<usize>())
        });
        halves.into_iter().map(|half| half.join().unwrap()).sum()
    });
    assert_eq!(found, 0);
    process.tell("end");

    // The control: either key, planted anywhere, is found.
    for key in [keys.root, keys.site_day] {
        let mut planted = left.iter().find(|piece| piece.len() > 4096).unwrap()[..4096].to_vec();
        planted[1001..1033].copy_from_slice(&key);
        assert_eq!(hits(&planted, &tags, &addresses), 1);
    }
}
