//! G3: after the closing instant no copy of a key is left anywhere in the process.

use crate::child::{self, Process, today};
use crate::keys::{Keys, Predecessor};
use crate::scan::Snapshot;

/// The site that the child counts.
const SITE: u32 = 7;

/// A process with these keys, in the middle of its day.
fn running(test: &str, role: &str, data: &std::path::Path, keys: &Keys) -> Process {
    let predecessor = Predecessor::at(data);
    let process = Process::start(test, role, data);
    predecessor.give(&[(today().closes_at, keys.root)]);
    process
}

fn gone_after_rotation(test: &str, role: &str) {
    let data = tempfile::tempdir().unwrap();
    let keys = Keys::random(SITE, today().date);
    let mut process = running(test, role, data.path(), &keys);
    let tags = process.says("open");
    let expected =
        child::addresses().map(|address| crate::keys::tag(&keys.site_day, address, child::AGENT).to_string());
    assert!(
        tags.split(' ').map(str::to_owned).eq(expected),
        "the process uses just the keys that are looked for"
    );

    let open = Snapshot::of(process.id());
    let found = open.find(&keys.pieces());
    if open.unreadable.iter().any(|name| name.contains("secretmem")) {
        assert_eq!(found, Vec::<String>::new(), "while the day is open keys lie in secret memory alone");
    } else {
        let most = if role == "keyring" { 4 } else { 8 };
        assert_eq!(found.len(), most, "while the day is open there is one copy of each key: {found:?}");
    }

    process.tell("close");
    process.says("closed");
    let found = Snapshot::of(process.id()).find(&keys.pieces());
    assert_eq!(found, Vec::<String>::new(), "after rotation");
    process.tell("end");
}

#[test]
fn keys_in_locked_memory_leave_no_copy_after_rotation() {
    if child::is_done() {
        return;
    }
    gone_after_rotation("memory::keys_in_locked_memory_leave_no_copy_after_rotation", "locked");
}

#[test]
fn keys_in_the_keyring_leave_no_copy_after_rotation() {
    if child::is_done() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    if collector::identity::Custody::keyring(data.path()).is_err() {
        // Where the kernel has no keyring for us nobody's keys are in it.
        return;
    }
    gone_after_rotation("memory::keys_in_the_keyring_leave_no_copy_after_rotation", "keyring");
}

/// The control: code that clears its keys but doesn't mind its stacks is found out by the same scan.
#[test]
fn naive_code_leaves_copies_that_the_scan_finds() {
    if child::is_done() {
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let mut process =
        Process::start("memory::naive_code_leaves_copies_that_the_scan_finds", "naive", data.path());
    let masked = process.says("open");
    let key: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&masked[2 * at..2 * at + 2], 16).unwrap() ^ 0x5A).collect();
    process.tell("close");
    process.says("closed");
    let pieces: Vec<_> = key.chunks_exact(8).map(|piece| ("naive key", piece.try_into().unwrap())).collect();
    let found = Snapshot::of(process.id()).find(&pieces);
    assert!(found.len() >= 4, "the scan would miss a copy: {found:?}");
    process.tell("end");
}
