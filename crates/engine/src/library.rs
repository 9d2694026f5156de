//! Where `libchdb` is, and whether it can be it.
//!
//! The library is 566 MB. npm compares the hash of the whole package when it fetches it (the lock file holds the hash), so a
//! start checks only what a later accident would change: that the file is there, is a shared library for this system
//! and processor, and is as long as its own header says (a truncated file is not). That reads a hundred bytes. The child
//! then loads it and looks for the one function it needs.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::EngineError;

/// The version of the packages that hold the library.
pub const VERSION: &str = "26.7.3-stable.1";

/// Where npm puts the packages, seen from the root of the source tree.
const IN_TREE: &str = "crates/engine/npm/node_modules/@chdb";

/// What the library's file is called.
const FILE: &str = "libchdb.so";

/// The platforms that the lock file fetches a package for, with the hash to compare it with.
///
/// The library is published for linux-arm64, darwin-arm64 and darwin-x64 too (`lib-linux-arm64-gnu`, `lib-darwin-arm64`,
/// `lib-darwin-x64`): each joins when its hash is in the lock file. Until then it can be given by its path.
const PINNED: [(&str, &str); 1] = [("linux-x64", "lib-linux-x64-gnu")];

/// This platform, as npm writes it.
pub(crate) fn platform_name() -> &'static str {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-x64",
        ("linux", "aarch64") => "linux-arm64",
        ("macos", "aarch64") => "darwin-arm64",
        ("macos", "x86_64") => "darwin-x64",
        _ => "this platform",
    }
}

/// The library: `explicit` when given, else where `npm ci` puts it in the source tree that `from` is in.
///
/// # Errors
/// When it isn't there, can't be the library, or none is published for this platform.
pub fn locate(explicit: Option<&Path>, from: &Path) -> Result<PathBuf, EngineError> {
    if let Some(path) = explicit {
        return check(path);
    }
    let here = platform_name();
    let (_, package) =
        PINNED.iter().find(|(name, _)| *name == here).ok_or(EngineError::PlatformUnsupported)?;
    let below = Path::new(IN_TREE).join(package).join(FILE);
    let found = from.ancestors().map(|dir| dir.join(&below)).find(|path| path.exists());
    check(&found.unwrap_or_else(|| from.join(&below)))
}

/// Checks that the file can be the library, and gives its absolute path.
///
/// # Errors
/// As [`locate`].
pub fn check(path: &Path) -> Result<PathBuf, EngineError> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let corrupt = |what| EngineError::LibraryCorrupt { path: path.clone(), what };
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(EngineError::LibraryMissing { path });
        }
        Err(error) => return Err(EngineError::LibraryUnusable { path, reason: error.to_string() }),
    };
    let length = file.metadata().map_err(|_| corrupt("its length cannot be read"))?.len();
    let mut header = [0; HEADER_BYTES];
    file.read_exact(&mut header).map_err(|_| corrupt("it is too short"))?;
    let found = Binary::read(&header).ok_or_else(|| corrupt("it is not a shared library"))?;
    if found.platform != platform_name() {
        return Err(EngineError::LibraryOfOtherPlatform { path, found: found.platform });
    }
    if length < found.least_bytes {
        return Err(corrupt("it is truncated"));
    }
    Ok(path)
}

const HEADER_BYTES: usize = 64;

/// What a binary's header says of it.
#[derive(Debug, PartialEq, Eq)]
struct Binary {
    platform: &'static str,
    /// A file shorter than this has lost its end. 0 where the header doesn't tell.
    least_bytes: u64,
}

impl Binary {
    fn read(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        Self::read_elf(header).or_else(|| Self::read_macho(header))
    }

    /// ELF, 64 bit, little endian. The table of sections is the last thing in the file.
    fn read_elf(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        if !header.starts_with(b"\x7fELF\x02\x01") || short(header, 16) != SHARED_OBJECT {
            return None;
        }
        let platform = match short(header, 18) {
            0x3e => "linux-x64",
            0xb7 => "linux-arm64",
            _ => "another processor",
        };
        let table = u64::from(short(header, 58)) * u64::from(short(header, 60));
        Some(Self { platform, least_bytes: long(header, 40).saturating_add(table) })
    }

    /// Mach-O, 64 bit, little endian. Its header says nothing of the file's length.
    fn read_macho(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        if !header.starts_with(&[0xcf, 0xfa, 0xed, 0xfe]) {
            return None;
        }
        let platform = match header.get(4..8)? {
            [0x07, 0, 0, 0x01] => "darwin-x64",
            [0x0c, 0, 0, 0x01] => "darwin-arm64",
            _ => "another processor",
        };
        Some(Self { platform, least_bytes: 0 })
    }
}

/// `ET_DYN`.
const SHARED_OBJECT: u16 = 3;

fn short(header: &[u8; HEADER_BYTES], at: usize) -> u16 {
    u16::from_le_bytes([header[at], header[at + 1]])
}

fn long(header: &[u8; HEADER_BYTES], at: usize) -> u64 {
    (0..8).rev().fold(0, |value, i| (value << 8) | u64::from(header[at + i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(machine: u8, sections_at: u64) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..6].copy_from_slice(b"\x7fELF\x02\x01");
        header[16] = 3;
        header[18] = machine;
        header[40..48].copy_from_slice(&sections_at.to_le_bytes());
        header[58] = 64;
        header[60] = 30;
        header
    }

    #[test]
    fn an_elf_header_tells_the_platform_and_the_least_length() {
        let found = Binary::read(&elf(0xb7, 1 << 33));
        assert_eq!(found, Some(Binary { platform: "linux-arm64", least_bytes: (1 << 33) + 64 * 30 }));
    }

    #[test]
    fn the_lock_file_pins_each_package_by_hash_and_names_no_registry() {
        let read = |file| std::fs::read_to_string(Path::new("npm").join(file)).unwrap();
        let (package, lock) = (read("package.json"), read("package-lock.json"));
        for (_, name) in PINNED {
            assert!(package.contains(&format!("\"@chdb/{name}\": \"{VERSION}\"")), "{name}");
            assert!(
                lock.contains(&format!(
                    "\"node_modules/@chdb/{name}\": {{\n      \"version\": \"{VERSION}\""
                ))
            );
        }
        assert_eq!(lock.matches("\"integrity\": \"sha512-").count(), PINNED.len());
        assert!(!lock.contains("resolved") && !lock.contains("://"));
    }

    #[test]
    fn a_mach_o_header_tells_the_platform() {
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(&[0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1]);
        assert_eq!(Binary::read(&header).unwrap().platform, "darwin-arm64");
    }

    #[test]
    fn a_program_or_a_text_is_no_library() {
        let mut program = elf(0x3e, 0);
        program[16] = 2;
        assert_eq!(Binary::read(&program), None);
        assert_eq!(Binary::read(&[b'<'; HEADER_BYTES]), None);
    }
}
